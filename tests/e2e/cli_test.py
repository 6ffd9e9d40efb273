"""The commands and the admin API of a running daemon, as operators and their scripts use them."""
import http.client
import json
import os
import pathlib
import re
import smtplib
import subprocess
import tempfile
import unittest

from support.client import make_message, message_id, submit, submit_on
from support.relay import PROGRAM, Relay, wait_until
from support.smtp_sink import SmtpSink

DOMAIN = "product-a.com"
LATER = "451 4.3.0 Try again later"
UNKNOWN_ID = "0" * 16
ARRIVAL = r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def run(*words, program=PROGRAM, **options):
    return subprocess.run([program, *map(str, words)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, **options)


class WithSink(unittest.TestCase):
    """A relay whose smarthost defers until the test says otherwise."""

    def setUp(self):
        self.sink = self.enterContext(SmtpSink())
        self.sink.on_rcpt = lambda address: LATER
        self.relay = self.enterContext(Relay([self.sink.transport()]))

    def submit_and_wait(self, state="deferred", **fields):
        queued_as = submit(self.relay.port, **fields)
        wait_until(lambda: self.state_of(queued_as) == state, f"{queued_as} to be {state}")
        return queued_as

    def state_of(self, queued_as):
        return self.relay.show(queued_as)["deliveries"][0]["state"]


class Listing(WithSink):
    def test_an_empty_queue(self):
        self.assertEqual("Mail queue is empty\n", self.relay.cli("mailq").stdout)
        self.assertEqual([], self.relay.mailq())

    def test_the_layout_is_postfix_s(self):
        first = self.submit_and_wait()
        second = self.submit_and_wait(message=make_message(2), recipients=["x@example.net", "y@example.net"])
        lines = self.relay.cli("mailq").stdout.splitlines()
        self.assertEqual("----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------", lines[0])
        self.assertRegex(lines[1], rf"^{first} +\d+ {ARRIVAL} agent@product-a\.com$")
        self.assertRegex(lines[2], r"^ *\(.*451 4\.3\.0 Try again later.*\)$")
        self.assertEqual(" " * 47 + "customer@example.net", lines[3])
        self.assertEqual("", lines[4])
        self.assertRegex(lines[5], rf"^{second} +\d+ {ARRIVAL} agent@product-a\.com$")
        self.assertIn(" " * 47 + "x@example.net", lines)
        self.assertRegex(lines[-1], r"^-- \d+ Kbytes in 2 Requests\.$")

    def test_the_link_s_name_counts(self):
        with tempfile.TemporaryDirectory() as directory:
            link = pathlib.Path(directory) / "mailq"
            link.symlink_to(os.path.abspath(PROGRAM))
            listed = run("--config", self.relay.config_file, program=str(link))
        self.assertEqual((0, "Mail queue is empty\n"), (listed.returncode, listed.stdout))

    def test_filters_choose(self):
        queued_as = self.submit_and_wait()
        for words, count in [(["--sender-domain", DOMAIN], 1), (["--sender-domain", "other.com"], 0),
                             (["--recipient", "customer@example.net"], 1), (["--recipient", "x@y"], 0),
                             (["--recipient-domain", "example.net"], 1), (["--recipient-domain", "y"], 0),
                             (["--transport", "sink"], 1), (["--transport", "other"], 0),
                             (["--state", "deferred"], 1), (["--state", "held"], 0),
                             (["--older-than", "1h"], 0), (["--channel", "mail"], 1),
                             (["--channel", "webhook"], 0)]:
            self.assertEqual([queued_as] * count, [m["id"] for m in self.relay.mailq(*words)], words)

    def test_pages_hide_nothing(self):
        with smtplib.SMTP("127.0.0.1", self.relay.port) as client:
            sent = [submit_on(client, f"agent@{DOMAIN}", ["customer@example.net"], make_message(number))
                    for number in range(1100)]
        self.assertEqual(sent, [message["id"] for message in self.relay.mailq()])
        self.assertRegex(self.relay.cli("mailq").stdout, r"\n-- \d+ Kbytes in 1100 Requests\.\n$")

    def test_a_message_s_shape(self):
        queued_as = self.submit_and_wait()
        message = self.relay.show(queued_as)
        self.assertEqual((queued_as, "mail", f"agent@{DOMAIN}", message_id()),
                         tuple(message[name] for name in ("id", "channel", "sender", "message_id")))
        self.assertRegex(message["accepted_at"], f"^{TIME}$")
        delivery = message["deliveries"][0]
        self.assertEqual("customer@example.net", delivery["recipient"])
        self.assertEqual("sink", delivery["transport"])
        self.assertRegex(delivery["next_attempt_at"], f"^{TIME}$")
        self.assertIn("451 4.3.0", delivery["reason"])
        self.assertFalse(delivery["possible_duplicate"])
        attempt = message["attempts"][0]
        self.assertEqual((1, "sink", "deferred"), (attempt["number"], attempt["transport"], attempt["outcome"]))
        self.assertGreaterEqual(attempt["duration_ms"], 0)
        self.assertIn("Try again later", attempt["reply"])
        told = self.relay.cli("show", queued_as).stdout
        for word in (queued_as, "customer@example.net", "deferred", "through sink", "Try again later"):
            self.assertIn(word, told)

    def test_the_body_comes_back_byte_for_byte(self):
        text = "".join(f"Line {n} \u00e4\r\n" for n in range(100_000))
        queued_as = self.submit_and_wait(message=make_message(body=text).encode())
        shown = subprocess.run([PROGRAM, "body", queued_as, "--socket", self.relay.socket],
                               stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(text.encode(), shown.partition(b"\r\n\r\n")[2])

    def test_a_reply_does_not_steer_the_terminal(self):
        self.sink.on_rcpt = lambda address: "451 \x1b]0;owned\x07 later"
        queued_as = self.submit_and_wait()
        for words in (["mailq"], ["show", queued_as], ["transports"]):
            self.assertNotRegex(self.relay.cli(*words).stdout, r"[\x00-\x09\x0b-\x1f\x7f]")


class Verbs(WithSink):
    def test_hold_release_retry(self):
        queued_as = self.submit_and_wait()
        self.assertEqual("1 delivery held.\n", self.relay.cli("hold", queued_as, "--reason", "legal").stdout)
        self.assertIn(f"{queued_as}!", self.relay.cli("mailq").stdout)
        self.assertIn("(legal)", self.relay.cli("mailq").stdout)
        self.relay.cli("retry", queued_as, status=1)
        self.sink.on_rcpt = lambda address: None
        self.assertEqual({"verb": "release", "changed": 1, "possible_duplicates": 0},
                         self.relay.json("release", queued_as))
        self.relay.wait_empty()
        self.assertEqual({(message_id(), "customer@example.net"): 1}, self.sink.arrivals())
        self.assertEqual(["held", "released"],
                         [e["type"] for e in self.relay.show(queued_as)["events"] if e["source"] == "operator"])

    def test_retry_by_filter_says_how_many(self):
        for number in range(3):
            self.submit_and_wait(message=make_message(number))
        self.sink.on_rcpt = lambda address: None
        self.assertEqual("3 deliveries will be tried again now.\n",
                         self.relay.cli("retry", "--sender-domain", DOMAIN).stdout)
        self.relay.wait_empty()
        self.assertEqual(3, len(self.sink.received()))
        self.assertEqual(0, self.relay.json("retry", "--all")["changed"])

    def test_delete_cancels_and_keeps_the_story(self):
        queued_as = self.submit_and_wait()
        self.assertEqual("1 delivery cancelled.\n", self.relay.cli("delete", queued_as).stdout)
        self.assertEqual([], self.relay.mailq())
        self.assertEqual("cancelled", self.state_of(queued_as))
        self.relay.cli("delete", queued_as, status=1)

    def test_what_fails_exits_1(self):
        queued_as = self.submit_and_wait()
        for words in (["show", UNKNOWN_ID], ["body", UNKNOWN_ID], ["retry", UNKNOWN_ID], ["show", "nonsense"],
                      ["release", queued_as]):
            failed = self.relay.cli(*words, status=1)
            self.assertEqual("", failed.stdout if words[0] != "retry" and words[0] != "release" else "")
            self.assertTrue(failed.stderr.startswith("postern: "), failed.stderr)
        partly = self.relay.cli("hold", UNKNOWN_ID, queued_as, status=1)
        self.assertEqual("1 delivery held.\n", partly.stdout)

    def test_suspend_knows_what_there_is(self):
        for words, said in ((["suspend", "snik"], 'There is no transport "snik" (did you mean "sink"?)'),
                            (["resume", "snik"], "did you mean"),
                            (["suspend", "sink/no domain"], '"no domain" is not a domain'),
                            (["suspend", "sink", "--for", "0s"], "ends before it begins")):
            self.assertIn(said, self.relay.cli(*words, status=2).stderr)

    def test_body_as_json(self):
        queued_as = submit(self.relay.port, make_message())
        shown = self.relay.json("body", queued_as)
        self.assertEqual((queued_as, "utf-8"), (shown["id"], shown["encoding"]))
        self.assertEqual(self.relay.cli("body", queued_as).stdout,
                         shown["body"].replace("\r\n", "\n"))

    def test_suspend_parks_and_resume_lets_go(self):
        self.sink.on_rcpt = lambda address: None
        self.relay.cli("suspend", "sink", "--for", "2h", "--reason", "key rotation")
        row = self.relay.transports()["sink", ""]
        self.assertEqual(("suspended", "key rotation"), (row["breaker"], row["reason"]))
        self.assertRegex(row["until"], f"^{TIME}$")
        self.assertIn("suspended", self.relay.cli("transports").stdout)
        queued_as = submit(self.relay.port)
        self.assertEqual("queued", self.state_of(queued_as))
        self.relay.cli("resume", "sink")
        self.relay.wait_empty()
        row = self.relay.transports()["sink", ""]
        self.assertEqual(("closed", 1), (row["breaker"], row["sent"]))

    def test_classify(self):
        verdict = self.relay.json("classify", "sink", "550 5.1.1 User unknown", "--status", 550)
        self.assertEqual("recipient", verdict["meaning"])
        for name in ("scope", "retry_at", "rule"):
            self.assertIn(name, verdict)

    def test_stats(self):
        self.submit_and_wait()
        self.assertIn({"channel": "mail", "state": "deferred", "deliveries": 1},
                      [{k: v for k, v in row.items() if k != "oldest"}
                       for row in self.relay.json("stats")["deliveries"]])
        self.assertIn("deferred", self.relay.cli("stats").stdout)


class WithoutDaemon(unittest.TestCase):
    def test_the_version(self):
        self.assertRegex(run("--version").stdout, r"^postern \d+\.\d+\.\d+\n$")

    def test_no_daemon_is_69(self):
        for words in (["mailq"], ["show", UNKNOWN_ID], ["retry", "--all"], ["transports"], ["stats"]):
            answer = run(*words, "--socket", "/nonexistent/admin.sock")
            self.assertEqual((69, ""), (answer.returncode, answer.stdout), words)
            self.assertIn("/nonexistent/admin.sock", answer.stderr)

    def test_mistyped_words_are_2_with_a_suggestion(self):
        for words, meant in [(["mialq"], "mailq"), (["mailq", "--recipent", "x"], "--recipient"),
                             (["mailq", "--state", "defered"], "deferred"), (["config", "chek"], "check")]:
            answer = run(*words)
            self.assertEqual((2, ""), (answer.returncode, answer.stdout), words)
            self.assertIn(f'did you mean "{meant}"?', answer.stderr)

    def test_no_command_line_is_2(self):
        for words in ([], ["show"], ["delete"], ["delete", UNKNOWN_ID, "--all"], ["mailq", "extra"]):
            self.assertEqual(2, run(*words).returncode, words)


class Http(unittest.TestCase):
    """What may come in at the TCP door."""

    def setUp(self):
        self.sink = self.enterContext(SmtpSink())

    def start(self, **admin):
        self.relay = self.enterContext(Relay([self.sink.transport()], admin=admin))

    def request(self, method, path, headers=None, **options):
        connection = http.client.HTTPConnection("127.0.0.1", self.relay.admin_port, timeout=10)
        self.addCleanup(connection.close)
        connection.request(method, path, headers=headers or {}, **options)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read().decode()

    def test_probes_and_metrics(self):
        self.start()
        self.assertEqual(200, self.request("GET", "/healthz")[0])
        self.assertTrue(json.loads(self.request("GET", "/readyz")[2])["ready"])
        _, kind, page = self.request("GET", "/metrics")
        self.assertTrue(kind.startswith("text/plain; version=0.0.4"))
        for name in ("postern_queue_deliveries", "postern_queue_oldest_seconds", "postern_queue_bytes",
                     "postern_smtp_connections", "postern_commit_seconds_bucket"):
            self.assertRegex(page, rf"(?m)^{name}[ {{]")

    def test_problems_are_rfc_9457(self):
        self.start()
        status, kind, text = self.request("GET", f"/api/v1/messages/{UNKNOWN_ID}")
        self.assertEqual((404, "application/problem+json"), (status, kind))
        self.assertEqual(404, json.loads(text)["status"])

    def test_other_sites_change_nothing(self):
        self.start()
        path = "/api/v1/messages/delete?all=true"
        self.assertEqual(405, self.request("GET", f"/api/v1/messages/{UNKNOWN_ID}/delete")[0])
        for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"},
                        {"Content-Type": "application/x-www-form-urlencoded"}):
            self.assertEqual(403, self.request("POST", path, headers)[0], headers)
        self.assertEqual(421, self.request("GET", "/metrics", {"Host": "rebound.example"})[0])
        self.assertEqual(200, self.request("POST", path)[0])

    def test_odd_paths_are_404(self):
        self.start()
        for path in ("/api/v1/%2e%2e/v1/messages", "//metrics", "/metrics%00", "/api/v1/messages/"):
            self.assertEqual(404, self.request("GET", path)[0], path)

    def test_a_token_is_asked_for(self):
        self.start(token="s3cret-token")
        url = f"http://127.0.0.1:{self.relay.admin_port}"
        self.assertEqual(0, run("mailq", "--url", url, "--token", "s3cret-token").returncode)
        environment = dict(os.environ, POSTERN_ADMIN_TOKEN="s3cret-token")
        self.assertEqual(0, run("mailq", "--url", url, env=environment).returncode)
        self.assertEqual(0, run("retry", "--all", "--url", url, env=environment).returncode)
        self.assertEqual("[]\n", self.relay.cli("mailq", "--json").stdout, "the socket needs none")
        self.assertEqual(401, self.request("GET", "/api/v1/stats")[0])
        self.assertEqual(200, self.request("GET", "/readyz")[0])
        wrong = {"Authorization": "Bearer wrong"}
        self.assertEqual([401] * 5 + [429], [self.request("GET", "/api/v1/stats", wrong)[0] for _ in range(6)])
        self.assertEqual(75, run("mailq", "--url", url, "--token", "s3cret-token").returncode)

    def test_the_configuration_shows_no_secret(self):
        self.start(token="s3cret-token")
        _, _, text = self.request("GET", "/api/v1/config", {"Authorization": "Bearer s3cret-token"})
        self.assertIn("[[transport]]", text)
        self.assertNotIn("s3cret-token", text)

    def test_reload_names_the_mistakes(self):
        self.start()
        self.relay.write_config("[server]\nnaem = 'x'\n")
        status, _, text = self.request("POST", "/api/v1/reload")
        self.assertEqual(422, status)
        self.assertTrue(any(re.search(r"postern\.toml:2:1: .*naem", m) for m in json.loads(text)["mistakes"]), text)
        self.relay.write_config()
        self.assertEqual(200, self.request("POST", "/api/v1/reload")[0])


if __name__ == "__main__":
    unittest.main()
