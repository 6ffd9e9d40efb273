"""What the configuration allows at once is what the providers see."""
import time
import unittest

from support.client import make_message, submit
from support.relay import Relay, wait_until
from support.scripted_mailgun import ScriptedMailgun
from support.smtp_sink import SmtpSink

MESSAGES = 40


class Concurrency(unittest.TestCase):
    def flood(self, relay):
        for _ in range(MESSAGES):
            submit(relay.port, make_message())

    def test_mailgun_never_has_more_calls_than_its_concurrency(self):
        with ScriptedMailgun() as mailgun, \
                Relay([{"name": "mailgun", "type": "mailgun", "api_key": mailgun.key,
                        "base_url": mailgun.url, "concurrency": 3}]) as relay:
            mailgun.script(default={"delay": 0.1})
            self.flood(relay)
            wait_until(lambda: relay.transports()["mailgun", ""]["in_flight"] == 3, "three calls")
            relay.wait_empty()
            self.assertEqual(MESSAGES, len(mailgun.received()))
            self.assertEqual(3, mailgun.requests()["most_at_once"])

    def test_a_smarthost_never_has_more_connections_than_configured(self):
        with SmtpSink() as sink, Relay([sink.transport(connections=3)]) as relay:
            sink.on_data = lambda mail: time.sleep(0.1)
            self.flood(relay)
            wait_until(lambda: relay.transports()["sink", ""]["in_flight"] == 3, "three messages")
            relay.wait_empty()
            self.assertEqual(MESSAGES, len(sink.received()))
            self.assertEqual(3, sink.most_open)


if __name__ == "__main__":
    unittest.main()
