"""REQUIRETLS (RFC 8689): from one of our doors to another it is passed on; where a smarthost does not
offer it, or no transport could promise it, the message goes back to its sender and nowhere else."""
import email
import smtplib
import unittest

from support.certificate import Certificate
from support.client import Refused, make_message, submit, submit_on
from support.relay import Relay, free_port, wait_until
from support.smtp_sink import SmtpSink

SENDER = "agent@product-a.com"


class RequireTls(unittest.TestCase):
    def setUp(self):
        self.certificate = self.enterContext(Certificate())
        self.sink = self.enterContext(SmtpSink())

    def relay(self, transports, **settings):
        """A relay with a STARTTLS listener on `tls_port`."""
        relay = Relay(transports, tls=self.certificate.settings(), **settings)
        relay.tls_port = free_port()
        [plain] = relay.settings["listener"]
        relay.settings["listener"].append(
            {**plain, "bind": f"127.0.0.1:{relay.tls_port}", "tls": "starttls"})
        relay.write_config()
        return self.enterContext(relay)

    def submit(self, relay, message=None):
        with smtplib.SMTP("localhost", relay.tls_port, timeout=10) as client:
            client.ehlo()
            self.assertFalse(client.has_extn("requiretls"))
            client.starttls(context=self.certificate.trust())
            client.ehlo()
            self.assertTrue(client.has_extn("requiretls"))
            return submit_on(client, SENDER, ["customer@example.net"], message or make_message(),
                             mail=["REQUIRETLS", "RET=FULL"])

    def reports(self):
        return [email.message_from_bytes(mail.content) for mail in self.sink.received()
                if mail.sender == ""]

    def assert_only_a_report_left(self):
        [report] = wait_until(self.reports, "the report")
        self.assertIn("Status: 5.7.30", report.as_string())
        self.assertNotIn("message/rfc822", [part.get_content_type() for part in report.walk()])
        for mail in self.sink.received():
            self.assertEqual("", mail.sender)
            self.assertNotIn(b"\r\nHello\r\n", mail.content, "its content")

    def test_in_plain_text_it_is_not_known(self):
        relay = self.relay([self.sink.transport()])
        with self.assertRaises(Refused) as refused:
            submit(relay.port, mail=["REQUIRETLS"])
        self.assertEqual(555, refused.exception.code)

    def test_without_a_transport_that_can_it_goes_back(self):
        relay = self.relay([self.sink.transport()])
        queue_id = self.submit(relay)
        self.assert_only_a_report_left()
        [delivery] = relay.show(queue_id)["deliveries"]
        self.assertEqual("failed", delivery["state"])

    def test_it_is_passed_on_and_kept_at_every_hop(self):
        # A relay of another name: mail that meets the same name twice is in a loop.
        second = self.relay([self.sink.transport()], server={"name": "second-node",
                                                             "hostname": "second.example.com"})
        to_second = {"name": "second", "type": "smtp", "host": "localhost", "tls": "starttls",
                     "port": second.tls_port, "ca_file": self.certificate.file}
        first = self.relay([to_second])
        queue_id = self.submit(first)
        first.wait_empty()
        [delivery] = first.show(queue_id)["deliveries"]
        self.assertEqual("sent", delivery["state"])
        self.assert_only_a_report_left()

    def test_a_smarthost_that_is_not_verified_does_not_get_it(self):
        second = self.relay([self.sink.transport()])
        careless = {"name": "second", "type": "smtp", "host": "localhost", "tls": "starttls",
                    "port": second.tls_port, "verify": False}
        first = self.relay([careless])
        self.submit(first)
        self.assert_only_a_report_left()

    def test_the_opposite_wish_goes_on_untouched(self):
        relay = self.relay([self.sink.transport()])
        submit(relay.port, "TLS-Required: No\r\n" + make_message())
        relay.wait_empty()
        [mail] = self.sink.received()
        self.assertEqual("No", mail.field("TLS-Required"))


if __name__ == "__main__":
    unittest.main()
