"""The scripted half of a provider over HTTP: faults to order. Standard library only.

scripted_mailgun and scripted_ses put a provider's wire on top of it. The tests' side, without
authentication:

POST /_script     {"steps": [STEP, ...], "default": STEP}: each call that sends takes the next step;
                  after the last one the default counts (healthy where it is not given).
POST /_reset      forget everything
GET  /_received   what was taken: to, message_id, sha256, size, at, answered, and the provider's own;
                  ?raw=1 adds the bytes (base64) of those up to 1 MiB
GET  /_requests   {"total", "messages", "events", "refused", "broken", "connections",
                  "most_at_once"} (calls that send)

A STEP is an object; all keys are optional:
  times     how many calls it serves (1)            domain    only calls for that domain
  recipient only calls that name that recipient     status, body, headers   the answer
  take      the message counts as taken (default: when the status is 200)
  delay     seconds before the answer               hang      never answer
  reset     "start" before the body is read, "body" after a part of it, "end" after all of it,
            "answer" in the middle of the answer    close     the same as "end", without RST
  endless   an answer that does not end             garbage   an answer that is no HTTP
  drip      bytes per second of the answer
"""
import argparse
import base64
import hashlib
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEEP_RAW_BYTES = 1024 * 1024  # larger messages are known by their digest only


class CutOff(ConnectionError):
    """The request ended before its body was whole."""


def message_id_of(raw):
    head = raw.partition(b"\r\n\r\n")[0]
    match = re.search(rb"(?im)^Message-ID:\s*(<[^>\r\n]*>)", head)
    return match.group(1).decode("utf-8", "replace") if match else ""


class State:
    """What the tests ordered and what has come in; one lock for all of it."""

    def __init__(self, key):
        self.key = key
        self.lock = threading.Lock()
        self.connections = 0
        self.at_once = 0
        self.reset()

    def reset(self):
        self.steps, self.default = [], {}
        self.received, self.added_events = [], []
        self.events_setting = {"delay": 0, "status": 200, "body": None}
        self.account = {}  # what the provider says of it, where it differs from the usual
        self.counts = dict.fromkeys(
            ("total", "messages", "events", "refused", "broken", "most_at_once"), 0)

    def calls_under_way(self, calls):
        """A call to messages.mime begins (1) or has ended (-1)."""
        with self.lock:
            self.at_once += calls
            self.counts["most_at_once"] = max(self.counts["most_at_once"], self.at_once)

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def step_for(self, domain, recipients):
        with self.lock:
            for step in self.steps:
                if step.get("domain") not in (None, domain):
                    continue
                if recipients is not None and step.get("recipient") not in (None, *recipients):
                    continue
                step["times"] = step.get("times", 1) - 1
                if step["times"] <= 0:
                    self.steps.remove(step)
                return step
            return self.default

    def must_reset_early(self, domain):
        """The next step breaks the connection before its body is known: it is taken now."""
        with self.lock:
            early = self.steps[0] if self.steps else self.default
            if early.get("reset") not in ("start", "body"):
                return None
        return self.step_for(domain, None)

    def take(self, record):
        with self.lock:
            self.received.append(record)
            self.counts["messages"] += 1


class Call(BaseHTTPRequestHandler):
    """One connection; a provider's calls come in a class of its own."""

    protocol_version = "HTTP/1.1"
    server_version = "scripted"
    wbufsize = -1  # an answer leaves in one piece
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        with self.state.lock:
            self.state.connections += 1

    @property
    def state(self):
        return self.server.state

    def log_message(self, *_):
        pass

    def break_off(self, with_reset=True):
        self.state.count("broken")
        self.close_connection = True
        self.wfile.flush()
        if with_reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())  # close() would wait for rfile and wfile, and send FIN

    def read_body(self):
        """The whole body, or None where its length is not given."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            return None
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            raise CutOff("the body was cut off")
        return body

    def answer(self, status, body, headers=None):
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        payload = body.encode() if isinstance(body, str) else body
        headers = dict(headers or {})
        self.send_response(status)
        headers.setdefault("Content-Type", "application/json")
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
        self.wfile.flush()

    # ---- what a provider does ---------------------------------------------------------------

    def post(self, path):
        """Answers a POST of the provider's."""
        raise NotImplementedError

    def get(self, path, query):
        """Answers a GET of the provider's."""
        raise NotImplementedError

    def healthy_body(self, raw):
        """What the provider answers to a message that it takes."""
        raise NotImplementedError

    # ---- what is the same for all -----------------------------------------------------------

    def do_POST(self):
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        if path.startswith("/_"):
            return self.control(path, json.loads(self.read_body() or b"{}"))
        self.state.count("total")
        self.state.calls_under_way(1)
        try:
            self.post(urllib.parse.urlsplit(self.path).path)
        except ConnectionError:
            self.state.count("broken")
            self.close_connection = True
        finally:
            self.state.calls_under_way(-1)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/_received":
            return self.answer(200, self.records(query.get("raw") == "1"))
        if url.path == "/_requests":
            with self.state.lock:
                counts = dict(self.state.counts, connections=self.state.connections)
            return self.answer(200, counts)
        self.state.count("total")
        return self.get(url.path, query)

    def broken_early(self, domain=None):
        """The next step breaks the connection before the body is known: then it is done."""
        early = self.state.must_reset_early(domain)
        if early is None:
            return False
        if early["reset"] == "body":
            self.rfile.read(min(64 * 1024, int(self.headers.get("Content-Length", 0)) // 2))
        self.break_off()
        return True

    def serve(self, recipients, raw, domain=None, **more):
        """A message that is in order: taken or not, and answered, as its step orders."""
        step = self.state.step_for(domain, recipients)
        status = step.get("status", 200)
        if domain is not None:
            more["domain"] = domain
        if step.get("take", status == 200):
            self.state.take({"to": recipients, "message_id": message_id_of(raw),
                             "sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw),
                             "at": time.time(), "answered": status,
                             "raw": raw if len(raw) <= KEEP_RAW_BYTES else None, **more})
        else:
            self.state.count("refused")
        self.play(step, raw)

    def play(self, step, raw):
        """Answers as the step orders."""
        if step.get("delay"):
            time.sleep(step["delay"])
        if step.get("hang"):
            self.state.count("broken")
            self.server.stopping.wait()
            return self.break_off()
        if step.get("reset") == "end" or step.get("close"):
            return self.break_off(with_reset=not step.get("close"))
        if step.get("garbage"):
            self.wfile.write(b"\x00\xff this is not HTTP\r\n\r\n" * 8)
            return self.break_off(with_reset=False)
        if step.get("endless"):
            return self.endless(step.get("status", 200))
        body = step.get("body")
        if body is None:
            body = (self.healthy_body(raw) if step.get("status", 200) == 200
                    else {"message": "scripted"})
        if step.get("reset") == "answer" or step.get("drip"):
            return self.piecemeal(step, body)
        self.answer(step.get("status", 200), body, step.get("headers"))

    def piecemeal(self, step, body):
        payload = (json.dumps(body) if isinstance(body, (dict, list)) else body).encode()
        self.send_response(step.get("status", 200))
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if not step.get("drip"):
            self.wfile.write(payload[:len(payload) // 2])
            return self.break_off()
        for i in range(len(payload)):
            self.wfile.write(payload[i:i + 1])
            self.wfile.flush()
            if self.server.stopping.wait(1 / step["drip"]):
                return None
        return None

    def endless(self, status):
        self.send_response(status)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        self.state.count("broken")
        try:
            while not self.server.stopping.is_set():
                self.wfile.write(piece)
        except OSError:
            self.close_connection = True

    def records(self, with_raw):
        with self.state.lock:
            received = list(self.state.received)
        records = [{key: value for key, value in r.items() if key != "raw"} for r in received]
        if with_raw:
            for record, r in zip(records, received):
                if r["raw"] is None:
                    continue
                record["raw"] = base64.b64encode(r["raw"]).decode()
        return records

    def control(self, path, order):
        state = self.state
        with state.lock:
            if path == "/_script":
                state.steps = list(order.get("steps", []))
                state.default = order.get("default", {})
            elif path == "/_events":
                state.added_events += order.pop("add", [])
                state.events_setting.update(order)
            elif path == "/_account":
                state.account.update(order)
            elif path == "/_reset":
                state.reset()
            else:
                return self.answer(404, {"message": "no such order"})
        return self.answer(200, {})


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request, client_address):
        """A client that goes away in the middle is what the tests are about."""


class ScriptedProvider:
    """The server on a thread of its own; `call` is the provider's."""

    call = Call

    def __init__(self, port=0, key="test-key", tls=None):
        self.server = Server(("127.0.0.1", port), self.call)
        self.server.state = self.state = State(key)
        self.server.stopping = threading.Event()
        self.key = key
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            # The handshake belongs to the connection's own thread, not to accept().
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.url = "%s://127.0.0.1:%d" % ("https" if tls else "http", self.port)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def stop(self):
        self.server.stopping.set()
        self.server.shutdown()
        self.server.server_close()

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    def script(self, *steps, default=None):
        with self.state.lock:
            self.state.steps, self.state.default = [dict(step) for step in steps], default or {}

    def received(self):
        with self.state.lock:
            return list(self.state.received)

    def requests(self):
        with self.state.lock:
            return dict(self.state.counts, connections=self.state.connections)


def run(provider, description):
    """The program around a provider: prints its port, ends when its standard input closes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="test-key")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEYFILE"))
    options = parser.parse_args()
    server = provider(options.port, options.key, options.tls).start()
    print(server.port, flush=True)
    # Ends with whoever started it: their end of the pipe closes.
    sys.stdin.read()
    server.stop()
