"""The program as sendmail: cron, PHP, mailx, mutt and people hand it mail."""
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import unittest

from support import sendmail
from support.certificate import Certificate
from support.relay import PROGRAM, Relay, free_port, wait_until
from support.smtp_sink import SmtpSink

MESSAGE = "From: Shop <shop@product-a.com>\nTo: a@example.net\nSubject: Hi\n\nHello\n"
# Of sysexits.h.
USAGE, BAD_DATA, NO_USER, REFUSED, NO_INPUT, DEFERRED, CONFIG = 64, 65, 67, 69, 74, 75, 78


class WithADaemon(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sink = cls.enterClassContext(SmtpSink())
        cls.relay = cls.enterClassContext(Relay([cls.sink.transport()],
                                                queue={"dedupe_window": "1h"}))
        cls.directory = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.domain = sendmail.own_domain(cls.relay)

    def setUp(self):
        self.sink.forget()
        self.addCleanup(self.relay.wait_empty)  # no mail of one test arrives in the next

    def sent(self, words, message=MESSAGE):
        """The mails that arrive when sendmail is called so; it must succeed in silence."""
        done = sendmail.run([PROGRAM, "sendmail", "--config", self.relay.config_file, *words],
                            message)
        self.assertEqual((0, b"", b""), (done.returncode, done.stdout, done.stderr))
        wait_until(self.sink.received, "the mail")
        self.relay.wait_empty()
        return self.sink.received()

    def refused(self, status, words, message=MESSAGE):
        done = sendmail.run([PROGRAM, "sendmail", "--config", self.relay.config_file, *words],
                            message)
        self.assertEqual((status, b""), (done.returncode, done.stdout), done.stderr)
        self.assertRegex(done.stderr, rb"^sendmail: \S.*\n")
        self.assertEqual([], self.relay.mailq())
        return done.stderr.decode()

    def test_recipients_as_arguments(self):
        [mail] = self.sent(["-f", "bounce@product-a.com", "a@example.net", "b@example.net"])
        self.assertEqual(("bounce@product-a.com", ["a@example.net", "b@example.net"]),
                         (mail.sender, mail.recipients))
        self.assertTrue(mail.content.endswith(b"\r\nSubject: Hi\r\n\r\nHello\r\n"))

    def test_recipients_in_the_header(self):
        [mail] = self.sent(["-t", "-i"],
                           "From: shop@product-a.com\nTo: A <a@example.net>\n"
                           "Cc: b@example.net\nBcc: c@example.net\n\nHello\n")
        self.assertEqual(["a@example.net", "b@example.net", "c@example.net"], mail.recipients)
        self.assertNotIn(b"c@example.net", mail.content)

    def test_as_cron_does(self):
        [mail] = self.sent(["-i", "-FCronDaemon", "-B8BITMIME", "-oem", "root"],
                           "From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> job\n"
                           "Content-Type: text/plain; charset=UTF-8\n\n.\n100 °C\n.\n")
        self.assertEqual([f"root@{self.domain}"], mail.recipients)
        self.assertEqual(f"root@{self.domain} (Cron Daemon)", mail.field("From"))
        self.assertTrue(mail.content.endswith("\r\n\r\n.\r\n100 °C\r\n.\r\n".encode()))

    def test_as_php_does(self):
        """mail(): popen() of the sendmail_path, header lines with LF or CRLF."""
        script = sendmail.wrapper_in(self.directory, self.relay.config_file)
        done = sendmail.run(["sh", "-c", f"{script} -t -i -f shop@product-a.com"],
                            "To: a@example.net\r\nSubject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\n"
                            "From: shop@product-a.com\r\n\r\nGrüße\nEnde\r\n\r\n")
        self.assertEqual(0, done.returncode, done.stderr)
        [mail] = wait_until(self.sink.received, "the mail")
        self.assertTrue(mail.content.endswith("\r\n\r\nGrüße\r\nEnde\r\n\r\n".encode()))

    def test_a_bare_text_gets_what_a_message_needs(self):
        [mail] = self.sent(["a@example.net"], "no header at all\n")
        self.assertRegex(mail.field("From"), rf"\S+@{re.escape(self.domain)}>?$")
        self.assertRegex(mail.field("Message-ID"), r"^<.+@.+>$")
        self.assertTrue(mail.field("Date"))
        self.assertTrue(mail.content.endswith(b"\r\n\r\nno header at all\r\n"))

    def test_the_same_text_twice_is_two_messages(self):
        self.sent(["a@example.net"])
        self.sent(["a@example.net"])
        self.assertEqual(2, len(self.sink.received()))

    def test_the_dot(self):
        [mail] = self.sent(["a@example.net"], MESSAGE + "..\n.\nnot this\n")
        self.assertTrue(mail.content.endswith(b"\r\n\r\nHello\r\n..\r\n"))
        self.sink.forget()
        [mail] = self.sent(["-oi", "a@example.net"], MESSAGE + ".\nthis, too\n")
        self.assertTrue(mail.content.endswith(b"\r\n\r\nHello\r\n.\r\nthis, too\r\n"))

    def test_the_dot_needs_no_end_of_input(self):
        process = subprocess.Popen([PROGRAM, "sendmail", "--config", self.relay.config_file,
                                    "a@example.net"], stdin=subprocess.PIPE)
        process.stdin.write(MESSAGE.encode() + b".\n")
        process.stdin.flush()
        self.assertEqual(0, process.wait(60))
        process.stdin.close()

    def test_a_link_called_sendmail(self):
        link = sendmail.link_in(self.enterContext(tempfile.TemporaryDirectory()))
        done = sendmail.run([link, "-t", "--config", self.relay.config_file], MESSAGE)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertTrue(os.path.islink(os.path.join(os.path.dirname(PROGRAM), "sendmail")))

    def test_verbose_and_queue(self):
        done = sendmail.run([PROGRAM, "sendmail", "-v", "--config", self.relay.config_file,
                             "a@example.net"], MESSAGE)
        self.assertRegex(done.stdout, rb"^250 2\.0\.0 Ok: queued as [0-9A-Z]{16}\n$")
        self.relay.wait_empty()
        done = sendmail.run([PROGRAM, "sendmail", "-bp", "--config", self.relay.config_file])
        self.assertEqual((0, b"Mail queue is empty\n"), (done.returncode, done.stdout))

    def test_who_hears_nothing_gets_the_exit_status(self):
        words = [PROGRAM, "sendmail", "-v", "--config", self.relay.config_file]
        self.assertEqual(0, sendmail.status_unheard([*words, "a@example.net"], MESSAGE))
        wait_until(self.sink.received, "the mail")
        self.assertEqual(USAGE, sendmail.status_unheard(words, MESSAGE))

    def test_a_large_message_arrives_byte_for_byte(self):
        body = os.urandom(3 << 20).hex().encode()
        lines = b"\n".join(body[i:i + 76] for i in range(0, len(body), 76)) + b"\n"
        [mail] = self.sent(["-t"], MESSAGE.encode() + lines)
        self.assertTrue(mail.content.endswith(lines.replace(b"\n", b"\r\n")))

    def test_addresses_that_need_utf8(self):
        [mail] = self.sent(["jürgen@example.net"])
        self.assertEqual(1, len(mail.recipients))

    def test_wrong_arguments(self):
        self.assertIn("-z", self.refused(USAGE, ["-z", "a@example.net"]))
        self.refused(USAGE, [])
        self.refused(USAGE, ["-f", "a b", "a@example.net"])
        self.refused(USAGE, ["two words@example.net"])

    def test_wrong_messages(self):
        self.assertIn("no recipient", self.refused(BAD_DATA, ["-t"], "Subject: s\n\nHi\n"))
        self.refused(BAD_DATA, ["-t"], "To: <a@example.net\n\nHi\n")
        self.assertIn("5.6.0", self.refused(BAD_DATA, ["a@example.net"], "From: a@x\n" + MESSAGE))
        large = MESSAGE + "x" * (37 << 20)
        self.assertIn("larger", self.refused(REFUSED, ["a@example.net"], large))

    def test_too_many_recipients(self):
        many = [f"{number}@example.net" for number in range(1001)]
        said = self.refused(REFUSED, many)
        self.assertIn("1000@example.net: 452 4.5.3 Too many recipients", said)

    def test_mailx(self):
        script = sendmail.wrapper_in(self.directory, self.relay.config_file)
        rc = pathlib.Path(self.directory, "mailrc")
        rc.write_text(f"set sendmail={script}\nset sendwait\n")
        done = sendmail.run(["/usr/bin/bsd-mailx", "-s", "From mailx", "-c", "b@example.net",
                             "a@example.net"], "Hello\n", {"MAILRC": str(rc)})
        self.assertEqual(0, done.returncode, done.stderr)
        [mail] = wait_until(self.sink.received, "the mail")
        self.assertEqual(("From mailx", {"a@example.net", "b@example.net"}),
                         (mail.field("Subject"), set(mail.recipients)))

    def test_mutt(self):
        script = sendmail.wrapper_in(self.directory, self.relay.config_file)
        rc = pathlib.Path(self.directory, "muttrc")
        rc.write_text(f'set sendmail="{script} -oem -oi"\nset sendmail_wait=0\nset copy=no\n'
                      'set realname="Jane"\nset from="jane@product-a.com"\nset use_from=yes\n'
                      "set use_envelope_from=yes\nset dsn_notify='failure,delay'\n"
                      "set dsn_return=hdrs\n")
        done = sendmail.run(["mutt", "-F", rc, "-s", "From mutt", "-b", "c@example.net", "--",
                             "a@example.net"], "Grüße\n", {"LC_ALL": "C.UTF-8"})
        self.assertEqual(0, done.returncode, done.stderr)
        [mail] = wait_until(self.sink.received, "the mail")
        self.assertEqual(("jane@product-a.com", ["a@example.net", "c@example.net"]),
                         (mail.sender, sorted(mail.recipients)))

    def test_git_send_email(self):
        script = sendmail.wrapper_in(self.directory, self.relay.config_file)
        patch = pathlib.Path(self.directory, "0001.patch")
        patch.write_text("From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
                         "From: Jane <jane@product-a.com>\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n"
                         "Subject: [PATCH] Mend\n\n---\n.\nFrom here\n-- \n2.39.5\n")
        home = {"HOME": self.directory, "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_COMMITTER_NAME": "Jane", "GIT_COMMITTER_EMAIL": "jane@product-a.com",
                "GIT_AUTHOR_NAME": "Jane", "GIT_AUTHOR_EMAIL": "jane@product-a.com"}
        done = sendmail.run(["git", "send-email", "--quiet", "--confirm=never", "--from",
                             "Jane <jane@product-a.com>", "--to", "list@example.net",
                             f"--smtp-server={script}", patch], environment=home)
        self.assertEqual(0, done.returncode, done.stderr)
        [mail] = wait_until(self.sink.received, "the patch")
        self.assertIn("list@example.net", mail.recipients)
        self.assertTrue(mail.content.endswith(b"---\r\n.\r\nFrom here\r\n-- \r\n2.39.5\r\n"))


class SpeakingSmtp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        certificate = cls.enterClassContext(Certificate())
        cls.sink = cls.enterClassContext(SmtpSink())
        cls.ports = {tls: free_port() for tls in ("none", "required", "implicit")}
        relay = Relay([cls.sink.transport()], tls=certificate.settings())
        relay.settings["listener"] = [
            {"bind": f"127.0.0.1:{port}", "trusted": ["127.0.0.0/8"], "tls": tls}
            for tls, port in cls.ports.items()]
        relay.write_config()
        cls.relay = cls.enterClassContext(relay)

    def config_with(self, tls):
        """A configuration that names one of the daemon's listeners."""
        file = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()), "p.toml")
        file.write_text(f'[[listener]]\nbind = "127.0.0.1:{self.ports[tls]}"\ntls = "{tls}"\n')
        return file

    def test_a_message_through_every_kind_of_listener(self):
        for tls in self.ports:
            self.sink.forget()
            done = sendmail.run([PROGRAM, "sendmail", "-t", "--config", self.config_with(tls)],
                                MESSAGE)
            self.assertEqual((0, b""), (done.returncode, done.stderr), tls)
            [mail] = wait_until(self.sink.received, "the mail")
            protocol = "ESMTP" if tls == "none" else "ESMTPS"
            self.assertRegex(mail.field("Received"), rf"with {protocol}\s")

    def test_a_dialogue_through_every_kind_of_listener(self):
        dialogue = ("EHLO me\r\nMAIL FROM:<a@product-a.com>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"
                    + MESSAGE.replace("\n", "\r\n") + ".\r\nQUIT\r\n")
        for tls in self.ports:
            self.sink.forget()
            done = sendmail.run([PROGRAM, "sendmail", "-bs", "--config", self.config_with(tls)],
                                dialogue)
            self.assertEqual((0, b""), (done.returncode, done.stderr), tls)
            codes = re.findall(rb"(?m)^(\d{3}) ", done.stdout)
            self.assertEqual([b"220", b"250", b"250", b"250", b"354", b"250", b"221"], codes, tls)
            wait_until(self.sink.received, "the mail")

    def test_a_dialogue_from_a_file_that_just_ends(self):
        with tempfile.TemporaryFile() as file:
            file.write(b"EHLO me\r\nNOOP\r\n")
            file.seek(0)
            done = subprocess.run([PROGRAM, "sendmail", "-bs", "--config",
                                   self.config_with("none")], stdin=file, stdout=subprocess.PIPE,
                                  timeout=60)
        self.assertEqual(0, done.returncode)
        self.assertIn(b"\r\n250 2.0.0", done.stdout)

    def test_a_dialogue_that_breaks_off_leaves_nothing(self):
        dialogue = ("EHLO me\r\nMAIL FROM:<a@product-a.com>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"
                    + MESSAGE.replace("\n", "\r\n"))
        done = sendmail.run([PROGRAM, "sendmail", "-bs", "--config", self.config_with("none")],
                            dialogue)
        self.assertIn(b"\r\n354 ", done.stdout)
        self.assertEqual([], self.relay.mailq())

    def test_a_dialogue_has_no_tls_of_its_own(self):
        done = sendmail.run([PROGRAM, "sendmail", "-bs", "--config", self.config_with("none")],
                            "EHLO me\r\nSTARTTLS\r\nNOOP\r\nQUIT\r\n")
        codes = re.findall(rb"(?m)^(\d{3}) ", done.stdout)
        self.assertEqual([b"220", b"250", b"502", b"250", b"221"], codes)

    def test_a_dialogue_step_by_step(self):
        process = subprocess.Popen([PROGRAM, "sendmail", "-bs", "--config",
                                    self.config_with("implicit")],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.assertRegex(process.stdout.readline(), rb"^220 ")
        process.stdin.write(b"NOOP\r\n")
        self.assertRegex(process.stdout.readline(), rb"^250 ")
        process.stdin.close()
        self.assertEqual(b"", process.stdout.read())
        self.assertEqual(0, process.wait(60))
        process.stdout.close()


class WithoutADaemon(unittest.TestCase):
    """Whatever becomes of the daemon: the caller hears that the message is still his."""

    def setUp(self):
        self.sink = self.enterContext(SmtpSink())  # plays the daemon
        self.directory = self.enterContext(tempfile.TemporaryDirectory())
        self.config = self.config_for(self.sink.port)

    def config_for(self, port):
        file = pathlib.Path(self.directory, f"{port}.toml")
        file.write_text(f'[[listener]]\nbind = "127.0.0.1:{port}"\n')
        return file

    def refused(self, status, *words, config=None, message=MESSAGE):
        done = sendmail.run([PROGRAM, "sendmail", "--config", config or self.config,
                             *(words or ("a@example.net", "b@example.net"))], message)
        self.assertEqual((status, b""), (done.returncode, done.stdout), done.stderr)
        self.assertRegex(done.stderr, rb"^sendmail: \S.*\n")
        self.assertEqual([], self.sink.received())
        return done.stderr.decode()

    def test_nobody_listens(self):
        said = self.refused(DEFERRED, config=self.config_for(free_port()))
        self.assertIn('is "postern serve" running?', said)

    def test_nobody_listens_and_nobody_hears(self):
        words = [PROGRAM, "sendmail", "--config", self.config_for(free_port()), "a@example.net"]
        self.assertEqual(DEFERRED, sendmail.status_unheard(words, MESSAGE))

    def test_nobody_listens_to_a_dialogue(self):
        done = sendmail.run([PROGRAM, "sendmail", "-bs", "--config", self.config_for(free_port())])
        self.assertEqual(DEFERRED, done.returncode)
        self.assertRegex(done.stdout, rb"^421 4\.3\.2 [^\r\n]+\r\n$")

    def test_it_is_too_busy(self):
        self.sink.greeting = "421 4.3.2 Too many connections"
        self.assertIn("Too many connections", self.refused(DEFERRED))

    def test_it_dies_in_the_middle(self):
        def die(_):
            raise ConnectionError
        for step in ("on_mail", "on_rcpt", "on_data"):
            with self.subTest(step):
                setattr(self.sink, step, die)
                said = self.refused(DEFERRED)
                self.assertEqual(step == "on_data", "whether it has the message" in said, said)
                setattr(self.sink, step, lambda _: None)

    def test_it_cannot_take_mail_now(self):
        self.sink.on_mail = lambda sender: "452 4.3.1 The queue is full"
        self.assertIn("The queue is full", self.refused(DEFERRED))
        self.sink.on_mail = lambda sender: None
        self.sink.on_data = lambda mail: "452 4.3.1 The queue is full"
        self.assertIn("The queue is full", self.refused(DEFERRED))

    def test_one_recipient_refused_is_all_refused(self):
        self.sink.on_rcpt = lambda address: "550 5.1.1 no such user" if address[0] == "b" else None
        self.assertIn("b@example.net: 550 5.1.1 no such user", self.refused(NO_USER))
        self.sink.on_rcpt = lambda address: "451 4.3.0 not now" if address[0] == "a" else None
        self.assertIn("a@example.net: 451", self.refused(DEFERRED))
        self.sink.on_rcpt = lambda address: {"a": "451 4.3.0 not now"}.get(
            address[0], "550 5.7.1 not from you")
        self.assertIn("550 5.7.1", self.refused(REFUSED))

    def test_it_refuses_the_message(self):
        self.sink.on_data = lambda mail: "554 5.4.6 a loop"
        self.refused(REFUSED)
        self.sink.on_data = lambda mail: "550 5.6.0 no From"
        self.refused(BAD_DATA)

    def test_it_speaks_something_else(self):
        self.sink.greeting = "HTTP/1.1 400 Bad Request"
        self.assertIn("does not speak SMTP", self.refused(DEFERRED))

    def test_a_configuration_that_cannot_be_used(self):
        self.refused(CONFIG, config="/nowhere/postern.toml")
        broken = pathlib.Path(self.directory, "broken.toml")
        broken.write_text("[[listener]]\nbind = 'nonsense'\n")
        self.assertIn("broken.toml:2:8: bind", self.refused(CONFIG, config=broken))

    def test_input_that_cannot_be_read(self):
        unreadable = os.open(self.directory, os.O_RDONLY)
        self.addCleanup(os.close, unreadable)
        done = subprocess.run([PROGRAM, "sendmail", "--config", self.config, "a@example.net"],
                              stdin=unreadable, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(NO_INPUT, done.returncode, done.stderr)


class WithADaemonInTrouble(unittest.TestCase):
    def test_full_queue(self):
        with SmtpSink() as sink:
            sink.greeting = "421 4.3.0 never"
            with Relay([sink.transport()], queue={"max_size": "1MiB"}) as relay:
                words = [PROGRAM, "sendmail", "--config", relay.config_file, "a@example.net"]
                statuses = [sendmail.run(words, MESSAGE + ("x" * 70 + "\n") * 4000).returncode
                            for _ in range(12)]
                self.assertEqual([0, DEFERRED], sorted(set(statuses)))
                self.assertEqual(statuses.count(0), len(relay.mailq()))

    def test_killed_while_it_takes_the_message(self):
        """Exit status 0 is a promise, any other none: whatever was promised is in the queue."""
        with SmtpSink() as sink:
            sink.greeting = "421 4.3.0 never"
            with Relay([sink.transport()]) as relay:
                words = [PROGRAM, "sendmail", "--config", relay.config_file, "a@example.net"]
                statuses = []

                def submit():
                    while not statuses or statuses[-1] == 0:
                        statuses.append(sendmail.run(words, MESSAGE).returncode)
                thread = threading.Thread(target=submit)
                thread.start()
                wait_until(lambda: statuses.count(0) > 2, "some mail")
                relay.kill9()
                thread.join()
                self.assertEqual(DEFERRED, statuses[-1])
                relay.start()
                self.assertGreaterEqual(len(relay.mailq()), statuses.count(0))

    def test_a_listener_that_does_not_trust_us(self):
        with SmtpSink() as sink, Relay([sink.transport()], listener={"trusted": []}) as relay:
            done = sendmail.run([PROGRAM, "sendmail", "--config", relay.config_file,
                                 "a@example.net"], MESSAGE)
            self.assertEqual(REFUSED, done.returncode)
            self.assertIn(b"a@example.net: 550 5.7.1", done.stderr)


if __name__ == "__main__":
    unittest.main()
