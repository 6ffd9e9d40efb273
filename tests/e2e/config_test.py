"""postern config check|show and the exit statuses, as an operator's script sees them."""
import os
import pathlib
import subprocess
import tempfile
import unittest

from support.client import submit
from support.relay import PROGRAM, Relay, RelayExited, free_port, wait_until
from support.smtp_sink import SmtpSink

GOOD = """\
[[transport]]
name = "capture"
type = "capture"
directory = "mail"
"""


class ConfigCheck(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.file = self.directory / "postern.toml"

    def postern(self, *words, **environment):
        return subprocess.run([PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60, cwd=self.directory,
                              env={**os.environ, **environment})

    def check(self, text):
        """(exit status, everything printed) of `config check` on that text."""
        self.file.write_text(text)
        run = self.postern("config", "check", "--config", str(self.file))
        return run.returncode, run.stdout + run.stderr

    def assert_mistake(self, text, place, *words):
        status, said = self.check(text)
        self.assertEqual(2, status, said)
        [line] = [line for line in said.splitlines() if line.startswith(f"{self.file}:{place}: ")]
        for word in words:
            self.assertIn(word, line)

    def test_a_good_file_passes(self):
        status, said = self.check(GOOD)
        self.assertEqual(0, status, said)

    def test_a_mistyped_key_has_a_place_and_a_suggestion(self):
        self.assert_mistake(GOOD + '[queue]\nexpire_aftr = "3d"\n', "6:1", "expire_aftr",
                            "expire_after")

    def test_a_wrong_type(self):
        self.assert_mistake(GOOD + "[queue]\nexpire_after = 3\n", "6:16", "expire_after")

    def test_a_bad_duration(self):
        self.assert_mistake(GOOD + '[queue]\nexpire_after = "3 fortnights"\n', "6:16", "fortnights")

    def test_broken_toml(self):
        status, said = self.check("[queue\n")
        self.assertEqual(2, status, said)
        self.assertIn(f"{self.file}:1:", said)

    def test_a_route_to_an_unknown_transport(self):
        self.assert_mistake(GOOD + '[[domain]]\nname = "*"\ntransports = ["captur"]\n', "7:15",
                            "captur", "capture")

    def test_a_missing_secret_file_and_an_empty_secret(self):
        text = GOOD + '[[transport]]\nname = "mailgun"\ntype = "mailgun"\n'
        self.assert_mistake(text + 'api_key = { file = "/nonexistent/key" }\n', "8:11",
                            "/nonexistent/key")
        self.assert_mistake(text + 'api_key = ""\n', "8:11", "api_key")

    def key(self, *words):
        """A file with what openssl makes of those words."""
        file = self.directory / f"key{len(list(self.directory.iterdir()))}.pem"
        subprocess.run(["openssl", *words, "-out", str(file)], check=True, capture_output=True)
        return file

    def dkim(self, key):
        return (GOOD + '[[domain]]\nname = "product-a.com"\n[[domain.dkim]]\nselector = "s1"\n'
                f'key = {key}\n')

    def test_a_bad_dkim_key_has_its_place(self):
        good = self.key("genpkey", "-algorithm", "ed25519")
        self.assertEqual(0, self.check(self.dkim(f'{{ file = "{good}" }}'))[0])
        public = self.directory / "public.pem"
        subprocess.run(["openssl", "pkey", "-in", str(good), "-pubout", "-out", str(public)],
                       check=True)
        weak = self.key("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:512")
        curve = self.key("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        locked = self.key("genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:x")
        for file, words in ((public, "it is the public one"), (weak, "an RSA key of 512 bits"),
                            (curve, "neither an RSA nor an Ed25519 key"),
                            (locked, "it asks for a pass phrase"),
                            (self.file, "not an unencrypted private key in PEM"),
                            (self.directory / "none.pem", "No such file or directory")):
            self.assert_mistake(self.dkim(f'{{ file = "{file}" }}'), "9:7", "key: ", words)
        self.assert_mistake(self.dkim(f'"{good}"'), "9:7", "for one in a file write { file = ")
        self.assert_mistake(self.dkim(f'{{ file = "{good}" }}').replace("product-a.com", "*"),
                            "9:7", '"*" is no domain to sign for')

    def test_serve_and_reload_refuse_a_bad_dkim_key_with_its_place(self):
        bad = self.directory / "bad.pem"
        bad.write_text("-----BEGIN PRIVATE KEY-----\nbm8=\n-----END PRIVATE KEY-----\n")
        broken = {"name": "product-a.com",
                  "dkim": [{"selector": "s1", "key": {"file": str(bad)}}]}
        with SmtpSink() as sink, Relay([sink.transport()]) as relay:
            relay.settings["domain"] = [broken]
            relay.write_config()
            relay.reload()
            wait_until(lambda: "reload_refused" in relay.log(), "the refusal")
            self.assertRegex(relay.log(), r"reload_refused mistake=.*postern.toml:\d+:\d+: key: "
                                          "not an unencrypted private key")
            submit(relay.port)
            wait_until(sink.received, "the old configuration to go on")
            self.assertEqual(0, relay.stop())
            with self.assertRaises(RelayExited) as exited:
                relay.start()
            self.assertEqual(2, exited.exception.status)
            self.assertRegex(exited.exception.log.splitlines()[-1],
                             r"postern.toml:\d+:\d+: key: not an unencrypted private key")

    def test_a_ca_file_without_a_certificate(self):
        self.file.write_text("nothing")
        text = GOOD + ('[[transport]]\nname = "b"\ntype = "smtp"\nhost = "mx.example"\n'
                       f'ca_file = "{self.file}"\n')
        self.assert_mistake(text, "9:11", "ca_file", "has no certificate in PEM")

    def test_two_listeners_on_one_port(self):
        status, said = self.check(GOOD + '[[listener]]\nbind = "127.0.0.1:2525"\n' * 2)
        self.assertEqual(2, status, said)
        self.assertIn("2525", said)

    def test_every_mistake_is_told_at_once(self):
        status, said = self.check(GOOD + '[queue]\nexpire_aftr = "3d"\nmax_size = "lots"\n'
                                         '[brekaer]\nfailures = 5\n')
        self.assertEqual(2, status, said)
        places = [line for line in said.splitlines() if line.startswith(f"{self.file}:")]
        self.assertEqual(3, len(places), said)

    def test_serve_refuses_the_file_with_the_same_words(self):
        _, said = self.check(GOOD + '[queue]\nexpire_aftr = "3d"\n')
        run = self.postern("serve", "--config", str(self.file))
        self.assertEqual(2, run.returncode)
        self.assertIn(said.splitlines()[0], run.stderr)

    def test_a_missing_file(self):
        run = self.postern("serve", "--config", str(self.directory / "absent.toml"))
        self.assertEqual(2, run.returncode)
        self.assertIn("absent.toml", run.stderr)

    def test_show_hides_secrets(self):
        self.file.write_text(GOOD + '[[transport]]\nname = "m"\ntype = "mailgun"\n'
                                    'api_key = { env = "TEST_KEY" }\n')
        run = self.postern("config", "show", "--config", str(self.file), TEST_KEY="key-hunter2")
        self.assertEqual(0, run.returncode, run.stderr)
        self.assertNotIn("hunter2", run.stdout + run.stderr)
        self.assertIn("***", run.stdout)

    def test_usage_is_2_and_no_daemon_is_69(self):
        self.assertEqual(2, self.postern("mailqq").returncode)
        self.assertEqual(2, self.postern("mailq", "--nonsense").returncode)
        absent = str(self.directory / "admin.sock")
        self.assertEqual(69, self.postern("mailq", "--socket", absent).returncode)

    def test_version(self):
        self.assertRegex(self.postern("--version").stdout, r"^postern \d+\.\d+\.\d+\n$")


class Daemon(unittest.TestCase):
    def test_an_unknown_id_is_1(self):
        with Relay([{"name": "capture", "type": "capture", "directory": "mail"}]) as relay:
            for verb in ("show", "body", "retry", "hold", "delete"):
                relay.cli(verb, "0000000000000000", status=1)

    def test_the_environment_alone_makes_a_configuration(self):
        """Enough for a container: no file at all."""
        with SmtpSink() as sink, tempfile.TemporaryDirectory() as state:
            port = free_port()
            environment = {**os.environ, "POSTERN_STATE": state,
                           "POSTERN_BIND": f"127.0.0.1:{port}",
                           "POSTERN_BACKUP_URL": f"smtp://127.0.0.1:{sink.port}"}
            run = subprocess.run([PROGRAM, "config", "show"], env=environment, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            self.assertEqual(0, run.returncode, run.stderr)
            self.assertIn(str(sink.port), run.stdout)
            self.assertIn(str(port), run.stdout)

    def test_a_port_in_use_is_named(self):
        with SmtpSink() as other:
            relay = Relay([{"name": "capture", "type": "capture", "directory": "mail"}],
                          listener={"bind": f"127.0.0.1:{other.port}"})
            with self.assertRaises(RelayExited) as exited, relay:
                pass
            self.assertRegex(exited.exception.log, rf"cannot listen on 127.0.0.1:{other.port}: Address "
                             r"already in use \(\[\[listener\]\] bind, \S+postern.toml:\d+:\d+\)\n")
            self.assertNotEqual(0, exited.exception.status)

    def refused_start(self, **settings):
        transport = {"name": "capture", "type": "capture", "directory": "mail"}
        relay = Relay([{**transport, **settings.pop("transport", {})}], **settings)
        with self.assertRaises(RelayExited) as exited, relay:
            pass
        self.assertEqual(1, len(exited.exception.log.splitlines()), exited.exception.log)
        return exited.exception.log

    def test_an_admin_port_in_use_is_named(self):
        with SmtpSink() as other:
            said = self.refused_start(admin={"bind": f"127.0.0.1:{other.port}"})
            self.assertRegex(said, rf"^postern: cannot listen on 127.0.0.1:{other.port} for admin and "
                             r"console: Address already in use "
                             r"\(\[admin\] bind, \S+postern.toml:\d+:\d+\)$")

    def test_a_directory_that_cannot_be_made_is_named(self):
        said = self.refused_start(transport={"directory": "/proc/none"})
        self.assertRegex(said, r"^postern: the directory /proc/none of capture cannot be used: No such "
                         r"file or directory \(\[\[transport\]\] directory, \S+toml:\d+:\d+\)$")


if __name__ == "__main__":
    unittest.main()
