"""Mailgun blocks the account in mid-stream and lets us back in: every mail arrives exactly once.

Rails ActionMailer sends, a scripted Mailgun goes healthy, 403, healthy, and a real Postfix with
STARTTLS and AUTH is the backup. What went that way carries a signature others accept.
"""
import collections
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

try:
    import dkim
except ImportError as missing:
    raise SystemExit(f"{missing}: install python3-dkim")

from support.chatwoot import finish_mailer, start_mailer
from support.client import make_message, submit
from support.postfix_smarthost import PostfixSmarthost
from support.relay import PROGRAM, Relay, wait_until
from support.scripted_mailgun import ScriptedMailgun

MAILS = int(os.environ.get("POSTERN_MAILS", "500"))
DOMAIN = "product-a.com"
BLOCKED = "Domain product-a.com is not allowed to send: Account disabled"
CONCURRENCY = 20
OPEN_SECONDS = 2
CANARY_SECONDS = 1
LATE = 100_000  # numbers of mail sent after the stream
VERIFY_PERL = pathlib.Path(__file__).parents[1] / "support" / "verify_dkim.pl"


def mail_id(content):
    return re.search(rb"(?im)^Message-ID: *(<[^>]*>)", content).group(1).decode()


class FailOver(unittest.TestCase):
    def setUp(self):
        self.mailgun = self.enterContext(ScriptedMailgun())
        self.postfix = self.enterContext(PostfixSmarthost())
        directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        key = directory / "key.pem"
        made = subprocess.run([PROGRAM, "dkim", "keygen", DOMAIN, "postern1", "--out", key, "--json"],
                              check=True, stdout=subprocess.PIPE)
        self.record = json.loads(made.stdout)
        self.records = directory / "records"
        self.records.write_text(f"{self.record['name']}\t{self.record['value']}\n")
        self.relay = self.enterContext(Relay(
            [{"name": "mailgun", "type": "mailgun", "base_url": self.mailgun.url,
              "api_key": self.mailgun.key, "concurrency": CONCURRENCY},
             {"name": "backup", "type": "smtp", "host": "127.0.0.1", "tls": "starttls",
              "port": self.postfix.submission_port, "ca_file": str(self.postfix.ca_file),
              "username": self.postfix.username, "password": self.postfix.password,
              "dkim": "relay"}],
            domain=[{"name": DOMAIN, "transports": ["mailgun", "backup"],
                     "dkim": [{"selector": "postern1", "key": {"file": str(key)}}]}],
            breaker={"open_for": f"{OPEN_SECONDS}s", "open_max": f"{OPEN_SECONDS}s"}))

    def block(self):
        self.mailgun.script(default={"status": 403, "body": {"message": BLOCKED}})

    def unblock(self):
        """The first one in is answered late, so that a second one would be seen beside it."""
        self.mailgun.script({"delay": CANARY_SECONDS})

    def assert_both_verifiers_accept(self, content):
        self.assertTrue(dkim.verify(content, dnsfunc=lambda name, timeout=5: (
            self.record["value"].encode()
            if name.decode().rstrip(".") == self.record["name"] else b"")))
        said = subprocess.run(["/usr/bin/perl", VERIFY_PERL, self.records], input=content,
                              stdout=subprocess.PIPE, check=True).stdout.decode()
        self.assertEqual("postern1 pass\n", said)

    def test_every_mail_arrives_once_whoever_is_open(self):
        mailer = start_mailer(self.relay.port, ["customer@example.net"], count=MAILS, threads=10)
        wait_until(lambda: len(self.mailgun.received()) >= MAILS // 4, "mail by Mailgun", 120)

        self.block()
        blocked_at = time.time()
        wait_until(lambda: len(self.postfix.arrived()) >= MAILS // 4, "mail by the backup", 120)
        self.assert_the_block_is_told()
        self.unblock()
        open_at = time.time()
        sent = finish_mailer(mailer)
        self.assertEqual([None] * MAILS, [mail.error for mail in sent])
        self.relay.wait_empty()
        self.let_a_canary_pass()

        by_mailgun = [mail["message_id"] for mail in self.mailgun.received()]
        by_postfix = [mail_id(mail.content) for mail in self.postfix.arrived()]
        arrived = collections.Counter(by_mailgun + by_postfix)
        self.assertEqual({1}, set(arrived.values()))
        self.assertLessEqual({mail.message_id for mail in sent}, set(arrived))
        self.assertTrue(all(mail.sender == f"agent@{DOMAIN}" for mail in self.postfix.arrived()))
        self.assertEqual(0, self.relay.metric("postern_attempts_total", outcome="rejected"))
        self.assertEqual(len(by_postfix),
                         self.relay.metric("postern_attempts_total", transport="backup",
                                           outcome="delivered"))
        for mail in self.postfix.arrived():
            self.assert_both_verifiers_accept(mail.content)
        # Mailgun signs itself: what goes there is not signed by us.
        for mail in self.mailgun.received():
            self.assertNotIn(b"DKIM-Signature", mail["raw"].partition(b"\r\n\r\n")[0])
        self.assert_hardly_knocked_while_blocked(open_at - blocked_at)
        self.assert_one_canary_went_first(open_at)

    def assert_the_block_is_told(self):
        way = self.relay.transports()["mailgun", ""]
        self.assertIn(way["breaker"], ("open", "half-open"))
        self.assertIn("Account disabled", way["reason"])
        self.assertIsNotNone(way["until"])
        self.assertGreater(self.relay.metric("postern_breaker_state", transport="mailgun"), 0)
        self.assertGreater(self.relay.metric("postern_failovers_total", **{
            "from": "mailgun", "to": "backup"}), 0)
        log = self.relay.log()
        self.assertRegex(log, r" blocked .*Account disabled")
        self.assertRegex(log, r"[0-9A-Z]{16} failover .*from=mailgun.*to=backup")

    def let_a_canary_pass(self):
        """Mail may have run out before the breaker's time was over: more of it tries the way."""
        def is_closed():
            return self.relay.transports()["mailgun", ""]["breaker"] == "closed"

        for number in range(LATE, LATE + 1000):
            if is_closed():
                break
            submit(self.relay.port, make_message(number))
            self.relay.wait_empty()
        self.assertTrue(is_closed())
        self.assertEqual(0, self.relay.metric("postern_breaker_state", transport="mailgun"))

    def assert_hardly_knocked_while_blocked(self, seconds):
        """What was under way when the block came, then one canary each time the breaker opened."""
        knocks = self.mailgun.requests()["refused"]
        self.assertGreater(knocks, 0)
        self.assertLessEqual(knocks, CONCURRENCY + seconds / OPEN_SECONDS + 1)

    def assert_one_canary_went_first(self, open_at):
        after = sorted(mail["at"] for mail in self.mailgun.received() if mail["at"] >= open_at)
        self.assertGreater(len(after), 0)
        for second in after[1:2]:
            self.assertGreaterEqual(second - after[0], CANARY_SECONDS * 0.9)


if __name__ == "__main__":
    unittest.main()
