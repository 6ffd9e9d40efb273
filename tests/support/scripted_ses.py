#!/usr/bin/env python3
"""A scripted SES: SendEmail (raw) and GetAccount of the v2 API, signatures checked by botocore.

As a program: scripted_ses.py [--port 0] [--key SECRET] [--tls CERT KEYFILE]; prints its port. As a
module: with ScriptedSes() as ses: ses.url, ses.script(...), ses.received(), ses.as_delivered(raw).

The access key is AKIDEXAMPLE in eu-west-1; the session token, if one comes, must be TOKEN. Faults
are those of scripted_http; an "error" in a step is AWS's type of the error (X-Amzn-ErrorType). The
tests' side is that of scripted_http, and:

POST /_account    members of GetAccount's answer that differ from those of a healthy account, and
                  "status": another status than 200
"""
import base64
import hashlib
import json
import os
import re
import sys

try:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError as missing:
    raise SystemExit(f"{missing}: install python3-botocore")

# Found as a program and as support.scripted_ses alike.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from scripted_http import Call, ScriptedProvider, run  # noqa: E402

KEY_ID = "AKIDEXAMPLE"
REGION = "eu-west-1"
TOKEN = "session/token+of=temporary=="
MAX_RAW = 40_000_000
REWRITTEN = (b"message-id", b"date", b"return-path", b"bounces-to")


class Refused(Exception):
    """An error of AWS: status, type, message."""


def check_signature(call, body):
    """As AWS does it; raises Refused."""
    match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/([^,]+), ?SignedHeaders=([^,]+), ?"
                         r"Signature=([0-9a-f]{64})", call.headers.get("Authorization", ""))
    if not match:
        raise Refused(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    key_id, scope, names, signature = match.groups()
    date = call.headers.get("X-Amz-Date", "")
    if key_id != KEY_ID:
        raise Refused(403, "UnrecognizedClientException",
                      "The security token included in the request is invalid.")
    if scope != f"{date[:8]}/{REGION}/ses/aws4_request":
        raise Refused(403, "SignatureDoesNotMatch", "Credential should be scoped correctly.")
    token = call.headers.get("X-Amz-Security-Token")
    if token not in (None, TOKEN) or (token and "x-amz-security-token" not in names):
        raise Refused(403, "ExpiredTokenException",
                      "The security token included in the request is expired")
    named = call.headers.get("X-Amz-Content-Sha256")
    if named is not None and named != hashlib.sha256(body).hexdigest():
        raise Refused(400, "XAmzContentSHA256Mismatch", "The provided header does not match.")
    host = call.headers["Host"]
    request = AWSRequest(method=call.command, url=f"http://{host}{call.path}", data=body,
                         headers={name: call.headers[name] for name in names.split(";")
                                  if call.headers[name] is not None})
    request.context["timestamp"] = date
    auth = SigV4Auth(Credentials(KEY_ID, call.state.key), "ses", REGION)
    text = auth.string_to_sign(request, auth.canonical_request(request))
    if auth.signature(text, request) != signature:
        raise Refused(403, "InvalidSignatureException",
                      "The request signature we calculated does not match the signature you "
                      "provided.")


def fields_of(raw):
    """[(lower-case name, whole field)] of the header."""
    head = raw.partition(b"\r\n\r\n")[0] + b"\r\n"
    return [(field.partition(b":")[0].strip().lower(), field)
            for field in re.findall(rb"(?m)^[^ \t\r\n][^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", head)]


def parse_email(body):
    """(recipients, message bytes, the request), or Refused."""
    try:
        request = json.loads(body)
        raw = base64.b64decode(request["Content"]["Raw"]["Data"], validate=True)
        recipients = [address for kind in ("ToAddresses", "CcAddresses", "BccAddresses")
                      for address in request["Destination"].get(kind, [])]
    except (ValueError, KeyError, TypeError) as mistake:
        raise Refused(400, "BadRequestException", f"The input is invalid: {mistake}") from None
    if len(recipients) > 50:
        raise Refused(400, "BadRequestException", "Recipient count exceeds 50.")
    for address in recipients + [request.get("FromEmailAddress", "a@b")]:
        if not address.isascii() or "@" not in address:
            raise Refused(400, "BadRequestException", "Illegal address")
    if len(request["Content"]["Raw"]["Data"]) > MAX_RAW:
        raise Refused(400, "BadRequestException", "Message length is more than 40000000 bytes long")
    if [name for name, _ in fields_of(raw)].count(b"dkim-signature") > 1:
        raise Refused(400, "BadRequestException",
                      "Transaction failed: Duplicate header 'DKIM-Signature'.")
    return recipients, raw, request


class SesCall(Call):
    """One connection to SES."""

    def error(self, status, kind, message):
        self.state.count("refused")
        self.answer(status, {"message": message}, {"x-amzn-ErrorType": kind + ":"})

    def post(self, path):
        if self.broken_early():
            return None
        body = self.read_body()
        try:
            if path != "/v2/email/outbound-emails" or body is None:
                raise Refused(404, "UnknownOperationException", "")
            check_signature(self, body)
            recipients, raw, request = parse_email(body)
        except Refused as refused:
            return self.error(*refused.args)
        request.pop("Content")
        return self.serve(recipients, raw, request=request)

    def play(self, step, raw):
        if "error" in step:
            step = {"status": 400, **step}
            step["headers"] = {"x-amzn-ErrorType": step["error"] + ":", **step.get("headers", {})}
        super().play(step, raw)

    def healthy_body(self, raw):
        digest = hashlib.sha256(raw).hexdigest()
        return {"MessageId": f"0102{digest[:12]}-{digest[12:20]}-000000"}

    def get(self, path, query):
        if path != "/v2/email/account":
            return self.error(404, "UnknownOperationException", "")
        self.state.count("events")
        try:
            check_signature(self, b"")
        except Refused as refused:
            return self.error(*refused.args)
        account = {"SendingEnabled": True, "EnforcementStatus": "HEALTHY",
                   "ProductionAccessEnabled": True,
                   "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 1000.0,
                                 "SentLast24Hours": 12.0}, **self.state.account}
        return self.answer(account.pop("status", 200), account)


class ScriptedSes(ScriptedProvider):
    """The server on a thread of its own."""

    call = SesCall

    @staticmethod
    def as_delivered(raw):
        """What a receiver gets: SES's own Message-ID and Date, its fields on top."""
        head = b"".join(field for name, field in fields_of(raw) if name not in REWRITTEN)
        return (b"Return-Path: <0102@eu-west-1.amazonses.com>\r\n"
                b"Received: from a1.eu-west-1.amazonses.com by mx.example.net;\r\n"
                b" Sat, 21 Nov 2026 09:13:08 +0000\r\n" + head +
                b"Message-ID: <0102-ses@eu-west-1.amazonses.com>\r\n"
                b"Date: Sat, 21 Nov 2026 09:13:09 +0000\r\n"
                b"Feedback-ID: ::1.eu-west-1.abc=:AmazonSES\r\n"
                b"X-SES-Outgoing: 2026.11.21-1.2.3.4\r\n\r\n" + raw.partition(b"\r\n\r\n")[2])


if __name__ == "__main__":
    run(ScriptedSes, __doc__.splitlines()[0])
