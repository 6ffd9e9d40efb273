"""Names of providers that do not resolve: never a bounce, never a long wait, over to the next way."""
import unittest

from support.client import make_message, submit
from support.dns_stub import DnsStub
from support.relay import Relay, wait_until
from support.scripted_mailgun import ScriptedMailgun
from support.smtp_sink import SmtpSink


class NameServerFaults(unittest.TestCase):
    def setUp(self):
        self.mailgun = self.enterContext(ScriptedMailgun())
        self.smarthost = self.enterContext(SmtpSink())
        self.backup = self.enterContext(SmtpSink())

    def relay(self, dns, with_backup=True):
        ways = ["backup"] if with_backup else []
        transports = [
            {"name": "mailgun", "type": "mailgun", "api_key": self.mailgun.key, "timeout": "2s",
             "base_url": f"http://mailgun.test:{self.mailgun.port}"},
            {**self.smarthost.transport("smarthost"), "host": "smarthost.test", "timeout": "2s"},
            self.backup.transport("backup")]
        domains = [{"name": "product-a.com", "transports": ["mailgun", *ways]},
                   {"name": "product-b.com", "transports": ["smarthost", *ways]}]
        return self.enterContext(Relay(transports, wrap=dns.wrap(), domain=domains,
                                       queue={"retry": "1s*"}))

    def submit(self, relay):
        return [submit(relay.port, make_message(), f"agent@product-{letter}.com",
                       ["customer@example.net"]) for letter in "ab"]

    def test_mail_takes_the_next_way_whatever_the_name_server_does(self):
        for mode in ("servfail", "silent", "garbage", "none"):
            with self.subTest(mode), DnsStub(mode) as dns:
                relay = self.relay(dns)
                ids = self.submit(relay)
                relay.wait_empty()
                for queue_id in ids:
                    [tried, taken] = relay.show(queue_id)["attempts"]
                    self.assertEqual(("deferred", "transport"), (tried["outcome"], tried["blame"]))
                    self.assertEqual("backup", taken["transport"])
                    # Two seconds are the transport's patience, ten the system's own.
                    self.assertLess(tried["duration_ms"], 8000)
                self.assertTrue(dns.asked)
                self.assertFalse([mail for mail in self.backup.received() if mail.sender == ""])

    def test_mail_without_another_way_waits_for_the_name_server(self):
        with DnsStub("servfail") as dns:
            relay = self.relay(dns, with_backup=False)
            ids = self.submit(relay)
            for transport in ("mailgun", "smarthost"):
                wait_until(lambda: relay.metric("postern_attempts_total", transport=transport) > 1,
                           f"a second attempt through {transport}")
            states = {row["state"] for queue_id in ids for row in relay.show(queue_id)["deliveries"]}
            self.assertFalse(states & {"failed", "expired"}, states)
            dns.mode = "well"
            relay.wait_empty()
            self.assertEqual(1, len(self.mailgun.received()))
            self.assertEqual(1, len(self.smarthost.received()))

    def test_a_look_up_that_hangs_does_not_hold_the_end(self):
        # The system would ask for two and a half minutes.
        with DnsStub("silent", "timeout:30 attempts:5") as dns:
            relay = self.relay(dns, with_backup=False)
            self.submit(relay)
            wait_until(lambda: dns.asked, "the name server to be asked")
            self.assertEqual(0, relay.stop())
            self.assertIn("stopped", relay.log())


if __name__ == "__main__":
    unittest.main()
