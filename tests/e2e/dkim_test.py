"""DKIM as others see it: what we sign is verified by dkimpy and Mail::DKIM, what dkimpy signs is
verified by us. Keys are made by `postern dkim keygen`; DNS is a dictionary.

Mail::DKIM of Debian 12 does not know Ed25519 (it then calls the signature invalid); dkimpy checks
both kinds.
"""
import json
import os
import re
import stat
import subprocess
import tempfile
import unittest

try:
    import dkim
    import nacl  # noqa: F401  dkimpy needs it for Ed25519
except ImportError as missing:
    raise SystemExit(f"{missing}: install python3-dkim and python3-nacl")

POSTERN = os.environ["POSTERN"]
SIGN = os.path.join(os.path.dirname(POSTERN), "tests", "dkim_sign")
VERIFY_PERL = os.path.join(os.path.dirname(__file__), "..", "support", "verify_dkim.pl")
DOMAIN = "product-a.com"

PLAIN = (b"From: Anna <anna@product-a.com>\r\n"
         b"To: bob@example.net\r\n"
         b"Subject: Hello\r\n"
         b"Date: Sat, 21 Nov 2026 09:13:07 +0000\r\n"
         b"Message-ID: <1@product-a.com>\r\n"
         b"\r\n"
         b"Hello Bob,\r\n"
         b"\r\n"
         b"here is your order.\r\n")


def header(*lines):
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n"


ODD = {
    "plain": PLAIN,
    "folded": header(b"From: Anna\r\n <anna@product-a.com>", b"To: a@b.example,\r\n\tc@d.example",
                     b"Subject:\r\n  Hello  \t there ") + b"x\r\n",
    "empty body": header(b"From: anna@product-a.com", b"Subject: x"),
    "only empty lines": header(b"From: anna@product-a.com") + b"\r\n\r\n\r\n",
    "no final CRLF": header(b"From: anna@product-a.com") + b"no end",
    "white space": header(b"From: anna@product-a.com") + b" a \t b\t\r\n\r\n \t\r\nc  \r\n \r\n\r\n",
    "repeated fields": header(b"From: anna@product-a.com", b"To: a@b.example", b"To: c@d.example",
                              b"Comments: 1", b"Comments: 2", b"Subject: 1", b"Subject: 2") + b"x\r\n",
    "8 bit": header(b"From: anna@product-a.com", "Subject: grüß".encode(), b"X-Latin: gr\xfc\xdf")
             + "grüß".encode() + b" \xff\xfe\r\n",
    "odd case": header(b"FROM: anna@product-a.com", b"suBJect: x", b"mime-VERSION: 1.0") + b"x\r\n",
    "leading dots": header(b"From: anna@product-a.com") + b".\r\n..\r\n.x\r\n",
    "newsletter": header(b"From: anna@product-a.com", b"List-Unsubscribe: <https://a.example/u>",
                         b"List-Unsubscribe-Post: List-Unsubscribe=One-Click") + b"x\r\n",
    "big": header(b"From: anna@product-a.com") + b"0123456789 abcdef \r\n" * 50000,
}


def run(*command, stdin=b"", status=0):
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=60)
    if done.returncode != status:
        raise AssertionError(f"{command} ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout


class Signed(unittest.TestCase):
    """One RSA and one Ed25519 key, and words to sign and to have it judged."""

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)
        cls.records = {}
        for selector, option in (("rsa1", []), ("ed1", ["--ed25519"])):
            out = run(POSTERN, "dkim", "keygen", DOMAIN, selector, "--out", cls.path(selector),
                      "--json", *option)
            record = json.loads(out)
            cls.records[record["name"]] = record["value"]
        with open(cls.path("records"), "w", encoding="ascii") as file:
            for name, value in cls.records.items():
                file.write(f"{name}\t{value}\n")

    @classmethod
    def path(cls, name):
        return os.path.join(cls.directory.name, name)

    def sign(self, message):
        return run(SIGN, DOMAIN, f"rsa1={self.path('rsa1')}", f"ed1={self.path('ed1')}",
                   stdin=message)

    def dns(self, name, timeout=5):
        return self.records.get(name.decode().rstrip("."), "").encode()

    def dkimpy(self, message):
        """{selector: passed} by dkimpy, a fresh verifier for each of our two signatures."""
        results = {}
        for index in range(2):
            verifier = dkim.DKIM(message)
            try:
                passed = verifier.verify(idx=index, dnsfunc=self.dns)
            except dkim.ValidationError:  # a changed body
                passed = False
            results[verifier.signature_fields[b"s"].decode()] = passed
        return results

    def mail_dkim(self, message):
        """{selector: result} by Mail::DKIM."""
        out = run("/usr/bin/perl", VERIFY_PERL, self.path("records"), stdin=message).decode()
        return dict(line.split(" ", 1) for line in out.splitlines())


class TestOthersAcceptOurSignatures(Signed):
    def test_dkimpy(self):
        for name, message in ODD.items():
            with self.subTest(name):
                self.assertEqual(self.dkimpy(self.sign(message)), {"rsa1": True, "ed1": True})

    def test_mail_dkim(self):
        for name, message in ODD.items():
            with self.subTest(name):
                results = self.mail_dkim(self.sign(message))
                self.assertEqual(results["rsa1"], "pass")
                self.assertRegex(results["ed1"], r"pass|invalid \(unsupported algorithm")

    def test_the_message_itself_is_untouched(self):
        for message in ODD.values():
            self.assertTrue(self.sign(message).endswith(b"\r\n" + message))

    def test_the_field_is_folded(self):
        fields = self.sign(PLAIN)[:-len(PLAIN)]
        self.assertEqual(len(re.findall(rb"(?m)^DKIM-Signature: ", fields)), 2)
        for line in fields.split(b"\r\n"):
            self.assertLessEqual(len(line), 78)


class TestOthersRefuseChangedMessages(Signed):
    def changed(self):
        signed = self.sign(PLAIN)
        yield "subject", signed.replace(b"Subject: Hello", b"Subject: Hallo")
        yield "body", signed.replace(b"your order", b"my order")
        yield "longer body", signed + b"and more\r\n"
        yield "removed field", signed.replace(b"To: bob@example.net\r\n", b"")
        for added in (b"From: Eve <eve@example.net>", b"Subject: You won", b"Reply-To: e@example.net",
                      b"Content-Type: text/html"):
            yield f"added {added}", added + b"\r\n" + signed
            yield f"added below {added}", signed.replace(b"\r\nTo: ", b"\r\n" + added + b"\r\nTo: ")

    def test_dkimpy(self):
        for name, message in self.changed():
            with self.subTest(name):
                self.assertEqual(self.dkimpy(message), {"rsa1": False, "ed1": False})

    def test_mail_dkim(self):
        for name, message in self.changed():
            with self.subTest(name):
                self.assertRegex(self.mail_dkim(message)["rsa1"], "^fail")

    def test_what_a_relay_may_do_does_not_hurt(self):
        signed = self.sign(PLAIN)
        relayed = (b"Received: from a by b; Sat, 21 Nov 2026 09:13:08 +0000\r\n" +
                   signed.replace(b"Subject: Hello", b"subject:   Hello "))
        self.assertEqual(self.dkimpy(relayed), {"rsa1": True, "ed1": True})
        self.assertEqual(self.mail_dkim(relayed)["rsa1"], "pass")


class TestCommands(Signed):
    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def test_keygen_never_overwrites(self):
        with open(self.path("rsa1"), "rb") as file:
            before = file.read()
        run(POSTERN, "dkim", "keygen", DOMAIN, "rsa1", "--out", self.path("rsa1"), status=1)
        with open(self.path("rsa1"), "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("rsa1")).st_mode), 0o600)

    def test_keygen_refuses_names_that_are_none(self):
        run(POSTERN, "dkim", "keygen", "../etc", "s", status=2)
        run(POSTERN, "dkim", "keygen", DOMAIN, "a b", status=2)

    def test_record_says_what_keygen_said(self):
        for selector in ("rsa1", "ed1"):
            out = run(POSTERN, "dkim", "record", "--key", self.path(selector), DOMAIN, selector)
            strings = re.findall(rb'"([^"]*)"', out.splitlines()[0])
            self.assertTrue(all(len(string) <= 255 for string in strings))
            self.assertEqual(b"".join(strings).decode(),
                             self.records[f"{selector}._domainkey.{DOMAIN}"])

    def test_openssl_reads_our_keys(self):
        for selector in ("rsa1", "ed1"):
            run("openssl", "pkey", "-in", self.path(selector), "-noout")

    def test_verify_accepts_what_dkimpy_signs(self):
        with open(self.path("rsa1"), "rb") as file:
            key = file.read()
        for form in (b"relaxed", b"simple"):
            for name, message in ODD.items():
                with self.subTest(name, form=form):
                    field = dkim.sign(message, b"rsa1", DOMAIN.encode(), key,
                                      canonicalize=(form, form))
                    path = self.write("by-dkimpy.eml", field + message)
                    out = run(POSTERN, "dkim", "verify", path, "--key", self.path("rsa1"))
                    self.assertEqual(out, b"pass d=product-a.com s=rsa1 a=rsa-sha256\n")

    def test_verify_refuses_a_changed_message(self):
        message = run(SIGN, DOMAIN, f"ed1={self.path('ed1')}", stdin=PLAIN)
        record = self.records[f"ed1._domainkey.{DOMAIN}"]
        good = self.write("good.eml", message)
        bad = self.write("bad.eml", message.replace(b"Hello", b"Hallo"))
        out = run(POSTERN, "dkim", "verify", good, "--record", record, "--json")
        self.assertEqual(json.loads(out), [{"domain": DOMAIN, "selector": "ed1", "passed": True,
                                            "algorithm": "ed25519-sha256", "why": ""}])
        out = run(POSTERN, "dkim", "verify", bad, "--record", record, status=1)
        self.assertIn(b"fail d=product-a.com s=ed1", out)

    def test_verify_reads_mail_with_unix_line_ends(self):
        message = run(SIGN, DOMAIN, f"ed1={self.path('ed1')}", stdin=PLAIN)
        path = self.write("unix.eml", message.replace(b"\r\n", b"\n"))
        run(POSTERN, "dkim", "verify", path, "--key", self.path("ed1"))

    def test_verify_of_an_unsigned_message(self):
        out = run(POSTERN, "dkim", "verify", self.write("plain.eml", PLAIN), "--key",
                  self.path("ed1"), status=1)
        self.assertEqual(out, b"no DKIM signature\n")


if __name__ == "__main__":
    unittest.main()
