"""SIGTERM drains, SIGHUP reloads as a whole or not at all."""
import smtplib
import socket
import threading
import time
import unittest

from support.client import make_message, message_id, submit, submit_on
from support.relay import Relay, wait_until
from support.smtp_sink import SmtpSink

DRAIN_SECONDS = 30


class Terminate(unittest.TestCase):
    def setUp(self):
        self.sink = self.enterContext(SmtpSink())
        self.relay = self.enterContext(Relay([self.sink.transport()]))

    def test_a_message_under_way_is_finished(self):
        with smtplib.SMTP("127.0.0.1", self.relay.port, timeout=DRAIN_SECONDS) as client:
            client.ehlo()
            client.mail("agent@product-a.com")
            client.rcpt("customer@example.net")
            self.assertEqual(354, client.docmd("DATA")[0])
            client.send(make_message().replace("Hello\r\n", ""))
            started = time.monotonic()
            self.relay.process.terminate()
            wait_until(self.refuses_connections, "the listener to close")
            client.send("Hello\r\n.\r\n")
            code, text = client.getreply()
            self.assertEqual(250, code, text)
        self.assertEqual(0, self.relay.process.wait(DRAIN_SECONDS))
        self.assertLess(time.monotonic() - started, DRAIN_SECONDS)
        self.relay.start()
        wait_until(self.sink.received, "the mail")
        self.relay.wait_empty()
        self.assertEqual({(message_id(), "customer@example.net"): 1}, self.sink.arrivals())

    def refuses_connections(self):
        try:
            socket.create_connection(("127.0.0.1", self.relay.port), 1).close()
            return False
        except OSError:
            return True

    def test_an_idle_client_is_told(self):
        with smtplib.SMTP("127.0.0.1", self.relay.port, timeout=DRAIN_SECONDS) as client:
            client.ehlo()
            self.relay.process.terminate()
            code, _ = client.getreply()
            self.assertEqual(421, code)
            client.close()
        self.assertEqual(0, self.relay.process.wait(DRAIN_SECONDS))

    def test_an_attempt_under_way_is_finished_and_recorded(self):
        arrived, go_on = threading.Event(), threading.Event()
        self.addCleanup(go_on.set)

        def hold(_):
            arrived.set()
            go_on.wait(DRAIN_SECONDS)

        self.sink.on_data = hold
        queue_id = submit(self.relay.port)
        self.assertTrue(arrived.wait(DRAIN_SECONDS))
        self.relay.process.terminate()
        wait_until(self.refuses_connections, "the listener to close")
        go_on.set()
        self.assertEqual(0, self.relay.process.wait(DRAIN_SECONDS))
        self.relay.start()
        [delivery] = self.relay.show(queue_id)["deliveries"]
        self.assertEqual("sent", delivery["state"])
        self.assertEqual(1, len(self.sink.received()))


class Reload(unittest.TestCase):
    def setUp(self):
        self.old = self.enterContext(SmtpSink())
        self.new = self.enterContext(SmtpSink())
        self.relay = self.enterContext(Relay([self.old.transport("way-out")]))

    def test_a_good_file_takes_over_without_a_broken_session(self):
        with smtplib.SMTP("127.0.0.1", self.relay.port, timeout=10) as client:
            submit_on(client, "agent@product-a.com", ["a@example.net"], make_message(1))
            wait_until(self.old.received, "the first mail")
            self.relay.settings["transport"] = [self.new.transport("way-out")]
            self.relay.write_config()
            self.relay.reload()
            wait_until(lambda: "reloaded" in self.relay.log(), "the reload")
            submit_on(client, "agent@product-a.com", ["b@example.net"], make_message(2))
        wait_until(self.new.received, "the second mail")
        self.assertEqual({(message_id(1), "a@example.net"): 1}, self.old.arrivals())
        self.assertEqual({(message_id(2), "b@example.net"): 1}, self.new.arrivals())

    def test_a_bad_file_changes_nothing_and_says_why(self):
        self.relay.settings["transport"] = [self.new.transport("way-out", prot=25)]
        self.relay.write_config()
        self.relay.reload()
        place = f"{self.relay.config_file}:"
        wait_until(lambda: place in self.relay.log(), "the mistake in the log")
        [line] = [line for line in self.relay.log().splitlines() if place in line]
        self.assertIn("prot", line)
        self.assertIn("port", line)
        submit(self.relay.port)
        wait_until(self.old.received, "the mail by the old way out")
        self.assertEqual([], self.new.received())

    def test_reloads_under_load_break_no_session(self):
        """Good and bad files in turn while mail flows."""
        stop = threading.Event()
        sent, failures = [], []

        def load(worker):
            number = worker * 100_000
            try:
                with smtplib.SMTP("127.0.0.1", self.relay.port, timeout=20) as client:
                    while not stop.is_set():
                        number += 1
                        submit_on(client, "agent@product-a.com", ["a@example.net"],
                                  make_message(number))
                        sent.append(message_id(number))
            except Exception as error:  # reported by the assertion below
                failures.append(error)

        workers = [threading.Thread(target=load, args=(i + 1,)) for i in range(4)]
        for worker in workers:
            worker.start()
        for turn in range(10):
            before = len(sent)
            self.relay.write_config("[nonsense\n" if turn % 2 else None)
            self.relay.reload()
            wait_until(lambda: len(sent) >= before + 20 or failures, "mail to flow")
        stop.set()
        for worker in workers:
            worker.join()
        self.assertEqual([], failures)
        self.relay.wait_empty()
        arrivals = self.old.arrivals()
        self.assertEqual(sorted(sent), sorted(key for key, _ in arrivals))
        self.assertEqual({1}, set(arrivals.values()))


if __name__ == "__main__":
    unittest.main()
