"""Addresses, parameters and messages, ordinary and hostile: cases for smtp_cases.converse()."""
from support.smtp_cases import Content
from support.smtp_inputs import DATA, EHLO, ENVELOPE, HEADER, HELLO, MAIL, RCPT, cases


def sender(lines):
    """{name: a message whose MAIL is this}"""
    return {name: (EHLO, line + b"\r\n", RCPT, DATA, HELLO) for name, line in lines.items()}


def recipient(lines, mail=MAIL):
    return {name: (EHLO, mail, b"RCPT TO:" + line + b"\r\n", DATA, HELLO)
            for name, line in lines.items()}


def content(texts):
    """{name: an ordinary envelope with this, dots stuffed already}"""
    return {name: (*ENVELOPE, Content(text + b"\r\n.\r\n")) for name, text in texts.items()}


def without(name):
    """The header without one field."""
    return b"".join(line for line in HEADER.splitlines(True)
                    if not line.lower().startswith(name.lower() + b":"))


SENDERS = sender({
    "MAIL FROM with a space": b"MAIL FROM: <@@@product-a.com>",
    "MAIL FROM without brackets": b"MAIL FROM:@@@product-a.com",
    "MAIL FROM without a colon": b"MAIL FROM <@@@product-a.com>",
    "MAIL alone": b"MAIL",
    "MAIL TO": b"MAIL TO:<@@@product-a.com>",
    "MAIL FROM with nothing": b"MAIL FROM:",
    "MAIL FROM with trailing spaces": b"MAIL FROM:<@@@product-a.com>  ",
    "MAIL FROM with a name": b"MAIL FROM:Agent <@@@product-a.com>",
    "MAIL FROM with text behind": b"MAIL FROM:<@@@product-a.com>oops",
    "MAIL FROM with one bracket": b"MAIL FROM:<@@@product-a.com",
    "MAIL FROM with two brackets": b"MAIL FROM:<<@@@product-a.com>>",
    "the null sender": b"MAIL FROM:<>",
    "a sender without a domain": b"MAIL FROM:<@@>",
    "a sender without a local part": b"MAIL FROM:<@product-a.com>",
    "a sender with an empty domain": b"MAIL FROM:<@@@>",
    "a sender with two @": b"MAIL FROM:<@@@b@product-a.com>",
    "a sender with a tag": b"MAIL FROM:<@@+tag=a@product-a.com>",
    "a sender in quotes": b'MAIL FROM:<"@@ x"@product-a.com>',
    "a sender at a literal": b"MAIL FROM:<@@@[192.0.2.1]>",
    "a sender at an IPv6 literal": b"MAIL FROM:<@@@[IPv6:2001:db8::1]>",
    "a sender at a broken literal": b"MAIL FROM:<@@@[192.0.2.999]>",
    "a sender at an address": b"MAIL FROM:<@@@192.0.2.1>",
    "a sender with one label": b"MAIL FROM:<@@@localhost>",
    "a sender with a dot at the end": b"MAIL FROM:<@@@product-a.com.>",
    "a sender with two dots": b"MAIL FROM:<@@..b@product-a.com>",
    "a sender with a dot in front": b"MAIL FROM:<.@@@product-a.com>",
    "a sender with two dots in the domain": b"MAIL FROM:<@@@product-a..com>",
    "a sender with a hyphen in front of the domain": b"MAIL FROM:<@@@-product-a.com>",
    "a sender with an underscore in the domain": b"MAIL FROM:<@@@product_a.com>",
    "a sender with a source route": b"MAIL FROM:<@a.example,@b.example:@@@product-a.com>",
    "a sender with 64 bytes before @": b"MAIL FROM:<@@" + b"a" * 55 + b"@product-a.com>",
    "a sender with 70 bytes before @": b"MAIL FROM:<@@" + b"a" * 61 + b"@product-a.com>",
    "a sender with 240 bytes of domain": b"MAIL FROM:<@@@" + b"abcdefghi." * 23 + b"example.com>",
    "a sender with 300 bytes of domain": b"MAIL FROM:<@@@" + b"abcdefghi." * 29 + b"example.com>",
    "a sender with a label of 64 bytes": b"MAIL FROM:<@@@" + b"a" * 64 + b".com>",
    "a UTF-8 sender with SMTPUTF8": "MAIL FROM:<@@ü@größe.example> SMTPUTF8".encode(),
    "a UTF-8 sender without SMTPUTF8": "MAIL FROM:<@@ü@größe.example>".encode(),
    "a Latin-1 sender": b"MAIL FROM:<@@\xfc@product-a.com>",
    "a sender with a space": b"MAIL FROM:<@@ b@product-a.com>",
    "a sender with a comment": b"MAIL FROM:<@@(x)@product-a.com>",
    "a sender with a control byte": b"MAIL FROM:<@@\x07@product-a.com>",
    "a sender with a backslash": b"MAIL FROM:<@@\\x@product-a.com>",
})

PARAMETERS = sender({
    "SIZE": b"MAIL FROM:<@@@product-a.com> SIZE=1000",
    "SIZE in small letters": b"mail from:<@@@product-a.com> size=1000",
    "SIZE 0": b"MAIL FROM:<@@@product-a.com> SIZE=0",
    "SIZE over the limit": b"MAIL FROM:<@@@product-a.com> SIZE=2000000",
    "SIZE of 30 digits": b"MAIL FROM:<@@@product-a.com> SIZE=" + b"9" * 30,
    "SIZE below zero": b"MAIL FROM:<@@@product-a.com> SIZE=-1",
    "SIZE without a number": b"MAIL FROM:<@@@product-a.com> SIZE=",
    "SIZE alone": b"MAIL FROM:<@@@product-a.com> SIZE",
    "SIZE twice": b"MAIL FROM:<@@@product-a.com> SIZE=1 SIZE=2",
    "SIZE too small": b"MAIL FROM:<@@@product-a.com> SIZE=1",
    "SIZE in hexadecimal": b"MAIL FROM:<@@@product-a.com> SIZE=0x10",
    "BODY=8BITMIME": b"MAIL FROM:<@@@product-a.com> BODY=8BITMIME",
    "BODY=7BIT": b"MAIL FROM:<@@@product-a.com> BODY=7BIT",
    "BODY=BINARYMIME": b"MAIL FROM:<@@@product-a.com> BODY=BINARYMIME",
    "BODY twice": b"MAIL FROM:<@@@product-a.com> BODY=7BIT BODY=8BITMIME",
    "SMTPUTF8 for ASCII": b"MAIL FROM:<@@@product-a.com> SMTPUTF8",
    "SMTPUTF8 with a value": b"MAIL FROM:<@@@product-a.com> SMTPUTF8=yes",
    "AUTH=<>": b"MAIL FROM:<@@@product-a.com> AUTH=<>",
    "RET and ENVID": b"MAIL FROM:<@@@product-a.com> RET=HDRS ENVID=QQ314159",
    "RET=MAYBE": b"MAIL FROM:<@@@product-a.com> RET=MAYBE",
    "RET twice": b"MAIL FROM:<@@@product-a.com> RET=HDRS RET=FULL",
    "ENVID with bad xtext": b"MAIL FROM:<@@@product-a.com> ENVID=a+GG",
    "ENVID of 200 bytes": b"MAIL FROM:<@@@product-a.com> ENVID=" + b"a" * 200,
    "MT-PRIORITY": b"MAIL FROM:<@@@product-a.com> MT-PRIORITY=3",
    "DELIVERBY": b"MAIL FROM:<@@@product-a.com> BY=3600;R",
    "FUTURERELEASE": b"MAIL FROM:<@@@product-a.com> HOLDFOR=1",
    "REQUIRETLS in plain text": b"MAIL FROM:<@@@product-a.com> REQUIRETLS",
    "an unknown parameter": b"MAIL FROM:<@@@product-a.com> FROB=1",
    "an unknown parameter without a value": b"MAIL FROM:<@@@product-a.com> FROB",
    "parameters without a space": b"MAIL FROM:<@@@product-a.com>SIZE=1000",
    "parameters after two spaces": b"MAIL FROM:<@@@product-a.com>  SIZE=1000  BODY=7BIT",
}) | recipient({
    "NOTIFY and ORCPT": b"<customer@example.net> NOTIFY=FAILURE,DELAY "
                        b"ORCPT=rfc822;customer@example.net",
    "NOTIFY=NEVER": b"<customer@example.net> NOTIFY=NEVER",
    "NOTIFY=NEVER,FAILURE": b"<customer@example.net> NOTIFY=NEVER,FAILURE",
    "NOTIFY=MAYBE": b"<customer@example.net> NOTIFY=MAYBE",
    "NOTIFY twice": b"<customer@example.net> NOTIFY=DELAY NOTIFY=FAILURE",
    "ORCPT without a type": b"<customer@example.net> ORCPT=customer@example.net",
    "an unknown parameter of RCPT": b"<customer@example.net> FROB=1",
    "SIZE at RCPT": b"<customer@example.net> SIZE=1",
})

RECIPIENTS = recipient({
    "RCPT TO with a space": b" <customer@example.net>",
    "RCPT TO without brackets": b"customer@example.net",
    "RCPT TO with a name": b"Customer <customer@example.net>",
    "RCPT TO with text behind": b"<customer@example.net>oops",
    "RCPT TO with two addresses": b"<customer@example.net>,<second@example.net>",
    "the null recipient": b"<>",
    "Postmaster": b"<Postmaster>",
    "Postmaster in small letters": b"<postmaster>",
    "a recipient without a domain": b"<customer>",
    "a recipient without a local part": b"<@example.net>",
    "a recipient with two @": b"<a@b@example.net>",
    "a recipient with %": b"<a%b.example@example.net>",
    "a recipient with !": b"<b.example!a@example.net>",
    "a recipient with a source route": b"<@a.example,@b.example:customer@example.net>",
    "a recipient with a comment": b"<customer@good.example(x)evil.example>",
    "a recipient as an encoded word": b"<=?utf-8?q?customer=40evil.example?=@example.net>",
    "a recipient with @ in quotes": b'<"x@a y"@example.net>',
    "a recipient with a quote open": b'<"customer@example.net>',
    "a recipient at a literal": b"<customer@[192.0.2.1]>",
    "a recipient at a broken literal": b"<customer@[bad]>",
    "a recipient at an unclosed literal": b"<customer@[192.0.2.1>",
    "a recipient at an address": b"<customer@192.0.2.1>",
    "a recipient with one label": b"<customer@localhost>",
    "a recipient with a dot at the end": b"<customer@example.net.>",
    "a recipient with two dots": b"<cus..tomer@example.net>",
    "a recipient with a dot before @": b"<customer.@example.net>",
    "a recipient with 70 bytes before @": b"<" + b"a" * 70 + b"@example.net>",
    "a recipient with 300 bytes of domain": b"<a@" + b"abcdefghi." * 29 + b"example.net>",
    "a UTF-8 recipient without SMTPUTF8": "<größe@example.net>".encode(),
    "ORCPT in a local part": b'<foo@a> ORCPT=x@b"@example.net>',
    "ORCPT in a quoted local part": b'<"foo@x> ORCPT=admin@y"@example.net>',
    "a pipe as a recipient": b'<"|/bin/sh"@example.net>',
    "a dash in front of a recipient": b"<-oQ/tmp@example.net>",
    "a slash in a recipient": b"<a/b@example.net>",
})

FIELDS = content({
    "no From": without(b"From") + b"\r\nHello",
    "two From": HEADER + b"From: other@product-a.com\r\n\r\nHello",
    "no Date": without(b"Date") + b"\r\nHello",
    "no Message-ID": without(b"Message-ID") + b"\r\nHello",
    "no To": without(b"To") + b"\r\nHello",
    "two Subjects": HEADER + b"Subject: again\r\n\r\nHello",
    "Bcc": HEADER + b"Bcc: archive@example.com\r\n\r\nHello",
    "Return-Path": HEADER + b"Return-Path: <other@product-a.com>\r\n\r\nHello",
    "X-Mailgun-Tag": HEADER + b"X-Mailgun-Tag: invoices\r\n\r\nHello",
    "DKIM-Signature": HEADER + b"DKIM-Signature: v=1; a=rsa-sha256; d=product-a.com\r\n\r\nHello",
    "a field without a colon": HEADER + b"oops\r\n\r\nHello",
    "a field name with a space": HEADER + b"X Field: a\r\n\r\nHello",
    "a space before the colon": HEADER + b"X-Field : a\r\n\r\nHello",
    "an 8-bit field name": HEADER + "X-Größe: a\r\n\r\nHello".encode(),
    "an 8-bit field": HEADER + "X-Field: Größe\r\n\r\nHello".encode(),
    "a fold first": b" folded\r\n" + HEADER + b"\r\nHello",
    "an empty field": HEADER + b"X-Field:\r\n\r\nHello",
    "a fold of spaces": HEADER + b"X-Field: a\r\n \r\n b\r\n\r\nHello",
    "an mbox line first": b"From agent Sat Nov 21 10:00:00 2026\r\n" + HEADER + b"\r\nHello",
    "no header": b"\r\nHello @@",
    "a header only": HEADER.removesuffix(b"\r\n"),
    "51 Received": b"Received: from a by b; Sat, 21 Nov 2026 10:00:00 +0000\r\n" * 51
                   + HEADER + b"\r\nHello",
    "a field of 900 bytes": HEADER + b"X-Field: " + b"a" * 900 + b"\r\n\r\nHello",
    "a field of 3,000 bytes": HEADER + b"X-Field: " + b"a" * 3000 + b"\r\n\r\nHello",
    "1,100 fields": HEADER + b"X-Field: a\r\n" * 1100 + b"\r\nHello",
    "a header of 150 KiB": HEADER + (b"X-Field: " + b"a" * 90 + b"\r\n") * 1500 + b"\r\nHello",
    "nested comments in To": without(b"To") + b"To: " + b"(" * 20_000 + b"\r\n\r\nHello",
    "an encoded word in From": without(b"From") + b"From: =?utf-8?q?Gr=C3=B6=C3=9Fe?= "
                               b"<a@product-a.com>\r\n\r\nHello",
    "an empty From": without(b"From") + b"From:\r\n\r\nHello",
    "several authors in From": without(b"From") + b"From: a@product-a.com, b@product-a.com\r\n"
                               b"Sender: a@product-a.com\r\n\r\nHello",
})

BODIES = content({
    "no body": HEADER,
    "dots": HEADER + b"\r\n..\r\n...\r\n..x\r\nend",
    "a dot first that is not stuffed": HEADER + b"\r\n.x\r\nend",
    "8-bit without BODY": HEADER + "\r\nGröße".encode(),
    "Latin-1 without BODY": HEADER + b"\r\nGr\xf6\xdfe",
    "a line of 998 bytes": HEADER + b"\r\n" + b"a" * 998,
    "a line of 1,500 bytes": HEADER + b"\r\n" + b"a" * 1500,
    "a line of 5,000 bytes": HEADER + b"\r\n" + b"a" * 5000,
    "a line of 70,000 bytes": HEADER + b"\r\n" + b"a" * 70_000,
    "control bytes": HEADER + b"\r\n\x01\x02\x07\x08\x1b[2J\x7f",
    "white space at line ends": HEADER + b"\r\na \t\r\n \t\r\nb",
    "a message over the limit": HEADER + b"\r\n" + (b"a" * 70 + b"\r\n") * 16_000,
    "bad UTF-8": HEADER + b"\r\n\xff\xfe\xc3\x28",
    "From at the begin of a line": HEADER + b"\r\nFrom here on\r\n>From there",
    "a MIME tree of 200 levels": HEADER + b"MIME-Version: 1.0\r\n" + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (i, i)
        for i in range(200)) + b"\r\nleaf",
    "a MIME boundary that never comes": HEADER
                                        + b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; '
                                          b'boundary="b"\r\n\r\nHello',
})

CASES = cases(SENDERS, PARAMETERS, RECIPIENTS, FIELDS, BODIES)
