"""Rails ActionMailer with Chatwoot's very settings hands mail over; it arrives as it was sent."""
import os
import re
import unittest

from support.chatwoot import send_mail
from support.relay import Relay
from support.smtp_sink import SmtpSink

ATTACHMENT_BYTES = int(os.environ.get("POSTERN_ATTACHMENT_BYTES", 20 << 20))


def without_field(content, name):
    """The content with the header fields of that name cut out, folded lines too."""
    header, empty_line, body = content.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", header)
    kept = [field for field in fields if not field.lower().startswith(name.lower() + b":")]
    return b"\r\n".join(kept) + empty_line + body


class ActionMailer(unittest.TestCase):
    def setUp(self):
        self.sink = self.enterContext(SmtpSink())
        self.relay = self.enterContext(Relay([self.sink.transport(max_message="36MiB")]))

    def send_and_receive(self, **job):
        """One mail through the relay: what was sent, and what the smarthost got."""
        [sent] = send_mail(self.relay.port, want_bytes=True, **job)
        self.assertIsNone(sent.error)  # a reply later than 5 s would have been one
        self.relay.wait_empty()
        mails = [m for m in self.sink.received() if m.field("Message-ID") == sent.message_id]
        return sent, mails

    def assert_same_but_for_our_changes(self, sent, mail):
        """Received added on top, Bcc removed: nothing else differs."""
        received, rest = re.match(rb"(Received: (?:.|\r\n[ \t])*?\r\n(?![ \t]))(.*)\Z",
                                  mail.content, re.DOTALL).groups()
        self.assertIn(b"relay.example.com", received)
        self.assertTrue(without_field(sent.bytes, b"Bcc") == rest, "the bytes differ")

    def test_twenty_mebibytes_arrive_byte_for_byte(self):
        sent, mails = self.send_and_receive(to=["customer@example.net"],
                                            attachment_bytes=ATTACHMENT_BYTES)
        self.assertEqual(1, len(mails))
        self.assertGreater(len(sent.bytes), ATTACHMENT_BYTES * 4 // 3)
        self.assert_same_but_for_our_changes(sent, mails[0])

    def test_to_cc_and_bcc_are_mailed_and_the_bcc_field_is_gone(self):
        sent, mails = self.send_and_receive(to=["customer@example.net"], cc=["boss@example.org"],
                                            bcc=["archive@example.com"], show_bcc=True)
        self.assertIn(b"\r\nBcc: archive@example.com\r\n", sent.bytes)
        recipients = sorted(address for mail in mails for address in mail.recipients)
        self.assertEqual(["archive@example.com", "boss@example.org", "customer@example.net"],
                         recipients)
        for mail in mails:
            self.assertNotIn(b"archive@example.com", mail.content)
            self.assert_same_but_for_our_changes(sent, mail)

    def test_threading_survives(self):
        sent, [mail] = self.send_and_receive(to=["customer@example.net"])
        for name in ("Message-ID", "In-Reply-To", "References", "Reply-To"):
            line = re.search(rb"(?m)^" + name.encode() + rb": (?:.|\r\n )*\r\n", sent.bytes).group()
            self.assertIn(line, mail.content)
        self.assertEqual("agent@product-a.com", mail.sender)
        self.assertRegex(mail.field("Reply-To"), r"<reply\+[0-9a-f-]{36}@reply\.example\.com>")

    def test_blank_user_and_password_are_taken_from_a_trusted_network(self):
        for kind in ("plain", "login"):
            with self.subTest(authentication=kind):
                blank = {"user_name": "", "password": "", "authentication": kind}
                _, mails = self.send_and_receive(to=["customer@example.net"], settings=blank)
                self.assertEqual(1, len(mails))


if __name__ == "__main__":
    unittest.main()
