"""Ports for servers that a test starts: none that the kernel gives to outgoing connections.

One of those may be taken between the moment it was found free and the moment the server binds it,
on a machine where other tests make thousands of connections; and what answers there is a stranger.
"""
import pathlib
import random
import socket

FIRST = 10_000


def free_ports(count):
    """Ports of 127.0.0.1 nobody uses, all different."""
    lowest = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]
    candidates = range(FIRST, max(int(lowest), 2 * FIRST))
    chosen = []
    while len(chosen) < count:
        port = random.SystemRandom().choice(candidates)
        if port not in chosen and is_free(port):
            chosen.append(port)
    return chosen


def free_port():
    return free_ports(1)[0]


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
