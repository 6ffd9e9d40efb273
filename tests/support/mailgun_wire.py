"""What Mailgun takes at messages.mime, read as strictly as it may: multipart, recipients, message."""
import re


class Malformed(Exception):
    """The request is not what Mailgun takes; the text is Mailgun's."""


def parse_multipart(content_type, body):
    """Strict RFC 7578: list of (name, filename or None, bytes)."""
    match = re.fullmatch(r'multipart/form-data;\s*boundary="?([^";]{1,70})"?', content_type or "")
    if not match:
        raise Malformed("malformed multipart: no boundary")
    boundary = b"--" + match.group(1).encode()
    if not body.startswith(boundary + b"\r\n"):
        raise Malformed("malformed multipart: does not begin with the boundary")
    end = body.rfind(b"\r\n" + boundary + b"--")
    if end < 0 or body[end + len(boundary) + 4:] not in (b"", b"\r\n"):
        raise Malformed("malformed multipart: does not end with the boundary")
    parts = []
    for part in body[len(boundary) + 2:end].split(b"\r\n" + boundary + b"\r\n"):
        head, blank, content = part.partition(b"\r\n\r\n")
        if not blank:
            raise Malformed("malformed multipart: part without header")
        disposition = re.search(
            rb'(?im)^Content-Disposition: form-data; name="([^"\r\n]*)"(?:; filename="([^"\r\n]*)")?\r?$',
            head)
        if not disposition:
            raise Malformed("malformed multipart: no form-data disposition")
        filename = disposition.group(2)
        parts.append((disposition.group(1).decode(),
                      filename.decode() if filename is not None else None, content))
    return parts


def parse_message(content_type, body):
    """(recipients, message bytes), or Malformed."""
    recipients, message = [], None
    for name, filename, content in parse_multipart(content_type, body):
        if name == "to":
            recipients.append(content.decode())
        elif name == "message":
            if filename is None:
                raise Malformed("'message' parameter is not a file")
            message = content
        else:
            raise Malformed("unexpected parameter: " + name)
    if message is None:
        raise Malformed("message parameter is missing")
    if not recipients:
        raise Malformed("to parameter is missing")
    if len(recipients) > 1000:
        raise Malformed("too many recipients")
    return recipients, message
