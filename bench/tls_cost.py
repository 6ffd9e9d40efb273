"""What TLS costs: CPU of the relay a message and a connection, plain and encrypted, in one run.

  POSTERN=build/release/postern PYTHONPATH=tests /usr/bin/python3 bench/tls_cost.py [ROUNDS]

The relay's own CPU time (utime + stime) is compared, not the rate: a client in Python is the
slower end and would hide the difference. Rounds alternate, so a machine's moods hit both.
"""
import pathlib
import smtplib
import ssl
import statistics
import sys

from support.certificate import Certificate
from support.relay import Relay

MESSAGES = 400  # a round, over one connection
CONNECTIONS = 150  # a round, without mail


def cpu_ms(pid):
    """Milliseconds of CPU all threads of a process have used; exact, where ticks are 10 ms."""
    return sum(int(pathlib.Path(task, "schedstat").read_text(encoding="ascii").split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e6


def connect(relay, tls):
    client = smtplib.SMTP("localhost", relay.port, timeout=60)
    client.ehlo()
    if tls:
        client.starttls(context=tls)
        client.ehlo()
    return client


def mail(size, number):
    head = (f"From: a@product.com\r\nTo: b@example.net\r\nSubject: {number}\r\n"
            f"Message-ID: <{number}@product.com>\r\n\r\n")
    line = "x" * 70 + "\r\n"
    return head + line * ((size - len(head)) // len(line))


def messages(relay, tls, size, number):
    """CPU in ms a message of `size` bytes over a connection that is there already."""
    with connect(relay, tls) as client:
        client.sendmail("a@product.com", ["b@example.net"], mail(size, f"{number}-first"))
        count = MESSAGES if size < 100_000 else MESSAGES // 10
        before = cpu_ms(relay.process.pid)
        for i in range(count):
            client.sendmail("a@product.com", ["b@example.net"], mail(size, f"{number}-{i}"))
        return (cpu_ms(relay.process.pid) - before) / count


def connections(relay, tls, _size, _number):
    """CPU in ms a connection: greeting, EHLO, (handshake, EHLO,) QUIT."""
    before = cpu_ms(relay.process.pid)
    for _ in range(CONNECTIONS):
        connect(relay, tls).quit()
    return (cpu_ms(relay.process.pid) - before) / CONNECTIONS


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    nowhere = {"name": "nowhere", "type": "smtp", "host": "127.0.0.1", "port": 9, "tls": "none"}
    with Certificate() as certificate, \
            Relay([nowhere], listener={"tls": "starttls"}, tls=certificate.settings()) as relay:
        trust = ssl.create_default_context(cafile=certificate.file)
        for name, measure, size in (("message of 4 KiB", messages, 4096),
                                    ("message of 1 MiB", messages, 1 << 20),
                                    ("connection", connections, 0)):
            pairs = []
            for number in range(rounds):
                pairs.append((measure(relay, None, size, f"plain-{size}-{number}"),
                              measure(relay, trust, size, f"tls-{size}-{number}")))
            plain = statistics.median(pair[0] for pair in pairs)
            tls = statistics.median(pair[1] for pair in pairs)
            print(f"{name}: plain {plain:.3f} ms, TLS {tls:.3f} ms of CPU, "
                  f"{tls - plain:+.3f} ms, x{tls / plain:.2f}", flush=True)


if __name__ == "__main__":
    main()
