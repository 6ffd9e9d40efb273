"""Mailgun blocks, SES takes over: a scripted SES whose signature check is botocore's own.

What SES gets is signed by us (dkim = "relay") and must still verify after SES has put its own
Message-ID, Date and Feedback-ID into it: dkimpy and Mail::DKIM are asked.
"""
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

try:
    import dkim
except ImportError as missing:
    raise SystemExit(f"{missing}: install python3-dkim")

from support.client import make_message, submit
from support.relay import PROGRAM, Relay, wait_until
from support.scripted_mailgun import ScriptedMailgun
from support.scripted_ses import KEY_ID, REGION, ScriptedSes, fields_of

DOMAIN = "product-a.com"
BLOCKED = "Domain product-a.com is not allowed to send: Account disabled"
VERIFY_PERL = pathlib.Path(__file__).parents[1] / "support" / "verify_dkim.pl"
LARGE = 9_000_000  # of one mail: many chunks of the store
ODD = (b"From: agent@product-a.com\r\nTo: c@example.net\r\nSubject:  odd \r\n\tfolded\r\n"
       b"DKIM-Signature: v=1; a=rsa-sha256; d=other.example; s=x; h=from; bh=x; b=x\r\n"
       b"DKIM-Signature: v=1; a=rsa-sha256; d=third.example; s=x; h=from; bh=x; b=x\r\n"
       b"Feedback-ID: a:b:c\r\nX-SES-CONFIGURATION-SET: theirs\r\n"
       b"Message-ID: <odd@product-a.com>\r\nDate: Sat, 21 Nov 2026 09:00:00 +0000\r\n\r\n odd \t body\r\n\r\n")


class Ses(unittest.TestCase):
    def setUp(self):
        self.mailgun = self.enterContext(ScriptedMailgun())
        self.ses = self.enterContext(ScriptedSes())
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.records = self.directory / "records"
        self.keys = [self.key("ed1", "--ed25519"), self.key("postern1")]

    def key(self, selector, *options):
        path = self.directory / selector
        made = subprocess.run([PROGRAM, "dkim", "keygen", DOMAIN, selector, "--out", path,
                               "--json", *options], check=True, capture_output=True)
        record = json.loads(made.stdout)
        with open(self.records, "a", encoding="ascii") as file:
            file.write(f"{record['name']}\t{record['value']}\n")
        return {"selector": selector, "key": {"file": str(path)}}

    def start(self, dkim_by="relay", first_mailgun=True, **ses):
        mailgun = {"name": "mailgun", "type": "mailgun", "base_url": self.mailgun.url,
                   "api_key": self.mailgun.key}
        ses = {"name": "ses", "type": "ses", "region": REGION, "base_url": self.ses.url,
               "access_key_id": KEY_ID, "secret_access_key": self.ses.key, "dkim": dkim_by,
               "configuration_set": "postern", "tags": ["product=a"], **ses}
        transports = [mailgun, ses] if first_mailgun else [ses]
        self.relay = self.enterContext(Relay(
            transports=transports, domain=[{"name": DOMAIN, "dkim": self.keys}]))

    def submit_and_wait(self, *contents, recipients=("c@example.net",)):
        for content in contents:
            submit(self.relay.port, content, sender=f"agent@{DOMAIN}", recipients=list(recipients))
        self.relay.wait_empty()

    def test_takes_over_when_mailgun_blocks(self):
        self.mailgun.script(default={"status": 403, "body": {"message": BLOCKED}})
        self.start()
        self.submit_and_wait(*(make_message(number) for number in range(20)),
                             make_message(100, body="0123456789\r\n" * (LARGE // 12)))
        self.assertEqual(21, len(self.ses.received()))
        self.assertEqual([], self.mailgun.received())
        self.assertGreater(max(mail["size"] for mail in self.ses.received()), LARGE - 12)
        for mail in self.ses.received():
            self.assertEqual("postern", mail["request"]["ConfigurationSetName"])
            self.assertEqual(f"agent@{DOMAIN}", mail["request"]["FromEmailAddress"])
        self.assertGreater(self.relay.metric("postern_failovers_total", **{
            "from": "mailgun", "to": "ses"}), 0)
        self.assertEqual(0, self.ses.requests()["refused"])

    def test_signature_survives_what_ses_rewrites(self):
        self.start(first_mailgun=False)
        self.submit_and_wait(ODD, *(make_message(number) for number in range(5)))
        self.assertEqual(6, len(self.ses.received()))
        for mail in self.ses.received():
            delivered = self.ses.as_delivered(mail["raw"])
            names = [name for name, _ in fields_of(mail["raw"])]
            self.assertEqual(1, names.count(b"dkim-signature"))
            self.assertNotIn(b"x-ses-configuration-set", names)
            signed = re.search(rb"h=([^;]*);", mail["raw"]).group(1).lower()
            for name in (b"message-id", b"date", b"return-path", b"bounces-to"):
                self.assertNotIn(name, re.split(rb"[\s:]+", signed))
            self.assert_both_verifiers_accept(delivered)
            self.assertFalse(self.dkimpy(delivered.replace(b"\r\nSubject: ", b"\r\nSubject: x")))

    def dkimpy(self, content):
        known = dict(line.split("\t") for line in self.records.read_text().splitlines())
        return dkim.verify(content, dnsfunc=lambda name, timeout=5:
                           known.get(name.decode().rstrip("."), "").encode())

    def assert_both_verifiers_accept(self, content):
        self.assertTrue(self.dkimpy(content))
        said = subprocess.run(["/usr/bin/perl", VERIFY_PERL, self.records], input=content,
                              stdout=subprocess.PIPE, check=True).stdout.decode()
        self.assertEqual("postern1 pass\n", said)

    def test_eight_bit_mail_takes_the_other_way(self):
        self.start()
        self.relay.cli("suspend", "mailgun")
        submit(self.relay.port, (make_message(1) + "grüß\r\n").encode(),
               sender=f"agent@{DOMAIN}", recipients=["c@example.net"])
        wait_until(lambda: self.relay.mailq()[0]["deliveries"][0]["attempts"] == 1, "an attempt")
        self.assertEqual([], self.ses.received())
        self.relay.cli("resume", "mailgun")
        self.relay.wait_empty()
        self.assertEqual(1, len(self.mailgun.received()))

    def test_provider_signs(self):
        self.start(dkim_by="provider", first_mailgun=False)
        self.submit_and_wait(ODD)
        self.assertNotIn(b"DKIM-Signature", self.ses.received()[0]["raw"])

    def test_120_recipients_take_three_calls(self):
        self.start(first_mailgun=False)
        everybody = [f"c{number}@example.net" for number in range(120)]
        self.submit_and_wait(make_message(1), recipients=everybody)
        calls = [mail["to"] for mail in self.ses.received()]
        self.assertEqual([20, 50, 50], sorted(map(len, calls)))
        self.assertEqual(sorted(everybody), sorted(sum(calls, [])))

    def test_account_is_shown_and_heeded(self):
        self.ses.state.account = {"ProductionAccessEnabled": False, "SendQuota": {
            "Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 7.0}}
        self.start(first_mailgun=False)
        row = wait_until(lambda: self.relay.transports()["ses", ""]["account"] and
                         self.relay.transports()["ses", ""], "the account")
        self.assertEqual("7 of 200 recipients in 24 h, in the sandbox", row["account"])
        self.assertEqual(1, row["rate_per_second"])
        self.assertIn("in the sandbox", self.relay.cli("transports").stdout)

    def test_disabled_account_sends_nothing_and_bounces_nothing(self):
        self.ses.state.account = {"SendingEnabled": False}
        self.start(first_mailgun=False)
        wait_until(lambda: self.relay.transports()["ses", ""]["breaker"] == "open", "the breaker")
        submit(self.relay.port, make_message(1), sender=f"agent@{DOMAIN}",
               recipients=["c@example.net"])
        waiting = self.relay.mailq()[0]["deliveries"][0]
        self.assertEqual("queued", waiting["state"])
        self.assertIn("SendingEnabled", waiting["reason"])
        self.assertEqual([], self.ses.received())

    def test_nothing_is_lost_among_faults(self):
        faults = [{"status": 429, "error": "TooManyRequestsException",
                   "body": {"message": "Maximum sending rate exceeded."}},
                  {"error": "MessageRejected", "body": {"message": "Something quite new."}},
                  {"reset": "start"}, {"reset": "end", "take": False},
                  {"status": 503, "take": False}, {"garbage": True, "take": False}]
        self.ses.script(*faults)
        self.start(first_mailgun=False)
        for number in range(10):
            submit(self.relay.port, make_message(number), sender=f"agent@{DOMAIN}",
                   recipients=["c@example.net"])

        def is_empty():
            self.relay.cli("retry", "--all", status=None)
            return not self.relay.mailq()

        wait_until(is_empty, "every mail to leave")
        arrived = {mail["message_id"] for mail in self.ses.received()}
        self.assertEqual(10, len(arrived))


if __name__ == "__main__":
    unittest.main()
