"""Commands, their order, limits and framing, ordinary and hostile: cases for smtp_cases.converse().

The rows are those that a server on a hostile network meets; smtp_inputs_mail.py has addresses and
messages. `@@` stands for the case's own mark, by which its mail is found again.
"""
import base64

from support.smtp_cases import Case, Content, Loose, Tls

EHLO = b"EHLO client.example\r\n"
MAIL = b"MAIL FROM:<@@@product-a.com>\r\n"
RCPT = b"RCPT TO:<customer@example.net>\r\n"
DATA = b"DATA\r\n"
HEADER = (b"From: Agent <agent@product-a.com>\r\nTo: customer@example.net\r\n"
          b"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <@@@product-a.com>\r\n"
          b"Subject: @@\r\n")
HELLO = Content(HEADER + b"\r\nHello\r\n.\r\n")
ENVELOPE = (EHLO, MAIL, RCPT, DATA)
MESSAGE = (MAIL, RCPT, DATA, HELLO)

SMUGGLED = (b"MAIL FROM:<smuggled@product-a.com>\r\nRCPT TO:<victim@example.net>\r\nDATA\r\n"
            + HEADER + b"\r\nSmuggled\r\n.\r\n")


def auth(text):
    return b"AUTH PLAIN " + base64.b64encode(text) + b"\r\n"


def one(lines):
    """{name: a command after EHLO}"""
    return {name: (EHLO, line) for name, line in lines.items()}


ORDINARY = {
    "a message": (EHLO, *MESSAGE),
    "a message after HELO": (b"HELO client.example\r\n", *MESSAGE),
    "two messages on a connection": (EHLO, *MESSAGE, *MESSAGE),
    "RSET in between": (EHLO, MAIL, RCPT, b"RSET\r\n", *MESSAGE),
    "EHLO in a transaction": (EHLO, MAIL, EHLO, *MESSAGE),
    "a pipelined envelope": (EHLO, Loose(MAIL + RCPT + RCPT.replace(b"customer", b"second"))),
    "small letters": (b"ehlo client.example\r\n", b"mail from:<@@@product-a.com>\r\n",
                      b"rcpt to:<customer@example.net>\r\n", b"data\r\n", HELLO),
    "QUIT": (EHLO, b"QUIT\r\n"),
    "nothing but an end": (),
    **one({"NOOP": b"NOOP\r\n", "NOOP with words": b"NOOP so long\r\n", "RSET": b"RSET\r\n",
           "RSET with words": b"RSET all\r\n", "HELP": b"HELP\r\n", "VRFY": b"VRFY someone\r\n",
           "VRFY with an address": b"VRFY <customer@example.net>\r\n", "VRFY alone": b"VRFY\r\n",
           "EXPN": b"EXPN list\r\n", "QUIT with words": b"QUIT now\r\n",
           "DATA with words": b"DATA now\r\n"}),
    "DATA with words in a transaction": (EHLO, MAIL, RCPT, b"DATA now\r\n", HELLO),
}

GREETINGS = {
    "EHLO without a name": (b"EHLO\r\n",),
    "EHLO with a space": (b"EHLO \r\n",),
    "EHLO with two names": (b"EHLO a b\r\n",),
    "EHLO with an underscore": (b"EHLO my_host\r\n",),
    "EHLO with a literal": (b"EHLO [192.0.2.1]\r\n",),
    "EHLO with a broken literal": (b"EHLO [192.0.2.999]\r\n",),
    "EHLO with an address": (b"EHLO 192.0.2.1\r\n",),
    "EHLO with one label": (b"EHLO localhost\r\n",),
    "EHLO with 8-bit letters": ("EHLO größe.example\r\n".encode(),),
    "EHLO with a control byte": (b"EHLO a\x07b\r\n",),
    "EHLO with 1 KiB": (b"EHLO " + b"a" * 1024 + b"\r\n",),
    "EHLO with 300 bytes": (b"EHLO " + b"a" * 300 + b"\r\n",),
    "EHLO with a path": (b"EHLO <script>\r\n",),
    "HELO without a name": (b"HELO\r\n",),
    "EHLO with a tab": (b"EHLO\tclient.example\r\n",),
}

# In the middle of a message, with a transaction behind that nobody sent.
ENDS = {"LF . LF": b"\n.\n", "LF . CR": b"\n.\r", "CR . LF": b"\r.\n", "CR . CR": b"\r.\r",
        "LF . CRLF": b"\n.\r\n", "CR . CRLF": b"\r.\r\n", "CRLF . LF": b"\r\n.\n",
        "CRLF . CR": b"\r\n.\r", "CR CRLF . CR CRLF": b"\r\r\n.\r\r\n",
        "CRLF NUL . CRLF": b"\r\n\0.\r\n", "CRLF . NUL CRLF": b"\r\n.\0\r\n"}

FRAMING = {
    **{f"end of data: {name}": (*ENVELOPE, Loose(HEADER + b"\r\nHello" + end + SMUGGLED))
       for name, end in ENDS.items()},
    "a lone LF in a message": (*ENVELOPE, Content(HEADER + b"\r\nHel\nlo\r\n.\r\n")),
    "a lone LF in a header": (*ENVELOPE, Content(HEADER + b"X-A: b\nX-C: d\r\n\r\nHello\r\n.\r\n")),
    "a lone CR in a message": (*ENVELOPE, Content(HEADER + b"\r\nHel\rlo\r\n.\r\n")),
    "CR CRLF in a message": (*ENVELOPE, Content(HEADER + b"\r\nHello\r\r\n.\r\n")),
    "a NUL in a message": (*ENVELOPE, Content(HEADER + b"\r\nHel\0lo\r\n.\r\n")),
    "a message with LF only": (*ENVELOPE, Loose((HEADER + b"\r\nHello\r\n.\r\n")
                                                .replace(b"\r", b""))),
    "commands with LF only": (Loose((EHLO + MAIL + RCPT).replace(b"\r", b"")),),
    "two commands with LF between": (EHLO, Loose(b"NOOP\nNOOP\r\n")),
    "CR in a command": (EHLO, Loose(b"NOOP\rNOOP\r\n")),
    "CR CRLF after a command": (EHLO, b"NOOP\r\r\n"),
    "LF in MAIL": (EHLO, Loose(b"MAIL FROM:<a\nb@product-a.com>\r\n")),
    "CRLF in quotes in MAIL": (EHLO, Loose(b'MAIL FROM:<"a\r\nb"@product-a.com>\r\n')),
    "CRLF in quotes in RCPT": (EHLO, MAIL, Loose(b'RCPT TO:<"a\r\nb"@example.net>\r\n')),
    "NUL in MAIL": (EHLO, b"MAIL FROM:<a\0@product-a.com>\r\n"),
    "NUL in RCPT": (EHLO, MAIL, b"RCPT TO:<a\0@example.net>\r\n"),
    "NUL in NOOP": (EHLO, b"NOOP\0\r\n"),
    "DATA and the message at once": (EHLO, MAIL, RCPT, Loose(DATA + HELLO.text)),
    "an envelope and its message at once": (EHLO, Loose(MAIL + RCPT + DATA + HELLO.text)),
    "no end of the message": (*ENVELOPE, Loose(HEADER + b"\r\nHello\r\n")),
    "an end in the header": (*ENVELOPE, Content(HEADER + b".\r\n")),
    "an end at once": (*ENVELOPE, Content(b".\r\n")),
}

LINES = {
    "an empty line": (b"\r\n",),
    "spaces only": (b"   \r\n",),
    "a space before a command": (b" NOOP\r\n",),
    "8-bit letters as a command": ("GRÜSSE\r\n".encode(),),
    "an unknown command": (b"FROB\r\n",),
    "a command of 512 bytes": (EHLO, b"NOOP " + b"a" * 505 + b"\r\n"),
    "a command of 513 bytes": (EHLO, b"NOOP " + b"a" * 506 + b"\r\n"),
    "a command of 3,000 bytes": (EHLO, b"NOOP " + b"a" * 2993 + b"\r\n"),
    "a command of 70,000 bytes": (EHLO, Loose(b"NOOP " + b"a" * 70_000 + b"\r\n")),
    "MAIL of 600 bytes": (EHLO, MAIL.replace(b"\r\n", b" " + b"X" * 560 + b"\r\n")),
    "AUTH of 13,000 bytes": (EHLO, Loose(b"AUTH PLAIN " + b"A" * 13_000 + b"\r\n")),
    "21 unknown commands": (EHLO, Loose(b"FROB\r\n" * 21)),
    "101 NOOPs": (EHLO, Loose(b"NOOP\r\n" * 101)),
    "101 RSETs": (EHLO, Loose(b"RSET\r\n" * 101)),
    "101 EHLOs": (Loose(EHLO * 101),),
    "GET": (Loose(b"GET / HTTP/1.1\r\nHost: relay\r\n\r\n"),),
    "POST": (Loose(b"POST / HTTP/1.1\r\nHost: relay\r\nContent-Length: 6\r\n\r\n" + MAIL),),
    "CONNECT": (Loose(b"CONNECT mx.example.net:25 HTTP/1.1\r\n\r\n"),),
    "a TLS hello on a plain port": (
        Loose(b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + b"\x11" * 90 + b"\n"),),
    "SSH": (Loose(b"SSH-2.0-OpenSSH_9.2\r\n"),),
    "a proxy's header": (Loose(b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 25\r\n"),),
    **{verb: (EHLO, verb.encode() + b" x\r\n")
       for verb in ("TURN", "ETRN", "XCLIENT", "XFORWARD", "DEBUG", "WIZ", "SEND", "SAML")},
}

SEQUENCE = {
    "MAIL before EHLO": (MAIL,),
    "RCPT before EHLO": (RCPT,),
    "DATA before EHLO": (DATA,),
    "RCPT before MAIL": (EHLO, RCPT),
    "DATA before MAIL": (EHLO, DATA),
    "DATA before RCPT": (EHLO, MAIL, DATA),
    "MAIL twice": (EHLO, MAIL, MAIL),
    "RCPT after the message": (EHLO, *MESSAGE, RCPT),
    "DATA with every RCPT refused": (EHLO, MAIL, b"RCPT TO:<>\r\n", b"RCPT TO:<x@[bad]>\r\n", DATA),
    "one RCPT refused, one taken": (EHLO, MAIL, b"RCPT TO:<>\r\n", RCPT, DATA, HELLO),
    "BDAT": (EHLO, MAIL, RCPT, Loose(b"BDAT 6 LAST\r\nRSET\r\n")),
    "BDAT before MAIL": (EHLO, Loose(b"BDAT 6 LAST\r\nNOOP\r\n")),
    "the same RCPT twice": (EHLO, MAIL, RCPT, RCPT, DATA, HELLO),
    "the same RCPT in capitals": (EHLO, MAIL, RCPT, b"RCPT TO:<customer@EXAMPLE.net>\r\n", DATA,
                                  HELLO),
    "1,001 RCPTs": (EHLO, MAIL, *(b"RCPT TO:<r%d@example.net>\r\n" % i for i in range(1001)),
                    DATA, HELLO),
}

STARTTLS = {
    "STARTTLS": (EHLO, b"STARTTLS\r\n", Tls(), EHLO, *MESSAGE),
    "STARTTLS with words": (EHLO, b"STARTTLS now\r\n"),
    "STARTTLS twice": (EHLO, b"STARTTLS\r\n", Tls(), EHLO, b"STARTTLS\r\n"),
    "STARTTLS in a transaction": (EHLO, MAIL, b"STARTTLS\r\n"),
    "STARTTLS after HELO": (b"HELO client.example\r\n", b"STARTTLS\r\n"),
    "STARTTLS before EHLO": (b"STARTTLS\r\n",),
    "STARTTLS with EHLO behind it": (EHLO, Loose(b"STARTTLS\r\n" + EHLO)),
    "plain text instead of a handshake": (EHLO, b"STARTTLS\r\n", Loose(MAIL)),
    "MAIL without EHLO after STARTTLS": (EHLO, b"STARTTLS\r\n", Tls(), MAIL),
    "AUTH without EHLO after STARTTLS": (EHLO, b"STARTTLS\r\n", Tls(),
                                         auth(b"\0relay\0opensesame")),
}

AUTH = {
    "AUTH PLAIN": (EHLO, auth(b"\0relay\0opensesame"), *MESSAGE),
    "AUTH PLAIN with a wrong password": (EHLO, auth(b"\0relay\0wrong")),
    "AUTH PLAIN as an unknown user": (EHLO, auth(b"\0nobody\0opensesame")),
    "AUTH PLAIN, blank": (EHLO, auth(b"\0\0")),
    "AUTH PLAIN for somebody else": (EHLO, auth(b"other\0relay\0opensesame")),
    "AUTH PLAIN with three NULs": (EHLO, auth(b"\0relay\0open\0sesame")),
    "AUTH PLAIN without NULs": (EHLO, auth(b"relay")),
    "AUTH PLAIN in two steps": (EHLO, b"AUTH PLAIN\r\n",
                                base64.b64encode(b"\0relay\0opensesame") + b"\r\n"),
    "AUTH PLAIN with =": (EHLO, b"AUTH PLAIN =\r\n"),
    "AUTH LOGIN": (EHLO, b"AUTH LOGIN\r\n", b"cmVsYXk=\r\n", b"b3BlbnNlc2FtZQ==\r\n", *MESSAGE),
    "AUTH LOGIN with the user at once": (EHLO, b"AUTH LOGIN cmVsYXk=\r\n",
                                         b"b3BlbnNlc2FtZQ==\r\n"),
    "AUTH LOGIN, cancelled": (EHLO, b"AUTH LOGIN\r\n", b"*\r\n"),
    "AUTH LOGIN with bad base64": (EHLO, b"AUTH LOGIN\r\n", b"not base64!\r\n"),
    "AUTH with bad base64": (EHLO, b"AUTH PLAIN not-base64!\r\n"),
    "AUTH without a mechanism": (EHLO, b"AUTH\r\n"),
    "AUTH CRAM-MD5": (EHLO, b"AUTH CRAM-MD5\r\n"),
    "AUTH in small letters": (EHLO, auth(b"\0relay\0opensesame").replace(b"AUTH PLAIN",
                                                                            b"auth plain")),
    "AUTH before EHLO": (auth(b"\0relay\0opensesame"),),
    "AUTH after HELO": (b"HELO client.example\r\n", auth(b"\0relay\0opensesame")),
    "AUTH twice": (EHLO, auth(b"\0relay\0opensesame"), auth(b"\0relay\0opensesame")),
    "AUTH in a transaction": (EHLO, MAIL, auth(b"\0relay\0opensesame")),
}

STRANGERS = {
    "a stranger's mail": (EHLO, MAIL, RCPT, DATA),
    "a stranger's mail after AUTH": (EHLO, auth(b"\0relay\0opensesame"), *MESSAGE),
    "a stranger's VRFY": (EHLO, b"VRFY someone\r\n"),
}


def cases(*tables, address="127.0.0.1"):
    return [Case(name, steps, address) for table in tables for name, steps in table.items()]


CASES = (cases(ORDINARY, GREETINGS, FRAMING, LINES, SEQUENCE, STARTTLS, AUTH)
         + cases(STRANGERS, address="127.0.0.2"))
