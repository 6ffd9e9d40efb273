"""A plain SMTP client for tests: submits one message and tells the id it was queued as."""
import re
import smtplib


class Refused(Exception):
    """The relay's answer was not 250; `code` and `text` are the reply."""

    def __init__(self, code, text):
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text


def make_message(number=1, domain="product-a.com", to="customer@example.net", body="Hello\r\n"):
    return (f"From: Agent <agent@{domain}>\r\nTo: {to}\r\n"
            f"Message-ID: {message_id(number, domain)}\r\nSubject: Number {number}\r\n\r\n{body}")


def message_id(number=1, domain="product-a.com"):
    return f"<conversation/1/messages/{number}@{domain}>"


def check(reply, expected):
    code, text = reply
    if code != expected:
        raise Refused(code, text.decode())
    return text.decode()


def submit_on(client, sender, recipients, message, mail=(), rcpt=()):
    """One transaction on an open smtplib.SMTP; the id from `queued as`. `mail`, `rcpt`: parameters."""
    client.ehlo_or_helo_if_needed()
    check(client.mail(sender, list(mail)), 250)
    for recipient in recipients:
        check(client.rcpt(recipient, list(rcpt)), 250)
    text = check(client.data(message), 250)
    return re.search(r"queued as ([0-9A-Z]{16})$", text).group(1)


def submit(port, message=None, sender="agent@product-a.com", recipients=("customer@example.net",),
           timeout=30, **parameters):
    with smtplib.SMTP("127.0.0.1", port, timeout=timeout) as client:
        return submit_on(client, sender, recipients, message or make_message(), **parameters)
