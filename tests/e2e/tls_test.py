"""TLS at the door: what the ports offer; reload; hostile peers. Clients: client_matrix_test.py."""
import re
import smtplib
import socket
import ssl
import subprocess
import unittest

from support.certificate import Certificate
from support.client import Refused, make_message, message_id, submit, submit_on
from support.relay import Relay, free_port, wait_until
from support.smtp_sink import SmtpSink


def run(*command, stdin=None, status=0):
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=120)
    if status is not None and done.returncode != status:
        raise AssertionError(f"{command[0]} exited {done.returncode}:\n{done.stdout[-3000:]}")
    return done.stdout


class TlsRelay(unittest.TestCase):
    """One relay with a port of each kind."""

    @classmethod
    def setUpClass(cls):
        cls.certificate = cls.enterClassContext(Certificate())
        cls.sink = cls.enterClassContext(SmtpSink())
        cls.starttls, cls.required, cls.implicit = (free_port() for _ in range(3))
        relay = Relay([cls.sink.transport()], tls=cls.certificate.settings())
        [plain] = relay.settings["listener"]
        for tls in ("starttls", "required", "implicit"):
            bind = f"127.0.0.1:{getattr(cls, tls)}"
            relay.settings["listener"].append({**plain, "bind": bind, "tls": tls})
        relay.write_config()
        cls.relay = cls.enterClassContext(relay)

    def setUp(self):
        self.before = len(self.sink.received())

    def arrived(self):
        """The one mail this test made arrive."""
        wait_until(lambda: len(self.sink.received()) > self.before, "the mail")
        self.relay.wait_empty()
        [mail] = self.sink.received()[self.before:]
        return mail

    def nothing_arrived(self):
        submit(self.relay.port, make_message(99))  # comes behind whatever there was
        self.assertEqual(message_id(99), self.arrived().field("Message-ID"))


class Ports(TlsRelay):
    def test_openssl_s_client(self):
        for port, extra in ((self.required, ("-starttls", "smtp")), (self.implicit, ())):
            said = run("openssl", "s_client", "-connect", f"localhost:{port}", *extra, "-CAfile",
                       self.certificate.file, "-verify_return_error", "-brief", "-crlf",
                       stdin="EHLO me\nQUIT\n", status=None)
            self.assertIn("Verification: OK", said)

    def test_sslscan_finds_nothing_to_complain_of(self):
        for port, extra in ((self.starttls, ("--starttls-smtp",)), (self.implicit, ())):
            with self.subTest(port=port):
                said = run("sslscan", "--no-colour", *extra, f"127.0.0.1:{port}")
                for old in ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"):
                    self.assertRegex(said, rf"{re.escape(old)}\s+disabled")
                for new in ("TLSv1.2", "TLSv1.3"):
                    self.assertRegex(said, rf"{re.escape(new)}\s+enabled")
                self.assertIn("Session renegotiation not supported", said)
                self.assertNotIn("Compression enabled", said)
                self.assertNotRegex(said, r"(?<!not )vulnerable to heartbleed")
                ciphers = re.findall(r"(?:Preferred|Accepted)\s+TLSv1\.2\s+\d+ bits\s+(\S+)", said)
                self.assertTrue(ciphers)
                for cipher in ciphers:
                    self.assertRegex(cipher, r"^ECDHE-.*(GCM|CHACHA20)")


class Required(TlsRelay):
    def test_no_mail_without_tls(self):
        with self.assertRaises(Refused) as refused:
            submit(self.required)
        self.assertEqual(530, refused.exception.code)
        self.assertIn("TLS", refused.exception.text)
        self.nothing_arrived()


class Hostile(TlsRelay):
    def dialogue(self, port, until_tls=True):
        plain = socket.create_connection(("localhost", port), 10)
        self.addCleanup(plain.close)
        lines = plain.makefile("rb")
        lines.readline()
        plain.sendall(b"EHLO me\r\n")
        while lines.readline()[3:4] == b"-":
            pass
        if until_tls:
            plain.sendall(b"STARTTLS\r\n")
            self.assertTrue(lines.readline().startswith(b"220"))
        return plain, lines

    def test_what_comes_behind_starttls_is_never_answered(self):
        plain, lines = self.dialogue(self.starttls, until_tls=False)
        plain.sendall(b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@product-a.com>\r\n")
        self.assertEqual([b"554 5.5.1 Wait for 220 before you begin TLS\r\n"], list(lines))

    def test_plain_text_instead_of_a_handshake(self):
        plain, lines = self.dialogue(self.starttls)
        plain.sendall(b"MAIL FROM:<evil@product-a.com>\r\n")
        self.assertNotIn(b"250", b"".join(lines))
        self.nothing_arrived()

    def test_plain_text_on_the_implicit_port(self):
        with socket.create_connection(("localhost", self.implicit), 10) as plain:
            plain.sendall(b"EHLO me\r\n")
            self.assertNotIn(b"250", b"".join(plain.makefile("rb")))

    def in_data(self):
        plain, _ = self.dialogue(self.starttls)
        secure = self.certificate.trust().wrap_socket(plain, server_hostname="localhost",
                                                      suppress_ragged_eofs=False)
        self.addCleanup(secure.close)
        lines = secure.makefile("rb")
        for line in (b"EHLO me", b"MAIL FROM:<me@product-a.com>", b"RCPT TO:<you@example.net>",
                     b"DATA"):
            secure.sendall(line + b"\r\n")
            while lines.readline()[3:4] == b"-":
                pass
        secure.sendall(b"From: me@product-a.com\r\n\r\nhalf a mess")
        return secure

    def test_close_notify_in_the_middle_of_data_queues_nothing(self):
        secure = self.in_data()
        plain = secure.unwrap()
        # What follows in plain text is nobody's message either.
        try:
            plain.sendall(b"age\r\n.\r\n")
            self.assertEqual(b"", plain.recv(1000))
        except ConnectionError:
            pass
        self.nothing_arrived()

    def test_a_cut_in_the_middle_of_data_queues_nothing(self):
        secure = self.in_data()
        secure.shutdown(socket.SHUT_RDWR)
        secure.close()
        self.nothing_arrived()

    def test_nothing_said_before_tls_counts_after_it(self):
        plain, _ = self.dialogue(self.starttls)
        with self.certificate.trust().wrap_socket(plain, server_hostname="localhost") as secure:
            secure.sendall(b"MAIL FROM:<me@product-a.com>\r\n")
            self.assertTrue(secure.recv(1000).startswith(b"503 5.5.1 Send EHLO first"))


class Reload(unittest.TestCase):
    def setUp(self):
        self.certificate = self.enterContext(Certificate())
        self.sink = self.enterContext(SmtpSink())
        self.relay = self.enterContext(Relay([self.sink.transport()],
                                             tls=self.certificate.settings(),
                                             listener={"tls": "implicit"}))

    def connect(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return smtplib.SMTP_SSL("localhost", self.relay.port, timeout=10, context=context)

    def shown(self):
        with self.connect() as client:
            return client.sock.getpeercert(True)

    def reload(self, word):
        before = self.relay.log().count(word)
        self.relay.reload()
        wait_until(lambda: self.relay.log().count(word) > before, word)

    def test_new_connections_see_the_new_certificate_and_old_ones_go_on(self):
        old = self.certificate.der()
        with self.connect() as client:
            self.assertEqual(old, client.sock.getpeercert(True))
            self.certificate.renew()
            self.reload("reloaded")
            submit_on(client, "me@product-a.com", ["you@example.net"], make_message(1))
            self.assertEqual(self.certificate.der(), self.shown())
            self.assertNotEqual(old, self.certificate.der())
            submit_on(client, "me@product-a.com", ["you@example.net"], make_message(2))

    def test_a_bad_certificate_changes_nothing_and_says_where(self):
        old = self.certificate.der()
        with Certificate() as other:
            self.relay.settings["tls"]["certificate"] = other.file
            self.relay.write_config()
            self.reload("reload_refused")
        place = next(number for number, line
                     in enumerate(self.relay.config_file.read_text().splitlines(), 1)
                     if line.startswith("key = "))
        [line] = [line for line in self.relay.log().splitlines() if "reload_refused" in line]
        self.assertIn(f"{self.relay.config_file}:{place}:", line)
        self.assertIn("does not belong to the certificate", line)
        self.assertEqual(old, self.shown())

    def test_a_certificate_about_to_expire_is_a_warning(self):
        self.certificate.renew(days=2)
        self.reload("config_warning")
        self.assertIn("renew it and send SIGHUP", self.relay.log())
        self.assertEqual(self.certificate.der(), self.shown())


if __name__ == "__main__":
    unittest.main()
