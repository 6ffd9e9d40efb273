"""kill -9 at random under load: nothing that got a 250 is lost, and duplicates are counted."""
import os
import random
import re
import smtplib
import threading
import unittest

from support.client import Refused, make_message, message_id, submit, submit_on
from support.relay import Relay, wait_until
from support.smtp_sink import SmtpSink

KILLS = int(os.environ.get("POSTERN_KILLS", "10"))
SEED = int(os.environ.get("POSTERN_SEED", random.randrange(1 << 30)))
CONNECTIONS = 20
WAYS_OUT = 10


class Load:
    """Clients that submit without pause, reconnect when the relay is back, and note every 250."""

    def __init__(self, relay):
        self.relay = relay
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.number = 0
        self.accepted = {}  # Message-ID -> id
        self.threads = [threading.Thread(target=self.work) for _ in range(CONNECTIONS)]
        for thread in self.threads:
            thread.start()

    def work(self):
        while not self.stopped.is_set():
            try:
                with smtplib.SMTP("127.0.0.1", self.relay.port, timeout=20) as client:
                    while not self.stopped.is_set():
                        self.submit(client)
            except (OSError, smtplib.SMTPException, Refused):
                self.stopped.wait(0.02)  # the relay is being killed: try again

    def submit(self, client):
        with self.lock:
            self.number += 1
            number = self.number
        queue_id = submit_on(client, "agent@product-a.com", ["customer@example.net"],
                             make_message(number, body="x" * random.randrange(8000) + "\r\n"))
        with self.lock:
            self.accepted[message_id(number)] = queue_id

    def count(self):
        with self.lock:
            return len(self.accepted)

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


class Kill(unittest.TestCase):
    def setUp(self):
        self.sink = self.enterContext(SmtpSink())
        self.relay = self.enterContext(Relay(
            [self.sink.transport(connections=WAYS_OUT, concurrency=WAYS_OUT)],
            queue={"on_uncertain": "resend"}))

    def test_nothing_accepted_is_lost(self):
        print(f"POSTERN_SEED={SEED} POSTERN_KILLS={KILLS}", flush=True)
        chance = random.Random(SEED)
        load = Load(self.relay)
        self.addCleanup(load.stop)
        for _ in range(KILLS):
            goal = load.count() + chance.randrange(1, 400)
            wait_until(lambda: load.count() >= goal, "mail to flow")
            self.relay.kill9()
            self.relay.start()
        load.stop()
        self.relay.cli("retry", "--all")
        self.relay.wait_empty(180)
        arrivals = {key: count for (key, _), count in self.sink.arrivals().items()}
        lost = [key for key in load.accepted if key not in arrivals]
        self.assertEqual([], lost, f"{len(lost)} of {len(load.accepted)} lost")
        duplicates = sum(count - 1 for count in arrivals.values())
        # What each start found begun and not ended. That may be more than there are connections: a
        # place is free again before the outcome is on disk.
        in_flight = [int(n) for n in re.findall(r" recovered uncertain=(\d+)", self.relay.log())]
        print(f"{len(load.accepted)} accepted, {duplicates} duplicates, in flight at the kills: "
              f"{in_flight}", flush=True)
        self.assertLessEqual(duplicates, sum(in_flight))
        for key, count in arrivals.items():
            if count > 1 and key in load.accepted:
                [delivery] = self.relay.show(load.accepted[key])["deliveries"]
                self.assertTrue(delivery["possible_duplicate"])

    def test_a_crash_after_the_provider_took_it_is_counted(self):
        taken, go_on = threading.Semaphore(0), threading.Event()
        self.addCleanup(go_on.set)

        def hold(_):
            taken.release()
            go_on.wait(60)

        self.sink.on_data = hold
        ids = [submit(self.relay.port, make_message(number)) for number in (1, 2, 3)]
        for _ in ids:
            self.assertTrue(taken.acquire(timeout=60))
        self.relay.kill9()
        self.sink.on_data = lambda mail: None
        go_on.set()
        wait_until(lambda: len(self.sink.received()) == 3, "the smarthost to keep its copies")
        self.relay.start()
        self.relay.wait_empty()
        self.assertEqual({2}, set(self.sink.arrivals().values()))
        self.assertEqual(3, self.relay.metric("postern_possible_duplicates_total"))
        for queue_id in ids:
            message = self.relay.show(queue_id)
            self.assertTrue(message["deliveries"][0]["possible_duplicate"])
            self.assertEqual(2, len(message["attempts"]))


if __name__ == "__main__":
    unittest.main()
