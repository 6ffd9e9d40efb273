"""Behind HAProxy: the client's own address counts, and only trusted proxies are believed."""
import smtplib
import socket
import ssl
import unittest

from support.certificate import Certificate
from support.client import Refused, check, make_message, submit_on
from support.haproxy import SOURCE, Front, HaProxy
from support.relay import Relay, free_port, wait_until
from support.smtp_sink import SmtpSink

TRUSTED_CLIENT, STRANGER = "127.0.0.2", "127.0.0.3"
V2_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


class BehindHaProxy(unittest.TestCase):
    """One listener for each flavour, and HAProxy before each."""

    @classmethod
    def setUpClass(cls):
        cls.certificate = cls.enterClassContext(Certificate())
        cls.sink = cls.enterClassContext(SmtpSink())
        relay = Relay([cls.sink.transport()], tls=cls.certificate.settings())
        cls.plain = f"127.0.0.1:{relay.port}"
        cls.implicit, cls.limited = (f"127.0.0.1:{free_port()}" for _ in range(2))
        listener = {"trusted": [f"{SOURCE}/32", f"{TRUSTED_CLIENT}/32", "::1/128"],
                    "proxy_protocol": True}
        relay.settings["listener"] = [
            {**listener, "bind": cls.plain},
            {**listener, "bind": cls.implicit, "tls": "implicit"},
            {**listener, "bind": cls.limited, "max_connections_per_address": 2}]
        relay.write_config()
        cls.relay = cls.enterClassContext(relay)
        cls.v1, cls.v2, cls.tls, cls.few = (free_port() for _ in range(4))
        cls.v6, cls.v6_v2 = free_port(), free_port()
        cls.proxy = cls.enterClassContext(HaProxy([
            Front(f"127.0.0.1:{cls.v1}", cls.plain, "send-proxy"),
            Front(f"127.0.0.1:{cls.v2}", cls.plain, "send-proxy-v2 proxy-v2-options unique-id"),
            Front(f"127.0.0.1:{cls.tls}", cls.implicit, "send-proxy-v2"),
            Front(f"127.0.0.1:{cls.few}", cls.limited, "send-proxy"),
            Front(f"[::1]:{cls.v6}", cls.plain, "send-proxy"),
            Front(f"[::1]:{cls.v6_v2}", cls.plain, "send-proxy-v2")]))

    def client(self, port, address=TRUSTED_CLIENT):
        source = None if ":" in address else (address, 0)
        host = "::1" if ":" in address else "127.0.0.1"
        return self.enterContext(smtplib.SMTP(host, port, timeout=10, source_address=source))

    def mail_by(self, client, number):
        before = len(self.sink.received())
        submit_on(client, "agent@product-a.com", ["a@example.net"], make_message(number))
        wait_until(lambda: len(self.sink.received()) > before, "the mail")
        return self.sink.received()[before]

    def test_received_names_the_client_not_the_proxy(self):
        for number, port in enumerate((self.v1, self.v2), 100):
            mail = self.mail_by(self.client(port), number)
            self.assertRegex(mail.field("Received"), rf"^from \S+ \(\[{TRUSTED_CLIENT}\]\)")
            self.assertNotIn(SOURCE.encode(), mail.content)

    def test_ipv6_clients(self):
        for number, port in enumerate((self.v6, self.v6_v2), 200):
            mail = self.mail_by(self.client(port, "::1"), number)
            self.assertRegex(mail.field("Received"), r"^from \S+ \(\[IPv6:::1\]\)")

    def test_implicit_tls_whose_hello_follows_the_header_at_once(self):
        with socket.create_connection(("127.0.0.1", self.tls), source_address=(TRUSTED_CLIENT, 0),
                                      timeout=10) as plain:
            with self.certificate.trust().wrap_socket(plain, server_hostname="localhost") as safe:
                self.assertRegex(safe.recv(100), rb"^220 ")

    def test_header_and_tls_hello_in_one_segment(self):
        """What HAProxy may do when it is busy; here certainly."""
        host, port = self.implicit.split(":")
        hello = ssl.MemoryBIO()
        client = self.certificate.trust().wrap_bio(ssl.MemoryBIO(), hello,
                                                     server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            client.do_handshake()
        header = f"PROXY TCP4 {TRUSTED_CLIENT} 127.0.0.1 1 2\r\n".encode()
        with socket.create_connection((host, int(port)), source_address=(SOURCE, 0),
                                      timeout=10) as proxy:
            proxy.sendall(header + hello.read())
            self.assertEqual(b"\x16\x03", proxy.recv(2), "a TLS handshake record")

    def test_trust_is_the_clients_not_the_proxys(self):
        for port in (self.v1, self.v2):
            with self.assertRaises(Refused) as refused:
                submit_on(self.client(port, STRANGER), "agent@product-a.com", ["a@example.net"],
                          make_message(1))
            self.assertEqual(550, refused.exception.code)
            self.assertIn("5.7.1", refused.exception.text)

    def test_limits_count_by_client(self):
        busy, other = "127.0.0.4", "127.0.0.5"  # nobody else uses them
        first, second = (self.client(self.few, busy) for _ in range(2))
        with self.assertRaises(smtplib.SMTPConnectError) as refused:
            self.client(self.few, busy)
        self.assertEqual(421, refused.exception.smtp_code)
        check(self.client(self.few, other).noop(), 250)
        for client in (first, second):
            check(client.noop(), 250)

    def test_logs_name_the_client(self):
        self.mail_by(self.client(self.v1), 300)
        wait_until(lambda: f"client={TRUSTED_CLIENT}" in self.relay.log(), "the log")


class WithoutHaProxy(unittest.TestCase):
    """What reaches a proxied listener by another way is let go without a word of SMTP."""

    @classmethod
    def setUpClass(cls):
        cls.relay = cls.enterClassContext(Relay(
            [{"name": "none", "type": "smtp", "host": "127.0.0.1", "tls": "none"}],
            listener={"trusted": [f"{SOURCE}/32"], "proxy_protocol": True}))

    def said_to(self, data, source=SOURCE):
        """All that the relay says to these bytes until it closes."""
        with socket.create_connection(("127.0.0.1", self.relay.port), timeout=20,
                                      source_address=(source, 0)) as client:
            said = b""
            try:
                client.sendall(data)
                while more := client.recv(4096):
                    said += more
            except ConnectionResetError:
                pass
            return said

    def logged(self, text):
        wait_until(lambda: text in self.relay.log(), text)

    def test_no_header(self):
        self.assertEqual(b"", self.said_to(b"EHLO client.example\r\n"))
        self.logged("not the PROXY protocol")

    def test_silence_ends(self):
        self.assertEqual(b"", self.said_to(b""))
        self.logged("no PROXY header")

    def test_half_a_header(self):
        self.assertEqual(b"", self.said_to(b"PROXY TCP4 192.0.2.1"))

    def test_broken_headers(self):
        for header in (b"PROXY TCP4 192.0.2.256 192.0.2.1 1 2\r\n", b"PROXY UNKNOWN\n\n\n",
                       V2_SIGNATURE + b"\x31\x11\0\x0c" + bytes(12), b"\x16\x03\x01\0\0"):
            self.assertEqual(b"", self.said_to(header + b"QUIT\r\n"))

    def test_header_from_somebody_else(self):
        header = f"PROXY TCP4 {SOURCE} 127.0.0.1 1 2\r\nQUIT\r\n".encode()
        self.assertEqual(b"", self.said_to(header, source=STRANGER))
        self.logged("not a trusted proxy")

    def test_the_proxy_itself_and_an_unknown_client(self):
        mail = b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nRSET\r\nQUIT\r\n"
        for header, reply in ((V2_SIGNATURE + b"\x20\0\0\0", b"250 2.1.5"),
                              (V2_SIGNATURE + b"\x21\0\0\0", b"550 5.7.1"),
                              (b"PROXY UNKNOWN\r\n", b"550 5.7.1")):
            with socket.create_connection(("127.0.0.1", self.relay.port), timeout=20,
                                          source_address=(SOURCE, 0)) as client:
                client.sendall(header)
                self.assertRegex(client.recv(100), b"^220 ")
                client.sendall(mail)
                said = b""
                while more := client.recv(4096):
                    said += more
                self.assertIn(reply, said)

    def test_health_checks_of_haproxy(self):
        port = free_port()
        front = Front(f"127.0.0.1:{port}", f"127.0.0.1:{self.relay.port}",
                      "send-proxy-v2 check check-send-proxy inter 200ms fall 1 rise 1",
                      checking="option smtpchk EHLO check.example\n    option log-health-checks")
        before = self.relay.log().count("refused")
        with HaProxy([front]) as proxy:
            wait_until(lambda: "succeeded" in proxy.log(), "a health check to succeed")
            self.assertNotIn("DOWN", proxy.log())
        self.assertEqual(before, self.relay.log().count("refused"))


if __name__ == "__main__":
    unittest.main()
