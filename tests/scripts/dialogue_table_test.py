"""The table of tests/golden/dialogues/README.md: every row of hostile input, and how many cases it has."""
import pathlib
import subprocess
import unittest

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "dialogue-table"


class DialogueTable(unittest.TestCase):
    def test_says_what_the_files_hold(self):
        run = subprocess.run([SCRIPT], capture_output=True, text=True)
        print(run.stdout)
        self.assertEqual("", run.stderr)
        self.assertEqual(0, run.returncode)


if __name__ == "__main__":
    unittest.main()
