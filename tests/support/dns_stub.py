"""DnsStub: a name server on a loopback address of its own, as healthy as a test wants it.

wrap() gives the words before a program that then knows no other name server: a mount namespace of
its own with another /etc/resolv.conf. Needs root and unshare (Debian: util-linux).
"""
import pathlib
import random
import socket
import struct
import tempfile
import threading

STOP = b"stop"


class DnsStub:
    """mode: "servfail", "silent" (no answer), "garbage", "none" (no such name), "well" (127.0.0.1).

    options: of resolv.conf(5), how long the system asks.
    """

    def __init__(self, mode, options=""):
        self.mode = mode
        self.asked = []
        # Port 53 is the only one that resolv.conf knows; another test may run at the same time.
        self.address = "127.%d.%d.%d" % tuple(random.randint(1, 254) for _ in range(3))
        self.directory = tempfile.TemporaryDirectory()
        self.file = pathlib.Path(self.directory.name) / "resolv.conf"
        self.file.write_text(f"nameserver {self.address}\noptions {options}\n")

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, 53))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.sendto(STOP, (self.address, 53))
        self.thread.join()
        self.socket.close()
        self.directory.cleanup()

    def wrap(self):
        return ["unshare", "--mount", "sh", "-c",
                'mount --bind "$0" /etc/resolv.conf && exec "$@"', str(self.file)]

    def serve(self):
        while True:
            query, client = self.socket.recvfrom(4096)
            if query == STOP:
                return
            reply = self.reply(query)
            if reply is not None:
                self.socket.sendto(reply, client)

    def reply(self, query):
        """RFC 1035 section 4.1; the question is repeated, of the rest only an A record is known."""
        end = query.index(b"\0", 12) + 5
        question = query[12:end]
        self.asked.append(question[:-4])
        if self.mode == "silent":
            return None
        if self.mode == "garbage":
            return query[:2] + b"\xff" * 40
        code = {"servfail": 2, "none": 3}.get(self.mode, 0)
        is_address = question[-4:-2] == b"\0\1"
        answers = b""
        if self.mode == "well" and is_address:
            answers = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 1, 4) + bytes([127, 0, 0, 1])
        header = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, 1 if answers else 0, 0, 0)
        return header + question + answers
