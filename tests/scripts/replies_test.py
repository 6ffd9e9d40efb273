"""docs/smtp-replies.md lists what smtpd/ says, all of it; each line is sound, and some dialogue hears it."""
import ast
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "smtp-replies.md"
LITERALS = re.compile(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*')
REPLY = re.compile(r"^[2-5]\d\d[ -]")
ROW = re.compile(r"^\| `([2-5]\d\d .*?)` \|")
# What no dialogue can hear: it takes time, a crowd or many connections.
HEARD_ELSEWHERE = {"421 4.4.2", "421 4.3.2", "421 4.7.0 Too many failed sign-ins from"}


def said():
    """Every reply in the sources: literals that begin with a code, joined as the compiler does."""
    for source in sorted((ROOT / "smtpd").glob("*.?pp")):
        for match in LITERALS.finditer(source.read_text(encoding="utf-8")):
            parts = re.findall(r'"(?:[^"\\\n]|\\.)*"', match.group())
            text = "".join(ast.literal_eval(part) for part in parts)
            if REPLY.match(text):
                yield text.removesuffix("\r\n").rstrip()


# Rows in which a word in capitals stands for what is filled in; the sources have their beginning.
FILLED_IN = re.compile(r"\b(NAME|ID|LIMIT|USER|DOMAINS|CHALLENGE)\b")


def listed():
    """Every row of the document: (the reply, whether something is filled in)."""
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if match := ROW.match(line):
            yield match.group(1), bool(FILLED_IN.search(match.group(1)))


class Replies(unittest.TestCase):
    def setUp(self):
        # EHLO's answer is no reply that anybody reads.
        self.said = sorted({text for text in said() if not text.startswith(("250-", "250 ENH"))})

    def test_the_document_lists_them_all(self):
        whole = {text for text, filled_in in listed() if not filled_in}
        begun = {text for text, filled_in in listed() if filled_in}
        begins = set(self.said) - whole
        self.assertEqual(set(), whole - set(self.said))
        for text in begins:
            self.assertTrue(any(row.startswith(text) for row in begun), text)
        for row in begun:
            self.assertTrue(any(row.startswith(text) for text in begins), row)

    def test_every_refusal_has_its_class_twice_and_is_a_sentence(self):
        for text, _ in listed():
            if text[0] in "45":
                with self.subTest(text=text):
                    self.assertRegex(text, r"^([45])\d\d \1\.\d\.\d{1,2} [A-Z]")
                    self.assertGreaterEqual(len(text.split()), 5)
            self.assertLess(len(text), 300)

    def test_each_is_heard_in_a_dialogue(self):
        heard = "\n".join(path.read_text(encoding="utf-8")
                          for path in (ROOT / "tests" / "golden" / "dialogues").glob("*.txt"))
        for text, filled_in in listed():
            if not filled_in and not text.startswith(tuple(HEARD_ELSEWHERE)):
                with self.subTest(text=text):
                    self.assertIn(": " + text, heard)


if __name__ == "__main__":
    unittest.main()
