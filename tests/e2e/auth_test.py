"""Signing in: who may send as whom, guessing, what operators see."""
import base64
import smtplib
import socket
import time
import unittest

from support.certificate import Certificate
from support.chatwoot import send_mail
from support.client import Refused, check, make_message, submit_on
from support.relay import Relay, free_port, wait_until
from support.smtp_sink import SmtpSink

USERS = [{"username": "product-a", "password": "secret a", "senders": ["product-a.com"]},
         {"username": "product-b@example.com", "password": "secret b", "domain": "product-b.com"}]


class SignIn(unittest.TestCase):
    """A relay that trusts no network: STARTTLS on one port, plain on another."""

    def setUp(self):
        self.certificate = self.enterContext(Certificate())
        self.sink, self.other = (self.enterContext(SmtpSink()) for _ in range(2))
        self.plain = free_port()
        relay = Relay([self.sink.transport("way-a"), self.other.transport("way-b")],
                      tls=self.certificate.settings(), credential=USERS,
                      domain=[{"name": "product-b.com", "transports": ["way-b"]},
                              {"name": "*", "transports": ["way-a"]}],
                      listener={"tls": "starttls", "trusted": []})
        [listener] = relay.settings["listener"]
        relay.settings["listener"].append(
            {**listener, "bind": f"127.0.0.1:{self.plain}", "tls": "none"})
        relay.write_config()
        self.relay = self.enterContext(relay)

    def client(self):
        client = smtplib.SMTP("localhost", self.relay.port, timeout=20)
        self.addCleanup(client.close)
        client.starttls(context=self.certificate.trust())
        return client

    # ---- rules --------------------------------------------------------------------------------

    def test_an_agent_reads_what_is_wrong(self):
        """What ActionMailer raises is what Chatwoot shows."""
        settings = {"address": "localhost", "ca_file": self.certificate.file,
                    "user_name": "product-a", "password": "wrong", "authentication": "plain"}
        [sent] = send_mail(self.relay.port, ["you@example.net"], settings=settings)
        self.assertIn("User name or password is wrong; check both", sent.error)
        settings["password"] = "secret a"
        [sent] = send_mail(self.relay.port, ["you@example.net"], settings=settings,
                           sender="Agent <agent@product-b.com>")
        self.assertIn("You are signed in as product-a, who may send as product-a.com only, not as "
                      "product-b.com", sent.error)
        self.assertEqual([], self.sink.received())

    def test_who_did_not_sign_in_sends_nothing(self):
        client = self.client()
        with self.assertRaises(Refused) as refused:
            submit_on(client, "agent@product-a.com", ["you@example.net"], make_message(1))
        self.assertEqual(550, refused.exception.code)
        self.assertIn("only after sign-in", refused.exception.text)

    def test_a_password_is_not_taken_in_plain_text(self):
        with smtplib.SMTP("localhost", self.relay.port, timeout=20) as client:
            client.ehlo()
            self.assertFalse(client.has_extn("auth"))
            self.assertEqual(538, client.docmd("AUTH PLAIN AHByb2R1Y3QtYQBzZWNyZXQgYQ==")[0])
        with smtplib.SMTP("localhost", self.plain, timeout=20) as client:
            client.ehlo()
            self.assertTrue(client.has_extn("auth"))

    def test_the_from_header_counts_too(self):
        client = self.client()
        client.login("product-a", "secret a")
        check(client.mail("agent@product-a.com"), 250)
        check(client.rcpt("you@example.net"), 250)
        code, text = client.data(make_message(1, domain="product-b.com"))
        self.assertEqual(550, code)
        self.assertIn(b"the From or Sender header has product-b.com", text)
        self.assertEqual([], self.relay.mailq())

    def test_the_identity_is_seen_by_operators_and_selects_the_route(self):
        self.other.on_data = lambda _: "451 4.0.0 later"
        client = self.client()
        client.login("product-b@example.com", "secret b")
        queue_id = submit_on(client, "agent@product-a.com", ["you@example.net"], make_message(1))
        [listed] = self.relay.mailq()
        self.assertEqual("product-b@example.com", listed["identity"])
        shown = wait_until(lambda: (m := self.relay.show(queue_id))["attempts"] and m, "an attempt")
        self.assertEqual("product-b@example.com", shown["identity"])
        self.assertEqual("way-b", shown["attempts"][0]["transport"])
        self.assertIn("product-b@example.com", self.relay.cli("show", queue_id).stdout)
        self.assertEqual([], self.sink.received())

    def test_credentials_follow_a_reload(self):
        self.relay.settings["credential"][0]["password"] = "another"
        self.addCleanup(self.relay.settings["credential"][0].update, password="secret a")
        self.relay.write_config()
        self.relay.reload()
        wait_until(lambda: "reloaded" in self.relay.log(), "the reload")
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            self.client().login("product-a", "secret a")
        self.client().login("product-a", "another")

    # ---- guessing -----------------------------------------------------------------------------

    def guess(self, lines, password):
        token = base64.b64encode(b"\0product-a\0" + password).decode()
        lines.write(f"AUTH PLAIN {token}\r\n".encode())
        lines.flush()
        return lines.readline()

    def test_guessing_is_slow_short_and_leaves_a_trace(self):
        with socket.create_connection(("localhost", self.plain), 20) as peer:
            lines = peer.makefile("rwb")
            lines.readline()
            lines.write(b"EHLO me\r\n")
            lines.flush()
            while lines.readline()[3:4] == b"-":
                pass
            waits = []
            for _ in range(3):
                began = time.monotonic()
                self.assertTrue(self.guess(lines, b"wrong").startswith(b"535 5.7.8"))
                waits.append(time.monotonic() - began)
            self.assertTrue(lines.readline().startswith(b"421 4.7.0"))
            self.assertEqual(b"", lines.readline())
        self.assertLess(waits[0], 0.9)
        self.assertGreaterEqual(waits[1], 1)
        self.assertGreaterEqual(waits[2], 2)
        self.assertEqual(3, self.relay.metric("postern_smtp_sign_ins_total", result="refused"))
        self.assertIn("sign_in_refused client=127.0.0.1 user=product-a", self.relay.log())
        self.assertNotIn("wrong", self.relay.log())

    def test_a_client_kept_waiting_does_not_hold_up_the_end(self):
        with socket.create_connection(("localhost", self.plain), 20) as peer:
            lines = peer.makefile("rwb")
            lines.readline()
            lines.write(b"EHLO me\r\n")
            for _ in range(2):
                lines.write(b"AUTH PLAIN AGEAYg==\r\n")
            lines.flush()
            wait_until(lambda: self.relay.log().count("sign_in_refused") == 2, "two refusals")
            self.assertEqual(0, self.relay.stop(9))
            self.assertIn(b"421 4.3.2", lines.read())


if __name__ == "__main__":
    unittest.main()
