"""SmtpSink: a smarthost that takes mail and remembers it exactly, or answers as a test tells it.

Its answers are functions, so that a test can change its mind in the middle:
    sink.on_rcpt = lambda address: "550 5.1.1 no such user" if address == "x@y" else None
None means the ordinary 250. One thread a connection; bodies are kept, or only hashed.
"""
import hashlib
import re
import socket
import socketserver
import threading
import time


class Mail:
    """One accepted message. `content` is unstuffed, without the final dot; None when only hashed."""

    def __init__(self, sender, recipients, content, at):
        self.sender = sender
        self.recipients = recipients
        self.at = at
        self.size = len(content)
        self.header, _, body = content.partition(b"\r\n\r\n")
        self.body_sha256 = hashlib.sha256(body).hexdigest()
        self.content = content

    def field(self, name):
        """The unfolded value of the first field of that name, or None."""
        match = re.search(rb"(?im)^" + name.encode() + rb":[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)",
                          self.header)
        return re.sub(rb"\r\n", b"", match.group(1)).strip().decode() if match else None


class Connection(socketserver.BaseRequestHandler):
    """Replies are held back while input waits, so that a pipelining client is answered at once."""

    def handle(self):
        self.buffer = b""
        self.replies = b""
        self.sink = self.server.sink
        self.sink.came()
        self.is_open = True
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sender, self.recipients = None, []
        try:
            self.say(self.sink.greeting)
            while self.command(self.line()):
                pass
            self.flush()
        except (ConnectionError, TimeoutError):
            pass
        finally:
            self.leave()

    def leave(self):
        if self.is_open:
            self.sink.left()
        self.is_open = False

    def say(self, reply):
        self.replies += reply.encode() + b"\r\n"

    def flush(self):
        if self.replies:
            self.request.sendall(self.replies)
            self.replies = b""

    def more(self):
        self.flush()
        data = self.request.recv(1 << 18)
        if not data:
            raise ConnectionError
        return data

    def line(self):
        while b"\r\n" not in self.buffer:
            self.buffer += self.more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode(errors="surrogateescape")

    def data(self):
        # The first line may be the dot: pretend the line end of DATA belongs to the content.
        pieces, tail = [], b"\r\n" + self.buffer
        while True:
            end = tail.find(b"\r\n.\r\n")
            if end >= 0:
                pieces.append(tail[:end + 2])
                self.buffer = tail[end + 5:]
                break
            pieces.append(tail[:-4])
            tail = tail[-4:] + self.more()
        return b"".join(pieces).replace(b"\r\n..", b"\r\n.")[2:]

    def command(self, line):
        word = line[:4].upper()
        address = re.search(r"<(.*?)>", line)
        if word == "EHLO":
            self.say("250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
                     "250-ENHANCEDSTATUSCODES\r\n250 SIZE 100000000")
            self.sink.ehlo_names.append(line[5:])
        elif word == "MAIL":
            self.sender, self.recipients = address.group(1), []
            self.say(self.sink.on_mail(self.sender) or "250 2.1.0 Ok")
        elif word == "RCPT":
            reply = self.sink.on_rcpt(address.group(1))
            if reply is None and len(self.recipients) >= self.sink.max_recipients:
                reply = "452 4.5.3 Too many recipients"
            if reply is None:
                self.recipients.append(address.group(1))
            self.say(reply or "250 2.1.5 Ok")
        elif word == "DATA" and not self.recipients:
            self.say("554 5.5.1 No valid recipients")
        elif word == "DATA":
            self.say("354 Go ahead")
            mail = Mail(self.sender, self.recipients, self.data(), time.time())
            reply = self.sink.on_data(mail)
            if reply is None:
                if self.sink.only_hash:
                    mail.content = None
                with self.sink.lock:
                    self.sink.mails.append(mail)
            self.say(reply or "250 2.0.0 Ok: taken")
        elif word == "QUIT":
            self.leave()
            self.say("221 2.0.0 Bye")
            return False
        else:
            self.say("250 2.0.0 Ok")
        return True


class SmtpSink:
    def __init__(self, only_hash=False, port=0):
        self.only_hash = only_hash
        self.greeting = "220 sink.example ESMTP"
        self.on_mail = lambda sender: None
        self.on_rcpt = lambda address: None
        self.on_data = lambda mail: None
        self.lock = threading.Lock()
        self.mails = []
        self.ehlo_names = []
        self.max_recipients = 1000  # a transaction
        self.connections = 0
        self.open_now = self.most_open = 0
        socketserver.ThreadingTCPServer.allow_reuse_address = True
        socketserver.ThreadingTCPServer.request_queue_size = 256
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", port), Connection)
        self.server.daemon_threads = True
        self.server.sink = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def came(self):
        with self.lock:
            self.connections += 1
            self.open_now += 1
            self.most_open = max(self.most_open, self.open_now)

    def left(self):
        with self.lock:
            self.open_now -= 1

    def transport(self, name="sink", **settings):
        """This sink as a [[transport]] of the relay."""
        return {"name": name, "type": "smtp", "host": "127.0.0.1", "port": self.port, "tls": "none",
                **settings}

    def received(self):
        with self.lock:
            return list(self.mails)

    def forget(self):
        """What came so far never was."""
        with self.lock:
            self.mails.clear()

    def arrivals(self):
        """{(Message-ID, recipient): how many times it arrived}"""
        count = {}
        for mail in self.received():
            for recipient in mail.recipients:
                key = mail.field("Message-ID"), recipient
                count[key] = count.get(key, 0) + 1
        return count
