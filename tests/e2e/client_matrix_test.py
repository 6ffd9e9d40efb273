"""Client by client, way by way: what they send arrives byte for byte.

Nine clients, each in plain text, with STARTTLS and with TLS from the start, each without sign-in,
with AUTH PLAIN and with AUTH LOGIN. Every cell sends all of MESSAGES. What may differ is the list
under "What is changed in a message" in docs/operations.md.
"""
import base64
import itertools
import random
import re
import unittest

from support.certificate import Certificate
from support.mail_clients import CLIENTS, Way, cannot
from support.relay import Relay, free_port, wait_until
from support.smtp_sink import SmtpSink

TLS = (None, "starttls", "implicit")
AUTH = (None, "PLAIN", "LOGIN")
USER = {"username": "product-a", "password": "secret of a", "senders": ["product-a.com"]}

# As the Received field of ours tells it (RFC 3848); a client that says HELO has no E.
PROTOCOL = {(False, False): "E?SMTP", (True, False): "ESMTPS", (False, True): "ESMTPA",
            (True, True): "ESMTPSA"}

OUR_RECEIVED = re.compile(
    rb"Received: from \S+ \(\[127\.0\.0\.1\]\)\r\n\tby relay\.example\.com with (\w+)"
    rb"(\r\n\t\(TLSv1\.[23] [A-Z0-9_-]+\))? id [0-9A-Z]{16};\r\n\t[^\r\n]+\r\n")
EXIMS_RECEIVED = re.compile(
    rb"Received: from (?:.|\r\n[ \t])*?by client\.example\.com with local "
    rb"\(Exim (?:.|\r\n[ \t])*?\r\n(?![ \t])")


def attachment(size_bytes):
    encoded = base64.encodebytes(random.Random(7).randbytes(size_bytes)).replace(b"\n", b"\r\n")
    return (b"--b\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n--b\r\n"
            b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
            b'Content-Disposition: attachment; filename="report.bin"\r\n\r\n'
            + encoded + b"--b--\r\n")


MULTIPART = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n'
UTF_8 = (b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
         b"Content-Transfer-Encoding: 8bit\r\n")

OURS_TO_REMOVE = (b"Bcc: archive@example.com,\r\n\tboss@example.com\r\n"
                  b"X-Postern-Idempotency-Key: 4711\r\nreturn-path: <me@product-a.com>\r\n")

# name: (further header fields, body)
MESSAGES = {
    "dots": (b"", b".\r\n..\r\n...\r\n.x\r\n. \r\n.\r\nend.\r\n.\r\n"),
    "8-bit": (UTF_8, "Größe zählt: 2 × 3 = 6 €\r\n.ünter\r\n日本語\r\n".encode()),
    "long lines": (b"", b"x" * 998 + b"\r\n" + b"." * 997 + b"\r\n" + b"y" * 998 + b"\r\n"),
    "empty": (b"", b""),
    "blank lines": (b"", b"\r\n\r\n \t\r\n\r\nafter\r\n\r\n\r\n"),
    "no final line end": (b"", b"first\r\nlast"),
    "attachment": (MULTIPART, attachment(30_000)),
    "fields of the relay": (OURS_TO_REMOVE, b"The envelope has the recipients.\r\n"),
    "2 MiB": (MULTIPART, attachment((2 << 20) * 3 // 4)),
}


def make_message(name, fields, body):
    return (b"From: Agent <agent@product-a.com>\r\nTo: customer@example.net\r\n"
            b"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
            b"Message-ID: <" + name.replace(" ", "-").encode() + b"@product-a.com>\r\n"
            b"Subject: a folded\r\n\tsubject  with   spaces\r\nX-Case-AND-order: kept \r\n"
            + fields + b"\r\n" + body)


class ClientMatrix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificate = cls.enterClassContext(Certificate())
        cls.sink = cls.enterClassContext(SmtpSink())
        relay = Relay([cls.sink.transport(max_message="36MiB")], credential=[USER],
                      tls=cls.certificate.settings())
        [listener] = relay.settings["listener"]
        cls.ports = {}
        for tls, auth in itertools.product(TLS, (False, True)):
            port = cls.ports[tls, auth] = free_port()
            relay.settings["listener"].append(
                {**listener, "bind": f"127.0.0.1:{port}", "auth": "required" if auth else "off",
                 "tls": {None: "none", "starttls": "required"}.get(tls, tls)})
        relay.write_config()
        cls.relay = cls.enterClassContext(relay)

    def way(self, tls, auth):
        return Way(self.ports[tls, auth is not None], tls, auth, self.certificate.file,
                   USER["username"], USER["password"])

    def arrived(self, count):
        wait_until(lambda: len(self.sink.received()) >= count, f"{count} mails")
        self.relay.wait_empty()
        mails = self.sink.received()
        self.assertEqual(count, len(mails))
        return {mail.field("Message-ID"): mail for mail in mails}

    def check_cell(self, client, tls, auth):
        self.sink.forget()
        messages = {name: make_message(name, *parts) for name, parts in MESSAGES.items()}
        way = self.way(tls, auth)
        transmitted = CLIENTS[client](way, list(messages.values()))
        mails = self.arrived(len(messages))
        for name, sent in zip(messages, transmitted, strict=True):
            with self.subTest(message=name):
                number = re.search(rb"(?im)^Message-ID: (\S+)\r$", sent).group(1).decode()
                mail = mails[number]
                self.assertEqual((way.sender, list(way.recipients)), (mail.sender, mail.recipients))
                rest = self.below_our_received(mail, tls is not None, auth is not None)
                if client == "Exim":
                    rest = rest[EXIMS_RECEIVED.match(rest).end():]
                self.assert_same(sent.replace(OURS_TO_REMOVE, b""), rest)

    def below_our_received(self, mail, tls, auth):
        ours = OUR_RECEIVED.match(mail.content)
        self.assertTrue(ours, mail.header)
        self.assertRegex(ours.group(1).decode(), f"^{PROTOCOL[tls, auth]}$")
        self.assertEqual(tls, ours.group(2) is not None)
        return mail.content[ours.end():]

    def assert_same(self, sent, arrived):
        """Like assertEqual, with the place instead of two mebibytes."""
        if sent != arrived:
            at = next((i for i, (a, b) in enumerate(zip(sent, arrived)) if a != b),
                      min(len(sent), len(arrived)))
            self.fail(f"{len(sent)} bytes sent, {len(arrived)} arrived; from byte {at} on "
                      f"{sent[at:at + 60]} became {arrived[at:at + 60]}")

    def check_client(self, client):
        for tls, auth in itertools.product(TLS, AUTH):
            with self.subTest(tls=tls, auth=auth):
                reason = cannot(client, tls, auth)
                if reason:
                    self.skipTest(reason)
                self.check_cell(client, tls, auth)


def add_tests():
    """A test a client, so that each is named in what the tests print."""
    for client in CLIENTS:
        name = "test_" + client.lower().replace("::", "_").replace("-", "_")
        setattr(ClientMatrix, name, lambda self, client=client: self.check_client(client))


add_tests()

if __name__ == "__main__":
    unittest.main()
