"""Several listeners at once, IPv6 among them."""
import smtplib
import unittest

from support.client import Refused, make_message, submit_on
from support.relay import Relay, free_port, wait_until
from support.smtp_sink import SmtpSink


class Listeners(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sink = cls.enterClassContext(SmtpSink())
        cls.v4, cls.v6, cls.both, cls.strict = (free_port() for _ in range(4))
        relay = Relay([cls.sink.transport()])
        relay.settings["listener"] = [
            {"bind": f"127.0.0.1:{cls.v4}", "trusted": ["127.0.0.0/8"]},
            {"bind": f"[::1]:{cls.v6}", "trusted": ["::1/128"]},
            {"bind": f"[::]:{cls.both}", "trusted": ["127.0.0.0/8"]},
            {"bind": f"[::1]:{cls.strict}", "trusted": ["2001:db8::/32"]}]
        relay.write_config()
        cls.relay = cls.enterClassContext(relay)

    def submit(self, host, port, number):
        before = len(self.sink.received())
        with smtplib.SMTP(host, port, timeout=10) as client:
            submit_on(client, "agent@product-a.com", ["a@example.net"], make_message(number))
        wait_until(lambda: len(self.sink.received()) > before, "the mail")
        return self.sink.received()[before].field("Received")

    def test_each_takes_mail(self):
        self.assertIn("([127.0.0.1])", self.submit("127.0.0.1", self.v4, 1))
        self.assertIn("([IPv6:::1])", self.submit("::1", self.v6, 2))

    def test_ipv4_clients_of_an_ipv6_listener_are_ipv4(self):
        """Trusted by their IPv4 network, and named without ::ffff:."""
        self.assertIn("([127.0.0.1])", self.submit("127.0.0.1", self.both, 3))
        wait_until(lambda: "client=127.0.0.1" in self.relay.log(), "the log")
        self.assertNotIn("::ffff:", self.relay.log())

    def test_ipv6_networks_are_heeded(self):
        for port in (self.both, self.strict):
            with smtplib.SMTP("::1", port, timeout=10) as client:
                with self.assertRaises(Refused) as refused:
                    submit_on(client, "agent@product-a.com", ["a@example.net"], make_message(4))
            self.assertEqual(550, refused.exception.code)

    def test_the_log_names_them_as_they_are_written(self):
        wait_until(lambda: f"smtp=[::1]:{self.v6}" in self.relay.log(), "the log")

    def test_reload_opens_and_closes(self):
        late = free_port()
        listeners = self.relay.settings["listener"]
        self.relay.settings["listener"] = listeners[:3] + [
            {"bind": f"[::1]:{late}", "trusted": ["::1/128"]}]
        self.relay.write_config()
        self.relay.reload()
        wait_until(lambda: "reloaded" in self.relay.log(), "the reload")
        self.assertIn("([IPv6:::1])", self.submit("::1", late, 5))
        with self.assertRaises(ConnectionRefusedError):
            smtplib.SMTP("::1", self.strict, timeout=5)
        self.relay.settings["listener"] = listeners
        before = self.relay.log().count("reloaded")
        self.relay.write_config()
        self.relay.reload()
        wait_until(lambda: self.relay.log().count("reloaded") > before, "the reload")


if __name__ == "__main__":
    unittest.main()
