"""Chatwoot's side: Rails ActionMailer, started with a job (chatwoot_mailer.rb)."""
import base64
import json
import pathlib
import subprocess

MAILER = pathlib.Path(__file__).with_name("chatwoot_mailer.rb")
AGENT = "Agent from Product A <agent@product-a.com>"


class Sent:
    def __init__(self, line):
        result = json.loads(line)
        self.message_id = result["message_id"]
        self.recipients = result["recipients"]
        self.error = result["error"]
        self.seconds = result["seconds"]
        self.bytes = base64.b64decode(result.get("bytes", ""))


def start_mailer(port, to, sender=AGENT, **job):
    """The running process; finish_mailer() gives its results. job: see chatwoot_mailer.rb."""
    process = subprocess.Popen(["/usr/bin/ruby", str(MAILER)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    json.dump({"port": port, "to": to, "from": sender, **job}, process.stdin)
    process.stdin.close()
    return process


def finish_mailer(process):
    sent = [Sent(line) for line in process.stdout]
    process.stdout.close()
    if process.wait() != 0:
        raise AssertionError("the mailer failed; are ruby-actionmailer and ruby-mail installed?")
    return sent


def send_mail(port, to, **job):
    return finish_mailer(start_mailer(port, to, **job))
