"""scripts/check-layers on small trees: each rule is broken once and must be named, with its place."""
import pathlib
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "check-layers"


class CheckLayers(unittest.TestCase):
    def setUp(self):
        self.tree = tempfile.TemporaryDirectory()
        self.addCleanup(self.tree.cleanup)

    def write(self, name, text):
        path = pathlib.Path(self.tree.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def check(self):
        run = subprocess.run([SCRIPT, self.tree.name], stdout=subprocess.PIPE, text=True)
        return run.returncode, run.stdout.splitlines()

    def assert_breach(self, start):
        status, lines = self.check()
        self.assertEqual(1, status)
        self.assertEqual(1, len(lines), lines)
        self.assertTrue(lines[0].startswith(start), lines[0])

    def assert_clean(self):
        self.assertEqual((0, []), self.check())

    def test_floors_below_and_the_own_folder_are_allowed(self):
        self.write("smtpd/session.cpp", '#include "smtpd/session.hpp"\n#include "mail/data.hpp"\n'
                                        '#include "queue/store.hpp"\n#include "core/id.hpp"\n')
        self.write("app/app.cpp", '#include "cli/run.hpp"\n#include "admin/api.hpp"\n')
        self.assert_clean()

    def test_a_floor_above_is_refused(self):
        self.write("core/id.cpp", '#include "core/id.hpp"\n#include "queue/store.hpp"\n')
        self.assert_breach('core/id.cpp:2: "queue/store.hpp"')

    def test_a_sibling_without_an_arrow_is_refused(self):
        self.write("mail/data.cpp", '#include "net/stream.hpp"\n')
        self.assert_breach("mail/data.cpp:1:")

    def test_smtpd_and_transports_do_not_know_each_other(self):
        self.write("smtpd/server.cpp", '#include "transports/transport.hpp"\n')
        self.assert_breach("smtpd/server.cpp:1:")

    def test_cli_speaks_to_the_daemon_and_not_to_its_file(self):
        self.write("cli/mailq.cpp", '#include "net/http_unix.hpp"\n#include "queue/store.hpp"\n')
        self.assert_breach("cli/mailq.cpp:2:")

    def test_a_folder_without_a_floor_is_refused(self):
        self.write("net/dns.cpp", '#include "utils/strings.hpp"\n')
        self.assert_breach('net/dns.cpp:1: "utils/strings.hpp": no folder')

    def test_tests_may_include_everything(self):
        self.write("tests/unit/queue/x_test.cpp",
                   '#include "app/app.hpp"\n#include <sqlite3.h>\nsqlite3_open(a, b);\n')
        self.assert_clean()

    def test_a_library_outside_its_place_is_refused(self):
        for name, line in [
            ("queue/committer.cpp", "sqlite3_step(row);"),
            ("queue/store.hpp", "#include <sqlite3.h>"),
            ("transports/mailgun.cpp", "curl_easy_init();"),
            ("transports/ses.cpp", "#include <curl/curl.h>"),
            ("admin/api.cpp", "#include <boost/beast/http.hpp>"),
            ("admin/pages.cpp", "namespace http = boost::beast::http;"),
            ("mail/headers.cpp", "EVP_MD_CTX_new();"),
            ("smtpd/policy.cpp", "auto table = toml::parse(text);"),
            ("app/main.cpp", "#include <CLI/CLI.hpp>"),
            ("smtpd/session.cpp", "mimetic::MimeEntity entity;"),
        ]:
            with self.subTest(name=name, line=line):
                self.write(name, "\n" + line + "\n")
                self.assert_breach(f"{name}:2:")
                (pathlib.Path(self.tree.name) / name).unlink()

    def test_a_library_in_its_place_is_allowed(self):
        self.write("queue/sqlite_db.cpp", "#include <sqlite3.h>\nsqlite3_step(row);\n")
        self.write("net/http_client.cpp", "#include <curl/curl.h>\nCURL* easy = curl_easy_init();\n")
        self.write("net/http_server.cpp", "#include <boost/beast/http.hpp>\n")
        self.write("dkim/key.cpp", "EVP_PKEY_free(key);\n")
        self.write("core/crypto.cpp", "EVP_sha256();\n")
        self.write("config/load.cpp", "toml::parse(text);\n")
        self.write("cli/run.cpp", "#include <CLI/CLI.hpp>\n")
        self.write("mail/headers.cpp", "mimetic::Rfc822Header header;\n")
        self.assert_clean()

    def test_a_comment_may_name_a_library(self):
        self.write("queue/store.hpp", "int a;  // sqlite3_step would do\n")
        self.assert_clean()

    def test_a_source_of_more_than_400_lines_is_refused(self):
        self.write("smtpd/session.cpp", "\n" * 401)
        self.assert_breach("smtpd/session.cpp:401: 401 lines")
        self.write("smtpd/session.cpp", "\n" * 400)
        self.assert_clean()


if __name__ == "__main__":
    unittest.main()
