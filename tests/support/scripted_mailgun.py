#!/usr/bin/env python3
"""A scripted Mailgun: the wire of api.mailgun.net with faults to order. Standard library only.

As a program: scripted_mailgun.py [--port 0] [--key KEY] [--tls CERT KEYFILE]; prints its port.
As a module: with ScriptedMailgun() as mailgun: mailgun.url, mailgun.script(...), mailgun.received().

Mailgun's side: POST /v3/{domain}/messages.mime (multipart parsed strictly, Basic auth api:KEY) and
GET /v3/{domain}/events. The tests' side is that of scripted_http, and:

POST /_events     {"delay": seconds, "status": 200, "body": null, "add": [event, ...]}
"""
import base64
import hmac
import os
import re
import sys
import time
import urllib.parse

# Found as a program and as support.scripted_mailgun alike.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailgun_wire import Malformed, parse_message  # noqa: E402
from scripted_http import Call, ScriptedProvider, message_id_of, run  # noqa: E402


class MailgunCall(Call):
    """One connection to Mailgun."""

    def authorized(self):
        expected = "Basic " + base64.b64encode(b"api:" + self.state.key.encode()).decode()
        return hmac.compare_digest(self.headers.get("Authorization", ""), expected)

    def post(self, path):
        match = re.fullmatch(r"/v3/([^/]+)/messages\.mime", path)
        if not match:
            self.read_body()
            return self.answer(404, {"message": "page not found"})
        domain = urllib.parse.unquote(match.group(1))
        if self.broken_early(domain):
            return None
        try:
            body = self.read_body()
            if body is None:
                raise Malformed("no Content-Length")
            if not self.authorized():
                self.state.count("refused")
                return self.answer(401, "Forbidden", {"Content-Type": "text/plain"})
            recipients, raw = parse_message(self.headers.get("Content-Type"), body)
        except Malformed as mistake:
            self.state.count("refused")
            return self.answer(400, {"message": str(mistake)})
        return self.serve(recipients, raw, domain=domain)

    def healthy_body(self, raw):
        return {"id": message_id_of(raw) or "<none@mailgun>", "message": "Queued. Thank you."}

    def get(self, path, query):
        match = re.fullmatch(r"/v3/([^/]+)/events", path)
        if not match:
            return self.answer(404, {"message": "page not found"})
        self.state.count("events")
        if not self.authorized():
            return self.answer(401, "Forbidden", {"Content-Type": "text/plain"})
        setting = self.state.events_setting
        if setting["status"] != 200 or setting["body"] is not None:
            return self.answer(setting["status"], setting["body"] or {"message": "scripted"})
        items = self.events_for(urllib.parse.unquote(match.group(1)), query)
        return self.answer(200, {"items": items, "paging": {}})

    def events_for(self, domain, query):
        message_id = query.get("message-id", "")
        now = time.time()
        with self.state.lock:
            delay = self.state.events_setting["delay"]
            taken = [r for r in self.state.received if r["domain"] == domain and
                     r["message_id"].strip("<>") == message_id and r["at"] + delay <= now]
            added = [e for e in self.state.added_events
                     if e.get("message", {}).get("headers", {}).get("message-id") == message_id]
        items = [{"event": "accepted", "id": record["sha256"][:22], "timestamp": record["at"],
                  "recipient": to, "message": {"headers": {"message-id": message_id}}}
                 for record in taken for to in record["to"]]
        begin = float(query.get("begin") or 0)
        items = [item for item in items + added if item.get("timestamp", now) >= begin]
        return items[:int(query.get("limit") or 100)]


class ScriptedMailgun(ScriptedProvider):
    """The server on a thread of its own."""

    call = MailgunCall


if __name__ == "__main__":
    run(ScriptedMailgun, __doc__.splitlines()[0])
