"""One wrong recipient among three: reported once to the sender, the others mailed once."""
import email
import unittest

from support.client import make_message, message_id, submit
from support.relay import Relay, wait_until
from support.smtp_sink import SmtpSink

GOOD = ["first@example.net", "third@example.net"]
WRONG = "wrong@example.net"
MESSAGE = make_message()


class Recipients(unittest.TestCase):
    def setUp(self):
        self.sink = self.enterContext(SmtpSink())
        self.sink.on_rcpt = lambda address: (
            "550 5.1.1 <wrong@example.net>: no such user here" if address == WRONG else None)
        self.relay = self.enterContext(Relay([self.sink.transport()]))

    def send(self, sender):
        return submit(self.relay.port, MESSAGE, sender, [GOOD[0], WRONG, GOOD[1]])

    def arrived(self):
        return sorted(address for mail in self.sink.received()
                      if mail.field("Message-ID") == message_id() for address in mail.recipients)

    def reports(self):
        return [mail for mail in self.sink.received() if mail.sender == ""]

    def test_the_wrong_one_is_reported_once_and_the_others_arrive_once(self):
        self.send("agent@product-a.com")
        wait_until(self.reports, "the failure report")
        self.relay.wait_empty()
        self.assertEqual(GOOD, self.arrived())
        [mail] = self.reports()
        self.assertEqual(["agent@product-a.com"], mail.recipients)
        report = email.message_from_bytes(mail.content)
        self.assertEqual("multipart/report", report.get_content_type())
        self.assertEqual("delivery-status", report.get_param("report-type"))
        self.assertEqual("auto-replied", report["Auto-Submitted"].split(";")[0])
        [status] = [part for part in report.walk()
                    if part.get_content_type() == "message/delivery-status"]
        fields = [dict(block.items()) for block in status.get_payload()]
        [recipient] = [block for block in fields if "Final-Recipient" in block]
        self.assertIn(WRONG, recipient["Final-Recipient"])
        self.assertEqual("failed", recipient["Action"])
        self.assertEqual("5.1.1", recipient["Status"])
        self.assertIn("no such user here", recipient["Diagnostic-Code"])

    def test_the_null_sender_is_never_reported_to(self):
        self.send("")
        wait_until(lambda: self.relay.metric("postern_attempts_total") > 0, "an attempt")
        self.relay.wait_empty()
        self.assertEqual(sorted(GOOD), self.arrived())
        self.assertEqual(1, len({mail.field("Message-ID") for mail in self.sink.received()}))

    def test_log_and_show_tell_each_recipients_end(self):
        queue_id = self.send("agent@product-a.com")
        wait_until(self.reports, "the failure report")
        self.relay.wait_empty()
        rejected = [line for line in self.relay.log().splitlines() if f"{queue_id} rejected" in line]
        self.assertEqual(1, len(rejected), self.relay.log())
        self.assertIn("no such user here", rejected[0])
        message = self.relay.show(queue_id)
        states = {row["recipient"]: row["state"] for row in message["deliveries"]}
        self.assertEqual({GOOD[0]: "sent", WRONG: "failed", GOOD[1]: "sent"}, states)

    def test_two_wrong_ones_are_in_one_report(self):
        others = ["wrong2@example.net", "wrong3@example.net"]
        self.sink.on_rcpt = lambda address: (
            f"550 5.1.1 <{address}>: no such user" if "wrong" in address else None)
        submit(self.relay.port, MESSAGE, "agent@product-a.com", [GOOD[0], WRONG, *others])
        self.relay.wait_empty()
        [mail] = self.reports()
        for address in [WRONG, *others]:
            self.assertIn(b"Final-Recipient: rfc822; " + address.encode(), mail.content)

    def test_a_smarthost_with_a_limit_gets_all_recipients_without_a_wait(self):
        self.sink.max_recipients = 10
        addresses = [f"r{i}@example.net" for i in range(95)]
        submit(self.relay.port, MESSAGE, recipients=addresses)
        self.relay.wait_empty(20)  # the first step of the retry schedule is 30 s
        self.assertEqual({(message_id(), address): 1 for address in addresses},
                         self.sink.arrivals())
        self.assertEqual(10, len(self.sink.received()))

    def test_a_doubled_recipient_is_mailed_once(self):
        submit(self.relay.port, MESSAGE, recipients=[GOOD[0], GOOD[0]])
        self.relay.wait_empty()
        self.assertEqual(GOOD[:1], self.arrived())


if __name__ == "__main__":
    unittest.main()
