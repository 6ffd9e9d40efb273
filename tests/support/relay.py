"""Relay: the built program with a configuration of its own, as an operator would run it.

A test describes what matters to it (transports, domains, settings) as dictionaries; ports, state
directory and the rest come from here. Start and stop wait for conditions, never for a while.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from support.ports import free_port

PROGRAM = os.environ.get("POSTERN", "build/dev/postern")
# Sanitizers and a loaded machine make everything slower, never wrong.
PATIENCE = float(os.environ.get("POSTERN_PATIENCE", "60"))


class RelayExited(Exception):
    """The daemon ended though it should run; `status` and `log` say how."""

    def __init__(self, status, log):
        super().__init__(f"postern exited with {status}:\n{log[-4000:]}")
        self.status = status
        self.log = log


def wait_until(condition, what, seconds=None):
    """Polls until condition() is true and returns what it returned."""
    deadline = time.monotonic() + (seconds or PATIENCE)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds or PATIENCE:g} s in vain for {what}")
        time.sleep(0.02)


def to_toml(value):
    """A dictionary as TOML: plain values first, then tables and arrays of tables."""
    lines = []

    def scalar(item):
        if isinstance(item, dict):
            return "{ " + ", ".join(f"{k} = {scalar(v)}" for k, v in item.items()) + " }"
        if isinstance(item, list):
            return "[" + ", ".join(map(scalar, item)) + "]"
        return json.dumps(item)

    def is_table(item):
        return isinstance(item, dict) and not set(item) & {"env", "file"}

    def is_tables(item):
        return isinstance(item, list) and item and all(map(is_table, item))

    def table(path, items):
        for key, item in items.items():
            if not is_table(item) and not is_tables(item):
                lines.append(f"{key} = {scalar(item)}")
        for key, item in items.items():
            if is_table(item):
                lines.append(f"[{'.'.join(path + [key])}]")
                table(path + [key], item)
            elif is_tables(item):
                for entry in item:
                    lines.append(f"[[{'.'.join(path + [key])}]]")
                    table(path + [key], entry)

    table([], value)
    return "\n".join(lines) + "\n"


class Relay:
    """with Relay(transports=[...]) as relay: ...

    settings: further sections ("queue", "breaker", "domain", "listener", ...), merged over the
    defaults below. state: an existing directory to use. wrap: words before the program (strace).
    """

    def __init__(self, transports, state=None, wrap=(), environment=None, **settings):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="postern-test-"))
        self.state = pathlib.Path(state) if state else self.directory / "state"
        self.state.mkdir(exist_ok=True)
        self.port = free_port()
        self.admin_port = free_port()
        self.socket = self.state / "admin.sock"
        self.config_file = self.directory / "postern.toml"
        self.log_file = self.directory / "log"
        self.wrap = list(wrap)
        self.environment = dict(os.environ, **(environment or {}))
        self.process = None
        listener = {"bind": f"127.0.0.1:{self.port}", "trusted": ["127.0.0.0/8"],
                    "max_connections_per_address": 1000, **settings.pop("listener", {})}
        self.settings = {
            "server": {"name": "test-node", "hostname": "relay.example.com",
                       "state": str(self.state), **settings.pop("server", {})},
            "listener": [listener],
            # Tests submit the same text over and over; those of de-duplication say so.
            "queue": {"dedupe_window": "0s", **settings.pop("queue", {})},
            "transport": transports,
            "admin": {"bind": f"127.0.0.1:{self.admin_port}", **settings.pop("admin", {})},
            **settings,
        }
        self.write_config()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.clean()
            raise

    def __exit__(self, kind, *_):
        if kind is not None:
            print(f"--- log of {self.directory}, its end:\n{self.log()[-6000:]}", flush=True)
        self.clean()

    def clean(self):
        if self.running():
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    # ---- its life -----------------------------------------------------------------------------

    def write_config(self, text=None):
        self.config_file.write_text(to_toml(self.settings) if text is None else text)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def spawn(self):
        """Starts without waiting for anything."""
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [*self.wrap, PROGRAM, "serve", "--config", str(self.config_file)],
                stderr=log, stdout=log, stdin=subprocess.DEVNULL, env=self.environment,
                cwd=self.directory)
        return self

    def start(self):
        self.spawn()
        wait_until(self.ready, "the relay to be ready")
        return self

    def ready(self):
        if not self.running():
            raise RelayExited(self.process.returncode, self.log())
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def kill9(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=None):
        """SIGTERM; returns the exit status once it has ended by itself."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds or PATIENCE)

    def restart(self):
        if self.running():
            self.stop()
        return self.start()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def vm_hwm_bytes(self):
        """Peak resident memory since the start."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    # ---- what operators do ----------------------------------------------------------------------

    def cli(self, *words, status=0, stdin=None):
        """Runs `postern words... --socket`; fails unless it exits with `status` (None: any)."""
        command = [PROGRAM, *map(str, words), "--socket", str(self.socket)]
        run = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, timeout=PATIENCE)
        if status is not None and run.returncode != status:
            raise AssertionError(f"{command} exited {run.returncode}, not {status}:\n"
                                 f"{run.stdout}{run.stderr}")
        return run

    def json(self, *words):
        return json.loads(self.cli(*words, "--json").stdout)

    def mailq(self, *filters):
        return self.json("mailq", *filters)

    def show(self, message_id):
        return self.json("show", message_id)

    def transports(self):
        """{(transport, domain): row}; the domain "" is the transport as a whole."""
        rows = {}
        for transport in self.json("transports"):
            for domain in transport["domains"]:
                rows[transport["name"], domain["domain"]] = domain
        return rows

    def get(self, path):
        """(status, body) of a request to the admin port."""
        try:
            url = f"http://127.0.0.1:{self.admin_port}{path}"
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name, **labels):
        """The sum of all samples of that name whose labels include these; 0 when there is none."""
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            match = re.match(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if not match or match.group(1) != name:
                continue
            found = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match.group(2) or ""))
            if all(found.get(key) == value for key, value in labels.items()):
                total += float(match.group(3))
        return total

    def wait_empty(self, seconds=None):
        wait_until(lambda: not self.mailq(), "the queue to be empty", seconds)
