"""What a client may say, as data: a Case is a dialogue in steps; converse() holds it.

A step is bytes, sent whole once the one reply to the step before it has come. The dialogue ends
with NOOP ("is the next command served?") and the end of what the client sends, so that it needs no
pause and no guess: all that is answered until the server closes counts.
"""
import dataclasses
import socket
import ssl

from support.relay import PATIENCE


@dataclasses.dataclass(frozen=True)
class Tls:
    """A step: the TLS handshake."""


@dataclasses.dataclass(frozen=True)
class Content:
    """A step that is sent only after a 354: a message, dots and all."""

    text: bytes


@dataclasses.dataclass(frozen=True)
class Loose:
    """The last step: nobody knows how many replies it gets, and NOOP comes right behind it."""

    text: bytes


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    steps: tuple
    address: str = "127.0.0.1"  # that the client comes from; 127.0.0.2 is not trusted

    def with_mark(self, mark):
        """The same with `mark` for @@."""
        steps = (dataclasses.replace(step, text=step.text.replace(b"@@", mark))
                 if isinstance(step, (Content, Loose))
                 else step if isinstance(step, Tls) else step.replace(b"@@", mark)
                 for step in self.steps)
        return dataclasses.replace(self, steps=tuple(steps))

    @property
    def text(self):
        """All its bytes."""
        return b"".join(getattr(step, "text", step) for step in self.steps
                        if not isinstance(step, Tls))


class Peer:
    def __init__(self, port, address, ca_file):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE, (address, 0))
        self.ca_file = ca_file
        self.buffer = b""
        self.is_open = True

    def send(self, text):
        try:
            self.socket.sendall(text)
        except OSError:
            pass  # closed already: reading says so, and brings what was said before

    def replies(self, count):
        """So many complete replies, as their codes; fewer when the server closed."""
        codes = []
        while len(codes) < count and self.is_open:
            line = self.line()
            if line and line[3:4] != b"-":
                codes.append(line[:3].decode(errors="replace"))
        return codes

    def line(self):
        while b"\n" not in self.buffer:
            try:
                more = self.socket.recv(1 << 16)
            except ConnectionError:
                more = b""
            if not more:
                self.is_open = False
                return b""
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line

    def start_tls(self):
        context = ssl.create_default_context(cafile=self.ca_file)
        try:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost",
                                              suppress_ragged_eofs=True)
        except OSError:
            self.is_open = False

    def rest(self):
        """Ends what the client sends; what is still answered."""
        try:
            if isinstance(self.socket, ssl.SSLSocket):
                self.send(b"QUIT\r\n")  # TLS has no half of an end in Python
            else:
                self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return self.replies(1 << 30)


def converse(port, case, ca_file):
    """[(what was sent, [codes answered])], beginning with the greeting; the last two are what NOOP
    and the end were answered."""
    peer = Peer(port, case.address, ca_file)
    said = [("(greeting)", peer.replies(1))]
    for step in case.steps:
        answered = said[-1][1]
        if isinstance(step, Tls):
            peer.start_tls()
            said.append(("(TLS handshake)", []))
        elif isinstance(step, Loose):
            peer.send(step.text + b"NOOP\r\n")
            said.append((show(step.text), peer.rest()))
        elif not isinstance(step, Content):
            peer.send(step)
            said.append((show(step), peer.replies(1)))
        elif answered == ["354"]:
            peer.send(step.text)
            said.append((show(step.text), peer.replies(1)))
    if peer.is_open:
        peer.send(b"NOOP\r\n")
        said.append(("NOOP", peer.replies(1)))
        said.append(("(end)", peer.rest()))
    peer.socket.close()
    return said


def show(text):
    """For people: one line, not long."""
    line = repr(text)[2:-1].removesuffix(r"\r\n")
    return line if len(line) <= 60 else f"{line[:40]}... ({len(text)} bytes)"
