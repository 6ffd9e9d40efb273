"""A real Postfix as smarthost: TLS both ways, AUTH, a password that is wrong, a smarthost that goes."""
import socket
import threading
import unittest

from support.client import make_message, submit
from support.postfix_smarthost import PostfixSmarthost
from support.relay import Relay, free_port, wait_until
from support.smtp_sink import SmtpSink


class Smarthost(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postfix = cls.enterClassContext(PostfixSmarthost())

    def transport(self, **settings):
        return {"name": "smarthost", "type": "smtp", "host": "localhost",
                "port": self.postfix.submission_port, "tls": "starttls",
                "ca_file": str(self.postfix.ca_file), "username": self.postfix.username,
                "password": self.postfix.password, **settings}

    def copies(self, text):
        return [mail for mail in self.postfix.arrived() if text.encode() in mail.content]

    def submit_and_expect(self, relay, text):
        message = make_message(body=f"{text}\r\n.\r\n..a dot begins these lines\r\n")
        submit(relay.port, message, recipients=["customer@example.net"])
        [mail] = wait_until(lambda: self.copies(text), f"the mail {text}")
        self.assertEqual(("agent@product-a.com", "customer@example.net"),
                         (mail.sender, mail.recipient))
        self.assertTrue(mail.content.endswith(message.partition("\r\n\r\n")[2].encode()))

    def test_starttls_and_auth(self):
        with Relay([self.transport()]) as relay:
            self.submit_and_expect(relay, "by starttls")
            relay.wait_empty()

    def test_implicit_tls_and_auth(self):
        with Relay([self.transport(tls="implicit", port=self.postfix.submissions_port)]) as relay:
            self.submit_and_expect(relay, "by implicit tls")

    def test_a_wrong_password_blocks_the_way_and_loses_nothing(self):
        with Relay([self.transport(password="wrong")]) as relay:
            submit(relay.port, make_message())
            wait_until(lambda: relay.transports()["smarthost", ""]["breaker"] == "open", "the breaker")
            [mail] = relay.mailq()
            self.assertIn(mail["deliveries"][0]["state"], ("queued", "deferred"))
            self.assertIn("535", relay.transports()["smarthost", ""]["reason"])

    def test_an_untrusted_certificate_gets_neither_mail_nor_password(self):
        untrusted = self.transport()
        del untrusted["ca_file"]
        before = self.postfix.log().count("sasl_username")
        with Relay([untrusted]) as relay:
            submit(relay.port, make_message())
            wait_until(lambda: relay.transports()["smarthost", ""]["breaker"] == "open", "the breaker")
            self.assertIn("TLS", relay.transports()["smarthost", ""]["reason"])
        self.assertEqual(before, self.postfix.log().count("sasl_username"))

    def test_an_expired_certificate_shuts_the_way_and_mail_takes_the_next(self):
        with PostfixSmarthost(days=-1) as expired, SmtpSink() as sink, \
                Relay([self.transport(port=expired.submission_port,
                                      ca_file=str(expired.ca_file)),
                       sink.transport("backup")]) as relay:
            queue_id = submit(relay.port, make_message(), recipients=["customer@example.net"])
            relay.wait_empty()
            [mail] = sink.received()
            self.assertEqual(["customer@example.net"], mail.recipients)
            row = relay.transports()["smarthost", ""]
            self.assertEqual("open", row["breaker"])
            self.assertIn("expired", row["reason"])
            [tried, taken] = relay.show(queue_id)["attempts"]
            self.assertEqual(("deferred", "transport"), (tried["outcome"], tried["blame"]))
            self.assertEqual("backup", taken["transport"])
            self.assertEqual([], expired.arrived())

    def test_mail_waits_for_a_smarthost_that_is_down(self):
        port = free_port()
        with Relay([self.transport(port=port)], queue={"retry": "1s*"},
                   breaker={"open_for": "1s", "open_max": "1s"}) as relay:
            submit(relay.port, make_message(body="waited for it\r\n"))
            wait_until(lambda: "refused" in str(relay.mailq()), "the first failure")
            with Forwarder(port, self.postfix.submission_port):
                wait_until(lambda: self.copies("waited for it"), "the mail")
                relay.wait_empty()
            self.assertEqual(1, len(self.copies("waited for it")))


class Forwarder:
    """Makes `target` reachable on `port`, both of 127.0.0.1, while entered."""

    def __init__(self, port, target):
        self.listener = socket.create_server(("127.0.0.1", port))
        self.target = target

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target))
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self.copy, args=ends, daemon=True).start()

    @staticmethod
    def copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


if __name__ == "__main__":
    unittest.main()
