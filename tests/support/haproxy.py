"""HAProxy in front of a relay, speaking the PROXY protocol to it. Needs the package haproxy.

    with HaProxy([Front(bind, server, "send-proxy-v2")]) as proxy: ...

`bind` and `server` are ADDRESS:PORT; HAProxy connects from `source`, so that its own address can be
told from its clients'.
"""
import dataclasses
import pathlib
import shutil
import socket
import subprocess
import tempfile

from support.relay import wait_until

SOURCE = "127.0.0.9"

GLOBAL = """\
global
    maxconn 100
defaults
    mode tcp
    timeout connect 5s
    timeout client 30s
    timeout server 30s
"""

FRONT = """\
listen front{number}
    bind {bind}
    source {source}
    log stdout format raw daemon
    option tcplog
    {checking}
    server relay {server} {words}
"""


@dataclasses.dataclass
class Front:
    bind: str
    server: str
    words: str  # of the server line
    source: str = SOURCE
    checking: str = ""  # an option for health checks

    def text(self, number):
        return FRONT.format(number=number, **dataclasses.asdict(self))


class HaProxy:
    def __init__(self, fronts):
        self.fronts = fronts
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="postern-haproxy-"))
        self.config = self.directory / "haproxy.cfg"
        self.config.write_text(GLOBAL + "".join(f.text(i) for i, f in enumerate(fronts)))
        self.output = self.directory / "output"
        self.process = None

    def __enter__(self):
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(["/usr/sbin/haproxy", "-db", "-f", str(self.config)],
                                            stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=subprocess.STDOUT)
        wait_until(self.is_up, "HAProxy to listen")
        return self

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"haproxy exited {self.process.returncode}:\n{self.log()}")
        for front in self.fronts:
            host, port = front.bind.rsplit(":", 1)
            try:
                socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
            except ConnectionRefusedError:
                return False
        return True

    def log(self):
        return self.output.read_text(errors="replace")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)
