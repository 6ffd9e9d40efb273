"""Other people's mail clients, each as one function send(way, messages).

It hands ready messages to the relay over the given Way and returns, for each, the bytes the client
was to transmit (`as_transmitted`: a message without a final line end gets one; SMTP has no other).
Anything but success, a program that is not there above all, raises.
"""
import base64
import dataclasses
import json
import os
import pathlib
import smtplib
import ssl
import subprocess
import tempfile

from support import exim
from support.chatwoot import send_mail
from support.client import check

HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass(frozen=True)
class Way:
    """How a client is to speak: exactly so, or not at all."""

    port: int
    tls: str | None = None  # None, starttls, implicit
    auth: str | None = None  # None, PLAIN, LOGIN
    ca_file: str | None = None
    username: str = ""
    password: str = ""
    host: str = "localhost"  # the name in the certificate
    sender: str = "agent@product-a.com"
    recipients: tuple = ("customer@example.net",)


def as_transmitted(message):
    return message if message.endswith(b"\r\n") else message + b"\r\n"


def run(*command, stdin=b"", **settings):
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=120, **settings)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} exited {done.returncode}:\n"
                             f"{done.stdout[-3000:].decode(errors='replace')}")


def stuffed(message):
    """As it stands on the wire before the final dot (RFC 5321 section 4.5.2)."""
    return (b"\r\n" + message).replace(b"\r\n.", b"\r\n..")[2:]


def with_file(content, use):
    with tempfile.NamedTemporaryFile(prefix="message-") as file:
        file.write(content)
        file.flush()
        use(file.name)


def by_smtplib(way, messages):
    trust = {"context": ssl.create_default_context(cafile=way.ca_file)}
    if way.tls == "implicit":
        client = smtplib.SMTP_SSL(way.host, way.port, timeout=30, **trust)
    else:
        client = smtplib.SMTP(way.host, way.port, timeout=30)
    with client:
        if way.tls == "starttls":
            client.starttls(**trust)
        client.ehlo()
        if way.auth:
            client.user, client.password = way.username, way.password
            client.auth(way.auth, getattr(client, f"auth_{way.auth.lower()}"))
        for message in messages:
            check(client.mail(way.sender), 250)
            for recipient in way.recipients:
                check(client.rcpt(recipient), 250)
            check(client.data(message), 250)
    return [as_transmitted(message) for message in messages]


def by_swaks(way, messages):
    command = ["swaks", "--server", way.host, "--port", str(way.port), "--from", way.sender, "--to",
               ",".join(way.recipients), "--no-data-fixup"]
    if way.tls:
        command += ["--tls" if way.tls == "starttls" else "--tls-on-connect", "--tls-verify",
                    "--tls-ca-path", way.ca_file]
    if way.auth:
        command += ["--auth", way.auth, "--auth-user", way.username, "--auth-password",
                    way.password]
    for message in messages:  # the final line end and the dot are its own
        with_file(stuffed(as_transmitted(message)) + b".",
                  lambda name: run(*command, "--data", f"@{name}"))
    return [as_transmitted(message) for message in messages]


def by_msmtp(way, messages):
    command = ["msmtp", "--file=/dev/null", f"--host={way.host}", f"--port={way.port}",
               f"--from={way.sender}", "--timeout=30"]
    if way.tls:
        command += ["--tls=on", f"--tls-trust-file={way.ca_file}",
                    f"--tls-starttls={'on' if way.tls == 'starttls' else 'off'}"]
    if way.auth:
        command += [f"--auth={way.auth.lower()}", f"--user={way.username}",
                    f"--passwordeval=echo '{way.password}'"]
    for message in messages:
        run(*command, "--", *way.recipients, stdin=message.replace(b"\r\n", b"\n"))
    return [as_transmitted(message) for message in messages]


def by_curl(way, messages):
    scheme = "smtps" if way.tls == "implicit" else "smtp"
    command = ["curl", "-sS", "--url", f"{scheme}://{way.host}:{way.port}", "--mail-from",
               way.sender, "--upload-file", "-"]
    for recipient in way.recipients:
        command += ["--mail-rcpt", recipient]
    if way.tls:
        command += ["--ssl-reqd", "--cacert", way.ca_file]
    if way.auth:
        command += ["--user", f"{way.username}:{way.password}", "--login-options",
                    f"AUTH={way.auth}"]
    for message in messages:
        run(*command, stdin=message)
    return [as_transmitted(message) for message in messages]


def by_smtp_source(way, messages):
    for message in messages:
        with_file(message.replace(b"\r\n", b"\n"),
                  lambda name: run("smtp-source", "-f", way.sender, "-t", way.recipients[0], "-F",
                                   name, f"{way.host}:{way.port}"))
    return [as_transmitted(message) + b"\r\n" for message in messages]  # an empty line of its own


def by_exim(way, messages):
    exim.send(way, messages)
    return [as_transmitted(message) for message in messages]


def job(way, messages):
    """What nodemailer.js and net_smtp.pl read."""
    return json.dumps({**dataclasses.asdict(way),
                       "messages": [base64.b64encode(m).decode() for m in messages]}).encode()


def by_nodemailer(way, messages):
    # Where Debian's own node is not the one in PATH, its modules are not either.
    environment = {**os.environ, "NODE_PATH": "/usr/share/nodejs"}
    run("node", HERE / "nodemailer.js", stdin=job(way, messages), env=environment)
    return [as_transmitted(message) for message in messages]


def by_net_smtp(way, messages):
    run("/usr/bin/perl", HERE / "net_smtp.pl", stdin=job(way, messages))
    return [as_transmitted(message) for message in messages]


def by_actionmailer(way, messages):
    """It composes its mails itself: of each message only the body is taken."""
    settings = {"address": way.host, "ca_file": way.ca_file, "tls": way.tls == "implicit",
                "enable_starttls_auto": False, "enable_starttls": way.tls == "starttls"}
    if way.auth:
        settings |= {"user_name": way.username, "password": way.password,
                     "authentication": way.auth.lower()}
    bodies = [message.split(b"\r\n\r\n", 1)[1].decode() for message in messages]
    results = send_mail(way.port, list(way.recipients), bodies=bodies, want_bytes=True,
                        settings=settings)
    for sent in results:
        if sent.error:
            raise AssertionError(sent.error)
    return [as_transmitted(sent.bytes) for sent in results]


NO_TLS = "smtp-source (Postfix's load generator) speaks no TLS"
NO_AUTH = "smtp-source (Postfix's load generator) does not sign in"

CLIENTS = {
    "ActionMailer": by_actionmailer,
    "nodemailer": by_nodemailer,
    "smtplib": by_smtplib,
    "swaks": by_swaks,
    "msmtp": by_msmtp,
    "curl": by_curl,
    "Exim": by_exim,
    "Net::SMTP": by_net_smtp,
    "smtp-source": by_smtp_source,
}


def cannot(client, tls, auth):
    """Why this client has no such cell in the table; None when it has."""
    if client == "smtp-source" and (tls or auth):
        return NO_TLS if tls else NO_AUTH
    return None
