"""Fifty thousand connections one after the other: do memory and descriptors stay flat?

  POSTERN=build/release/postern PYTHONPATH=tests /usr/bin/python3 bench/connections.py [COUNT]

Most say EHLO and QUIT; others are reset, in silence, within a command or within a message; some
speak TLS or break off its handshake. Exit status 1 when more than GROWTH of memory, or a single
descriptor, is left over after the first tenth.
"""
import itertools
import pathlib
import socket
import ssl
import struct
import sys
import time

from support.certificate import Certificate
from support.relay import Relay, wait_until

GROWTH_BYTES = 4 << 20
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no time: close() sends RST


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)

    def reply(self):
        said = b""
        while not said.endswith(b"\n") or said.split(b"\r\n")[-2][3:4] == b"-":
            more = self.socket.recv(4096)
            if not more:
                raise ConnectionError("the relay hung up")
            said += more

    def say(self, line):
        self.socket.sendall(line + b"\r\n")
        self.reply()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.socket.close()

    def begin_tls(self, trust):
        self.reply()
        self.say(b"EHLO client.example")
        self.say(b"STARTTLS")
        self.socket = trust.wrap_socket(self.socket, server_hostname="localhost")


def polite(client, _trust):
    client.reply()
    client.say(b"EHLO client.example")
    client.say(b"QUIT")
    client.socket.close()


def reset_at_once(client, _trust):
    client.reset()


def reset_in_a_command(client, _trust):
    client.reply()
    client.socket.sendall(b"EHLO client.exa")
    client.reset()


def reset_in_a_message(client, _trust):
    client.reply()
    for line in (b"EHLO client.example", b"MAIL FROM:<me@product-a.com>",
                 b"RCPT TO:<you@example.net>", b"DATA"):
        client.say(line)
    client.socket.sendall(b"From: me@product-a.com\r\n\r\n" + b"half a message\r\n" * 2000)
    client.reset()


def over_tls(client, trust):
    client.begin_tls(trust)
    client.say(b"EHLO client.example")
    client.say(b"QUIT")
    client.socket.close()


def reset_in_the_handshake(client, _trust):
    client.reply()
    client.say(b"EHLO client.example")
    client.say(b"STARTTLS")
    client.socket.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01")
    client.reset()


KINDS = [polite] * 14 + [reset_at_once, reset_in_a_command, reset_in_a_message,
                         reset_in_the_handshake, over_tls, over_tls]


def sample(relay):
    """(resident bytes, descriptors), once no connection is left."""
    wait_until(lambda: relay.metric("postern_smtp_connections") == 0, "the connections to end")
    pages = int(pathlib.Path(f"/proc/{relay.process.pid}/statm").read_text().split()[1])
    return pages * 4096, len(list(pathlib.Path(f"/proc/{relay.process.pid}/fd").iterdir()))


def measure(count):
    """[(resident bytes, descriptors)] after each tenth of `count` connections."""
    nowhere = {"name": "nowhere", "type": "smtp", "host": "127.0.0.1", "port": 9, "tls": "none"}
    with Certificate() as certificate, \
            Relay([nowhere], tls=certificate.settings(), listener={"tls": "starttls"}) as relay:
        trust = ssl.create_default_context(cafile=certificate.file)
        began = time.monotonic()
        samples = []
        for number, kind in zip(range(1, count + 1), itertools.cycle(KINDS)):
            kind(Client(relay.port), trust)
            if number % (count // 10) == 0:
                memory, descriptors = sample(relay)
                samples.append((memory, descriptors))
                print(f"{number:6} connections, {time.monotonic() - began:5.0f} s: "
                      f"{memory / 2**20:6.1f} MiB resident, {descriptors} descriptors", flush=True)
        return samples


def main():
    samples = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
    grown = samples[-1][0] - samples[0][0]
    left = samples[-1][1] - samples[0][1]
    print(f"from the first tenth to the last: {grown / 2**20:+.1f} MiB, {left:+} descriptors")
    sys.exit(grown > GROWTH_BYTES or left > 0)


if __name__ == "__main__":
    main()
