"""Five thousand idle and slow clients for two minutes: does a trusted sender notice?

  POSTERN=build/release/postern PYTHONPATH=tests /usr/bin/python3 bench/idle_clients.py \
      [--clients 5000] [--seconds 120] [--rounds 3] [--places 8000]

Rounds alternate: the sender (smtp-source, a new connection for each mail, from 127.0.0.1, which is
trusted) alone, then with the crowd, whose clients come from a thousand other addresses and are
silent, send a byte of a command or of a message every few seconds, or stall in a TLS handshake.
Who is sent away comes again. Each rate in the crowd is compared with those before and after it;
exit status 1 when the median is below KEPT. With --places 1000, the default of a listener, most
find no place at all, and the others have 10 s to say something.
"""
import argparse
import heapq
import os
import pathlib
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import threading
import time

from support.certificate import Certificate
from support.relay import Relay, free_port, wait_until

KEPT = 0.95
EVERY_SECONDS = 4  # a byte of a slow client
AGAIN_SECONDS = 1  # until a client that was sent away is back

HELLO = b"EHLO slow.example\r\n"
BEGIN = HELLO + b"MAIL FROM:<slow@example.org>\r\nRCPT TO:<you@example.net>\r\n"

# What a client says at once, what it goes on with byte by byte, and how many of 20 are like it.
KINDS = {
    "silent": (b"", b"", 8),
    "slow in a command": (b"", b"NOOP " + b"a" * 400, 5),
    "slow in a message": (BEGIN + b"DATA\r\n", b"X-Field: " + b"a" * 900, 4),
    "stalled handshake": (HELLO + b"STARTTLS\r\n", b"", 2),
    "slow handshake": (HELLO + b"STARTTLS\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" * 50, 1),
}


class Client:
    def __init__(self, number):
        kinds = [kind for kind, (*_, share) in KINDS.items() for _ in range(share)]
        self.at_once, self.slowly, _ = KINDS[kinds[number % len(kinds)]]
        self.address = f"127.{1 + number % 1000 // 250}.0.{1 + number % 250}"
        self.socket = None
        self.said = 0
        self.greeted = False


class Crowd:
    """The clients, on one thread and one epoll; leave() ends them."""

    def __init__(self, port, count):
        self.port = port
        self.clients = [Client(number) for number in range(count)]
        self.selector = selectors.EpollSelector()
        self.sent_away = 0
        self.refused = 0
        self.leaving = False
        self.thread = threading.Thread(target=self.run)

    def connected(self):
        return sum(client.greeted for client in self.clients)

    def run(self):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)  # the machine is small
        began = time.monotonic()
        count = len(self.clients)
        due = [(began + EVERY_SECONDS * i / count, i) for i in range(count)]  # when each acts next
        while not self.leaving:
            now = time.monotonic()
            while due[0][0] <= now:
                _, number = heapq.heappop(due)
                heapq.heappush(due, (self.act(self.clients[number], now), number))
            self.listen(min(due[0][0] - now, 0.2))

    def act(self, client, now):
        """Connects, or says the next byte; returns when to act again."""
        if client.socket is None:
            self.connect(client)
        elif client.greeted and client.slowly:
            byte = client.slowly[client.said % len(client.slowly):][:1]
            client.said += 1
            try:
                client.socket.send(byte)
            except OSError:
                self.lost(client)
        return now + (EVERY_SECONDS if client.socket else AGAIN_SECONDS)

    def connect(self, client):
        client.socket = socket.socket()
        client.socket.setblocking(False)
        client.socket.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        client.socket.bind((client.address, 0))
        client.socket.connect_ex(("127.0.0.1", self.port))
        self.selector.register(client.socket, selectors.EVENT_READ, client)

    def listen(self, seconds):
        for key, _ in self.selector.select(seconds):
            client = key.data
            try:
                heard = client.socket.recv(4096)
            except OSError:
                heard = b""
            if not heard or heard.startswith(b"421"):
                self.refused += not client.greeted
                self.lost(client)
            elif not client.greeted:
                client.greeted = True
                client.socket.send(client.at_once)

    def lost(self, client):
        self.sent_away += client.greeted
        self.selector.unregister(client.socket)
        client.socket.close()
        client.socket, client.greeted = None, False

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.leaving = True
        self.thread.join()
        for client in self.clients:
            if client.socket:
                client.socket.close()


def rate(port, seconds):
    """Mails a second over about so many seconds."""
    began, sent = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        subprocess.run(["smtp-source", "-s", "8", "-m", "500", "-l", "4096", "-f",
                        "me@product-a.com", "-t", "you@example.net", f"127.0.0.1:{port}"],
                       check=True)
        sent += 500
    return sent / (time.monotonic() - began)


def resident_mib(relay):
    pages = int(pathlib.Path(f"/proc/{relay.process.pid}/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def alone(relay, options):
    relay.wait_empty()
    return rate(relay.port, options.seconds / 2)


def in_the_crowd(relay, options):
    relay.wait_empty()
    with Crowd(relay.port, options.clients) as crowd:
        expected = min(options.clients, options.places * 4 // 5)
        wait_until(lambda: crowd.connected() >= expected * 0.99, f"{expected} connections")
        crowded = rate(relay.port, options.seconds)
        print(f"{crowd.connected()} connected, {crowd.sent_away} were sent away, {crowd.refused} "
              f"refused; {resident_mib(relay):.0f} MiB", flush=True)
    wait_until(lambda: relay.metric("postern_smtp_connections") == 0, "the crowd to be gone")
    return crowded


def measure(relay, options):
    """The share kept in each round: against the mean of the rates before and after it."""
    kept, before = [], alone(relay, options)
    for _ in range(options.rounds):
        crowded, after = in_the_crowd(relay, options), alone(relay, options)
        kept.append(crowded / ((before + after) / 2))
        print(f"{before:.0f}/s before, {crowded:.0f}/s in the crowd, {after:.0f}/s after: "
              f"{kept[-1]:.1%}", flush=True)
        before = after
    return kept


def main():
    parser = argparse.ArgumentParser()
    for name, default in (("clients", 5000), ("seconds", 120), ("rounds", 3), ("places", 8000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    port = free_port()
    sink = {"name": "sink", "type": "smtp", "host": "127.0.0.1", "port": port, "tls": "none"}
    with Certificate() as certificate, subprocess.Popen(
            ["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "500"]) as process, \
            Relay([sink], tls=certificate.settings(), listener={
                "tls": "starttls", "trusted": ["127.0.0.1/32"], "max_connections": options.places,
                "max_connections_per_address": 200}) as relay:
        try:
            rate(relay.port, 3)
            ratios = measure(relay, options)
        finally:
            process.terminate()
    kept = statistics.median(ratios)
    print(f"the sender keeps {kept:.1%} of its rate (median of {len(ratios)})")
    sys.exit(kept < KEPT)


if __name__ == "__main__":
    main()
