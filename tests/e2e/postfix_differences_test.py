"""The same bytes to Postfix and to Postern: what they accept, answer and pass on.

Every difference stands in docs/postfix-differences.md, in a section that says why; this test fails
when the document lists one that is not, or lacks one that is.
"""
import itertools
import pathlib
import re
import unittest

from support import smtp_inputs, smtp_inputs_mail
from support.certificate import Certificate
from support.postfix_smarthost import PostfixSmarthost
from support.relay import Relay, wait_until
from support.smtp_cases import converse, show
from support.smtp_sink import SmtpSink

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "postfix-differences.md"
CASES = smtp_inputs.CASES + smtp_inputs_mail.CASES
LIMIT_BYTES = 1 << 20

# As a submission server for one trusted address, as strict about line ends as Postfix can be.
# What it passes on goes to a sink; local rewriting, a matter of taste, is off.
MAIN_CF = {
    "mynetworks": "127.0.0.1/32",
    "smtpd_forbid_bare_newline": "reject",
    "smtpd_forbid_bare_newline_exclusions": "",
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_tls_auth_only": "no",
    "smtpd_error_sleep_time": "0",
    "local_header_rewrite_clients": "",
    "always_add_missing_headers": "yes",
    **{f"{kind}_transport": "smtp" for kind in ("default", "local", "relay", "virtual")},
}
MASTER_CF = "smtp unix - - n - - smtp\n"


def as_sent(case, number):
    """The case with its own mark, and the mark."""
    mark = b"case-%04d" % number
    return mark.decode(), case.with_mark(mark)


def codes(answered):
    """["250", "250", "421"] as `250 ×2 421`."""
    runs = [(code, len(list(same))) for code, same in itertools.groupby(answered)]
    return " ".join(code if count == 1 else f"{code} ×{count}" for code, count in runs)


def first_difference(postfix, postern):
    """(what was sent, Postfix's answer, Postern's) where their kinds first part, or None."""
    closed = ("", ["closed"])
    for one, other in itertools.zip_longest(postfix, postern, fillvalue=closed):
        if [code[0] for code in one[1]] != [code[0] for code in other[1]]:
            sent = one[0] or other[0]
            return sent, codes(one[1]) or "no answer", codes(other[1]) or "no answer"
    return None


class Copy:
    """One recipient's copy as a smarthost got it, without the trace of the way."""

    def __init__(self, mail, recipient, case):
        self.envelope = f"{mail.sender or '<>'} to {recipient}"
        header, empty_line, body = mail.content.partition(b"\r\n\r\n")
        self.body = empty_line + body
        fields = re.split(rb"\r\n(?![ \t])", header.removesuffix(b"\r\n"))
        self.fields = sorted(self.added_or_not(field, case) for field in fields
                             if not field.lower().startswith(b"received:"))

    @staticmethod
    def added_or_not(field, case):
        name = field.split(b":")[0].lower()
        added = name in (b"date", b"message-id") and name + b":" not in case.text.lower()
        return name + b": added" if added else field


def shown(fields):
    return ", ".join(show(field) for field in fields) or "no such field"


def shown_body(body):
    return f"a body of {len(body) - 4} bytes" if body else "no empty line, no body"


def queue_difference(postfix, postern):
    if sorted(c.envelope for c in postfix) != sorted(c.envelope for c in postern):
        return [", ".join(sorted(c.envelope for c in copies)) or "nothing"
                for copies in (postfix, postern)]
    for one, other in zip(*(sorted(copies, key=lambda c: (c.envelope, c.body))
                            for copies in (postfix, postern))):
        if one.fields != other.fields:
            return [shown([field for field in a.fields if field not in b.fields])
                    for a, b in ((one, other), (other, one))]
        if one.body != other.body:
            return shown_body(one.body), shown_body(other.body)
    return None


def as_row(name, sent, postfix, postern):
    cells = (re.sub(r"case-\d{4}", "me", text).replace("|", "\\|").strip()
             for text in (name, sent, postfix, postern))
    return f"| {' | '.join(cells)} |"


class PostfixDifferences(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.sinks = [cls.enterClassContext(SmtpSink()) for _ in range(2)]
        postfix = PostfixSmarthost(message_size_limit=LIMIT_BYTES, main_cf={
            **MAIN_CF, "transport_maps": f"static:smtp:[127.0.0.1]:{cls.sinks[0].port}"},
            master_cf=MASTER_CF)
        cls.postfix = cls.enterClassContext(postfix)
        cls.certificate = cls.enterClassContext(Certificate())
        cls.relay = cls.enterClassContext(Relay(
            [cls.sinks[1].transport()], tls=cls.certificate.settings(),
            credential=[{"username": postfix.username, "password": postfix.password}],
            server={"hostname": postfix.name},
            listener={"tls": "starttls", "trusted": ["127.0.0.1/32"], "max_message": "1MiB"}))

    def passed_on(self, sink, cases):
        """{mark: [Copy]}"""
        copies = {mark: [] for mark in cases}
        for mail in sink.received():
            text = b" ".join([mail.content, mail.sender.encode(errors="surrogateescape")])
            mark = re.search(rb"case-\d{4}", text).group().decode()
            copies[mark] += [Copy(mail, recipient, cases[mark]) for recipient in mail.recipients]
        return copies

    def differences(self):
        cases = dict(as_sent(case, number) for number, case in enumerate(CASES))
        found = {}
        for mark, case in cases.items():
            found[mark] = first_difference(
                converse(self.postfix.plain_port, case, self.postfix.ca_file),
                converse(self.relay.port, case, self.certificate.file))
        wait_until(self.postfix.is_empty, "Postfix's queue to be empty")
        self.relay.wait_empty()
        copies = [self.passed_on(sink, cases) for sink in self.sinks]
        for mark, case in cases.items():
            if found[mark]:
                yield as_row(case.name, *found[mark])
            elif queued := queue_difference(copies[0][mark], copies[1][mark]):
                yield as_row(case.name, "(passed on)", *queued)

    def test_each_is_documented(self):
        text = DOCUMENT.read_text()
        documented = re.findall(r"(?m)^\| (?!input|---).*\|$", text)
        seen = list(self.differences())
        missing = [row for row in seen if row not in documented]
        gone = [row for row in documented if row not in seen]
        self.assertFalse(missing or gone, "\n".join(["not in the document:", *missing,
                                                     "in it, but not so:", *gone]))
        self.assertEqual(len(documented), len(set(documented)))
        self.assertIn(f"{len(CASES)} dialogues", text)
        self.assertIn(f"They differ in {len(seen)}.", text)


if __name__ == "__main__":
    unittest.main()
