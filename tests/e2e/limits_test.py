"""Clients that stall, flood or send mail in circles; the relay keeps its places and its patience."""
import os
import select
import smtplib
import socket
import struct
import unittest

from support.client import make_message, submit
from support.relay import Relay, free_port, wait_until
from support.smtp_sink import SmtpSink


class Peer:
    """A client that says exactly what a test wants, from an address of its own."""

    def __init__(self, port, address="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", port), 20, (address, 0))
        self.lines = self.socket.makefile("rb")

    def close(self):
        self.lines.close()
        self.socket.close()

    def line(self):
        return self.lines.readline().decode()

    def say(self, text):
        """The last line of the reply."""
        self.socket.sendall(text.encode() + b"\r\n")
        reply = self.line()
        while reply[3:4] == "-":
            reply = self.line()
        return reply

    def begin_message(self):
        self.line()
        for command in ("EHLO me", "MAIL FROM:<me@product-a.com>", "RCPT TO:<you@example.net>"):
            self.say(command)
        return self.say("DATA")


class Limits(unittest.TestCase):
    def setUp(self):
        self.sink = self.enterContext(SmtpSink())

    def relay(self, **listener):
        return self.enterContext(Relay([self.sink.transport()], listener=listener))

    def peer(self, relay, address="127.0.0.1"):
        peer = Peer(relay.port, address)
        self.addCleanup(peer.close)
        return peer

    def test_sigterm_while_a_client_stalls_in_data(self):
        relay = self.relay()
        peer = self.peer(relay)
        self.assertTrue(peer.begin_message().startswith("354"))
        peer.socket.sendall(b"From: me@product-a.com\r\n\r\nhalf a mess")
        relay.process.terminate()
        self.assertEqual("421 4.3.2 The relay is restarting; try again in a moment\r\n",
                         peer.line())
        self.assertEqual("", peer.line())
        self.assertEqual(0, relay.process.wait(20))
        relay.start()
        self.assertEqual([], relay.mailq())

    def test_a_flood_of_strangers_leaves_room_for_the_trusted(self):
        relay = self.relay(max_connections=50, trusted=["127.0.0.1/32"])
        strangers = [self.peer(relay, f"127.0.0.{i + 2}") for i in range(60)]
        greetings = [stranger.line() for stranger in strangers]
        self.assertEqual(40, sum(line.startswith("220") for line in greetings))
        self.assertEqual({"421 4.3.2 Too many connections; the relay is busy, please try again in "
                          "a moment\r\n"}, {g for g in greetings if not g.startswith("220")})
        for number in range(10):
            submit(relay.port, make_message(number))
        # And while it is crowded (above 35) nobody keeps a place for long without using it.
        wait_until(lambda: relay.metric("postern_smtp_connections") < 36, "places to be free")
        sent_away = select.select([stranger.socket for stranger in strangers[:40]], [], [], 0)[0]
        self.assertTrue(sent_away)
        for stranger in strangers:
            if stranger.socket in sent_away:
                self.assertTrue(stranger.line().startswith("421 4.4.2"))

    def test_talking_before_the_greeting(self):
        relay = self.relay(trusted=[])
        peer = self.peer(relay)
        peer.socket.sendall(b"EHLO spam.example\r\n")
        self.assertEqual("554 5.5.0 Wait for the greeting before you speak\r\n", peer.line())
        self.assertEqual("", peer.line())

    def test_too_many_errors_and_idle_commands(self):
        relay = self.relay()
        for command, allowed in (("FROB", 20), ("NOOP", 100)):
            with self.subTest(command=command):
                peer = self.peer(relay)
                peer.line()
                peer.say("EHLO me")
                replies = [peer.say(command) for _ in range(allowed + 1)]
                self.assertEqual({"500" if command == "FROB" else "250"},
                                 {reply[:3] for reply in replies[:-1]})
                self.assertTrue(replies[-1].startswith("421 4.7.0 Too many"))
                self.assertEqual("", peer.line())

    def test_connections_leave_nothing_behind(self):
        relay = self.relay()

        def descriptors():
            wait_until(lambda: relay.metric("postern_smtp_connections") == 0, "nobody to be there")
            return len(os.listdir(f"/proc/{relay.process.pid}/fd"))

        def visit(number):
            peer = self.peer(relay)
            if number % 4 == 0:
                peer.begin_message()
                peer.socket.sendall(b"half a mess")
            elif number % 4 == 1:
                peer.line()
                peer.say("QUIT")
            elif number % 4 == 2:  # no time for what is not yet sent: a reset
                peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
            peer.close()

        for number in range(20):
            visit(number)
        before = descriptors()
        for number in range(200):
            visit(number)
        wait_until(lambda: descriptors() <= before, f"no more than {before} descriptors")

    def test_a_nul_in_any_command(self):
        peer = self.peer(self.relay())
        peer.line()
        for command in ("EHLO a\0b", "EHLO \0", "NOOP\0", "\0", "MAIL FROM:<a\0@b.example>"):
            self.assertEqual("500 5.5.2 The command has a NUL byte in it; remove that\r\n",
                             peer.say(command), repr(command))
        self.assertTrue(peer.say("EHLO me").startswith("250 "))

    def test_mail_in_a_circle_ends_at_once(self):
        port = free_port()
        itself = {"name": "itself", "type": "smtp", "host": "127.0.0.1", "port": port,
                  "tls": "none"}
        relay = self.enterContext(Relay([itself], listener={"bind": f"127.0.0.1:{port}"}))
        relay.port = port
        queue_id = submit(relay.port)
        shown = wait_until(
            lambda: (m := relay.show(queue_id))["deliveries"][0]["state"] == "failed" and m,
            "the delivery to fail")
        self.assertIn("5.4.6 The message was here before", shown["attempts"][0]["reply"])
        relay.wait_empty()

    def test_a_client_that_hangs_up_at_any_point_leaves_nothing(self):
        relay = self.relay()
        spoken = (b"EHLO me\r\nMAIL FROM:<me@product-a.com>\r\nRCPT TO:<you@example.net>\r\n"
                  b"DATA\r\nFrom: me@product-a.com\r\n\r\ntext\r\n.\r\n")
        for end in range(0, len(spoken) - 1, 7):
            with socket.create_connection(("127.0.0.1", relay.port), 20) as peer:
                peer.recv(1000)
                peer.sendall(spoken[:end])
        wait_until(lambda: relay.metric("postern_smtp_connections") == 0, "the sessions to end")
        self.assertEqual([], relay.mailq())
        with smtplib.SMTP("127.0.0.1", relay.port, timeout=20) as client:
            self.assertEqual(250, client.ehlo()[0])


if __name__ == "__main__":
    unittest.main()
