"""What senders ask for besides delivery: reports of success, failure and delay (RFC 3461), deadlines
(RFC 2852), holds (RFC 4865), and one message for two submissions. Postfix is the peer that does DSN;
Python's email reads the reports."""
import email
import email.policy
import re
import shutil
import subprocess
import time
import unittest

from support.client import make_message, message_id, submit
from support.postfix_smarthost import PostfixSmarthost
from support.relay import Relay, wait_until
from support.smtp_sink import SmtpSink

SENDER = "agent@product-a.com"
TO = "customer@example.net"


def fields_of(report):
    """(the fields of the message, [the fields of each recipient]) of a delivery-status part."""
    [status] = [part for part in report.walk()
                if part.get_content_type() == "message/delivery-status"]
    blocks = [dict(block.items()) for block in status.get_payload()]
    return blocks[0], blocks[1:]


class WithPostfix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postfix = cls.enterClassContext(PostfixSmarthost(logs_dialogue=True))

    def relay(self, **settings):
        transport = {"name": "smarthost", "type": "smtp", "host": "localhost", "tls": "none",
                     "port": self.postfix.plain_port}
        return self.enterContext(Relay([transport], **settings))

    def commands(self):
        """What Postfix says it was told."""
        return re.findall(r"< [^:]*: (.*)", self.postfix.log())

    def reports(self, envelope_id):
        mails = [email.message_from_bytes(mail.content) for mail in self.postfix.arrived()
                 if mail.recipient == SENDER]
        return [report for report in mails if envelope_id in report.as_string()]

    def test_postfix_is_told_and_reports_success_itself(self):
        relay = self.relay()
        submit(relay.port, sender=SENDER, recipients=[TO], mail=["RET=HDRS", "ENVID=QQ+2B1"],
               rcpt=["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;old+2Bname@example.org"])
        [report] = wait_until(lambda: self.reports("QQ+1"), "Postfix's report")
        relay.wait_empty()
        of_message, [of_recipient] = fields_of(report)
        self.assertIn("smarthost.test", of_message["Reporting-MTA"])
        self.assertEqual("delivered", of_recipient["Action"])
        self.assertIn("old+name@example.org", of_recipient["Original-Recipient"])
        told = self.commands()
        [mail] = [line for line in told if line.startswith("MAIL") and "QQ" in line]
        self.assertRegex(mail, r"^MAIL FROM:<agent@product-a\.com> .*RET=HDRS ENVID=QQ\+2B1$")
        self.assertIn(f"RCPT TO:<{TO}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;old+2Bname@example.org",
                      told)
        self.assertEqual(1, len(self.reports("QQ+1")), "one report, not one from each")

    def test_never_is_passed_on(self):
        relay = self.relay()
        submit(relay.port, recipients=["quiet@example.net"], rcpt=["NOTIFY=NEVER"])
        wait_until(lambda: "RCPT TO:<quiet@example.net> NOTIFY=NEVER" in self.commands(),
                   "the command")

    def test_swaks_asks_for_success(self):
        if not shutil.which("swaks"):
            raise RuntimeError("swaks is missing: apt-get install swaks")
        relay = self.relay()
        swaks = subprocess.run(
            ["swaks", "--server", f"127.0.0.1:{relay.port}", "--from", f"{SENDER}", "--to",
             "swaks@example.net", "--helo", "app", "--header",
             "Message-ID: <swaks@product-a.com>"], capture_output=True, text=True, timeout=60)
        self.assertEqual(0, swaks.returncode, swaks.stdout + swaks.stderr)
        self.assertIn("250-DSN", swaks.stdout)
        relay.wait_empty()

    def test_a_refused_recipient_is_reported_by_us_in_the_shape_asked_for(self):
        relay = self.relay()
        submit(relay.port, make_message(2, body="all of it\r\n"), SENDER, ["unknown@example.net"],
               mail=["RET=FULL", "ENVID=whole-one"],
               rcpt=["NOTIFY=FAILURE", "ORCPT=rfc822;first@example.net"])
        [report] = wait_until(lambda: self.reports("whole-one"), "the report")
        of_message, [of_recipient] = fields_of(report)
        self.assertEqual("dns; relay.example.com", of_message["Reporting-MTA"])
        self.assertEqual("whole-one", of_message["Original-Envelope-Id"])
        self.assertEqual("rfc822; first@example.net", of_recipient["Original-Recipient"])
        self.assertEqual("failed", of_recipient["Action"])
        [whole] = [part for part in report.walk() if part.get_content_type() == "message/rfc822"]
        self.assertIn("all of it", whole.as_string())


class WithoutDsn(unittest.TestCase):
    """The sink offers no DSN: what is to be told is told by us."""

    def setUp(self):
        self.sink = self.enterContext(SmtpSink())

    def relay(self, **settings):
        return self.enterContext(Relay([self.sink.transport()], **settings))

    def reports(self):
        return [email.message_from_bytes(mail.content, policy=email.policy.SMTP)
                for mail in self.sink.received() if mail.sender == ""]

    def test_a_relayed_message_is_reported_so(self):
        relay = self.relay()
        submit(relay.port, recipients=[TO], mail=["ENVID=e-1"], rcpt=["NOTIFY=SUCCESS"])
        [report] = wait_until(self.reports, "the report")
        of_message, [of_recipient] = fields_of(report)
        self.assertEqual("relayed", of_recipient["Action"])
        self.assertEqual("2.0.0", of_recipient["Status"])
        self.assertEqual("e-1", of_message["Original-Envelope-Id"])
        self.assertEqual(message_id(), report["In-Reply-To"])
        self.assertEqual(["text/plain", "message/delivery-status", "text/rfc822-headers"],
                         [part.get_content_type() for part in report.iter_parts()])

    def test_a_delay_is_reported_once(self):
        self.sink.on_data = lambda mail: ("451 4.2.1 later" if mail.sender else None)
        relay = self.relay(queue={"delay_notice": "1s", "retry": "500ms*"})
        submit(relay.port, recipients=[TO], rcpt=["NOTIFY=DELAY"])
        [report] = wait_until(self.reports, "the report")
        _, [of_recipient] = fields_of(report)
        self.assertEqual("delayed", of_recipient["Action"])
        self.assertEqual("4.2.1", of_recipient["Status"])
        self.assertIn("Will-Retry-Until", of_recipient)
        self.sink.on_data = lambda mail: None
        relay.wait_empty()
        self.assertEqual(1, len(self.reports()))

    def test_a_message_not_in_time_comes_back(self):
        self.sink.on_data = lambda mail: ("451 4.2.1 later" if mail.sender else None)
        relay = self.relay(queue={"retry": "300ms*"})
        submit(relay.port, recipients=[TO], mail=["BY=2;R"])
        [report] = wait_until(self.reports, "the report")
        _, [of_recipient] = fields_of(report)
        self.assertEqual(("failed", "5.4.7"), (of_recipient["Action"], of_recipient["Status"]))
        relay.wait_empty()

    def test_a_held_message_waits_over_a_restart(self):
        relay = self.relay()
        began = time.time()
        held = submit(relay.port, recipients=[TO], mail=["HOLDFOR=4"])
        relay.restart()
        [mail] = relay.mailq()
        self.assertEqual(held, mail["id"])
        self.assertIn("held until", mail["deliveries"][0]["reason"])
        relay.wait_empty()
        [arrived] = self.sink.received()
        self.assertGreaterEqual(arrived.at - began, 4)

    def test_two_submissions_are_one_message(self):
        relay = self.relay(queue={"dedupe_window": "1h"})
        first = submit(relay.port, make_message(7), recipients=[TO, "b@example.net"])
        again = submit(relay.port, "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n" + make_message(7),
                       recipients=["b@example.net", TO])
        self.assertEqual(first, again)
        relay.restart()
        self.assertEqual(first, submit(relay.port, make_message(7),
                                       recipients=[TO, "b@example.net"]))
        other = submit(relay.port, make_message(7), recipients=[TO])
        self.assertNotEqual(first, other)
        relay.wait_empty()
        self.assertEqual({(message_id(7), TO): 2, (message_id(7), "b@example.net"): 1},
                         self.sink.arrivals())
        self.assertEqual(2, [event["type"] for event in relay.show(first)["events"]]
                         .count("duplicate"))
        self.assertEqual(1, relay.metric("postern_smtp_messages_total", result="duplicate"),
                         "since the restart")

    def test_a_key_tells_submissions_apart_and_does_not_leave(self):
        relay = self.relay(queue={"dedupe_window": "1h"})
        key = "X-Postern-Idempotency-Key: order-17\r\n"
        first = submit(relay.port, key + make_message(8))
        self.assertEqual(first, submit(relay.port, key + make_message(9)))
        relay.wait_empty()
        [mail] = self.sink.received()
        self.assertIsNone(mail.field("X-Postern-Idempotency-Key"))

    def test_what_failed_may_be_sent_again(self):
        self.sink.on_rcpt = lambda address: "550 5.1.1 no such user" if address == TO else None
        relay = self.relay(queue={"dedupe_window": "1h"})
        first = submit(relay.port, make_message(10))
        wait_until(self.reports, "the report")
        self.sink.on_rcpt = lambda address: None
        self.assertNotEqual(first, submit(relay.port, make_message(10)))
        relay.wait_empty()
        self.assertEqual(1, self.sink.arrivals()[message_id(10), TO])


if __name__ == "__main__":
    unittest.main()
