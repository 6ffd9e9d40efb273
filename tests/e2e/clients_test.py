"""Other people's clients: swaks, smtp-source, curl, Python's smtplib. Each mail arrives."""
import smtplib
import subprocess
import unittest

from support.client import message_id, make_message, submit, submit_on
from support.relay import Relay, wait_until
from support.smtp_sink import SmtpSink


def run(*command, stdin=None):
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} exited {done.returncode}:\n{done.stdout[-3000:]}")
    return done.stdout


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sink = cls.enterClassContext(SmtpSink())
        cls.relay = cls.enterClassContext(Relay([cls.sink.transport()]))

    def setUp(self):
        self.before = len(self.sink.received())

    def arrived(self, count=1):
        """The mails this test made arrive, once there are `count`."""
        wait_until(lambda: len(self.sink.received()) >= self.before + count, f"{count} mails")
        self.relay.wait_empty()
        mails = self.sink.received()[self.before:]
        self.assertEqual(count, len(mails))
        return mails

    def test_swaks(self):
        said = run("swaks", "--server", "127.0.0.1", "--port", str(self.relay.port), "--from",
                   "me@product-a.com", "--to", "you@example.net", "--body", "from swaks")
        self.assertRegex(said, r"250 2\.0\.0 Ok: queued as [0-9A-Z]{16}")
        [mail] = self.arrived()
        self.assertEqual(("me@product-a.com", ["you@example.net"]), (mail.sender, mail.recipients))
        self.assertIn(b"from swaks", mail.content)

    def test_swaks_pipelining(self):
        run("swaks", "--server", "127.0.0.1", "--port", str(self.relay.port), "--pipeline",
            "--from", "me@product-a.com", "--to", "a@example.net,b@example.net")
        recipients = [r for m in self.arrived_recipients(2) for r in m]
        self.assertEqual(["a@example.net", "b@example.net"], sorted(recipients))

    def arrived_recipients(self, count):
        wait_until(lambda: sum(len(m.recipients) for m in self.sink.received()[self.before:]) >= count,
                   f"{count} recipients")
        return [mail.recipients for mail in self.sink.received()[self.before:]]

    def test_curl(self):
        run("curl", "-sS", "--url", f"smtp://127.0.0.1:{self.relay.port}", "--mail-from",
            "me@product-a.com", "--mail-rcpt", "you@example.net", "--upload-file", "-",
            stdin=make_message(2001))
        [mail] = self.arrived()
        self.assertEqual(message_id(2001), mail.field("Message-ID"))

    def test_smtp_source_on_twenty_sessions(self):
        for reuse in ([], ["-d"]):
            with self.subTest(reuse=reuse):
                self.before = len(self.sink.received())
                run("smtp-source", *reuse, "-s", "20", "-l", "4096", "-m", "500", "-f",
                    "me@product-a.com", "-t", "you@example.net", f"127.0.0.1:{self.relay.port}")
                self.assertEqual(500, len({m.field("Message-ID") for m in self.arrived(500)}))

    def test_smtplib_with_several_mails_on_one_connection(self):
        with smtplib.SMTP("127.0.0.1", self.relay.port, timeout=10) as client:
            ids = [submit_on(client, "me@product-a.com", ["you@example.net"], make_message(number))
                   for number in range(3001, 3011)]
        self.assertEqual(10, len(set(ids)))
        self.assertEqual(sorted(ids), ids)
        self.assertEqual({message_id(n) for n in range(3001, 3011)},
                         {mail.field("Message-ID") for mail in self.arrived(10)})

    def test_missing_date_and_message_id_are_added_in_the_senders_domain(self):
        submit(self.relay.port, "From: me@product-a.com\r\nTo: you@example.net\r\n\r\nHello\r\n")
        [mail] = self.arrived()
        self.assertRegex(mail.field("Message-ID"), r"^<\S+@product-a\.com>$")
        self.assertRegex(mail.field("Date"), r"\d{4} \d\d:\d\d:\d\d [+-]\d{4}$")

    def test_dots_survive(self):
        body = ".\r\n..\r\n...\r\n.x\r\nend\r\n"
        submit(self.relay.port, make_message(5001, body=body))
        [mail] = self.arrived()
        self.assertEqual(body.encode(), mail.content.split(b"\r\n\r\n", 1)[1])


if __name__ == "__main__":
    unittest.main()
