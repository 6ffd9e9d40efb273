"""The disk: full, damaged, newer than the program, already in use. Nothing accepted is lost."""
import contextlib
import os
import pathlib
import sqlite3
import subprocess
import tempfile
import time
import unittest

from support.client import Refused, make_message, message_id, submit
from support.relay import Relay, RelayExited, wait_until
from support.smtp_sink import SmtpSink

MIB = 1 << 20
BIG_BODY = ("x" * 76 + "\r\n") * (MIB // 78)


@contextlib.contextmanager
def small_disk(size_bytes):
    """A file system of that size, mounted for this test alone."""
    if os.geteuid() != 0:
        raise AssertionError("the disk-full test mounts a tmpfs: run it as root")
    with tempfile.TemporaryDirectory(prefix="postern-disk-") as directory:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", directory],
                       check=True)
        try:
            yield pathlib.Path(directory)
        finally:
            subprocess.run(["umount", "-l", directory], check=True)


@contextlib.contextmanager
def ext4_disk(size_bytes):
    """The same on a real disk's file system, with its delayed allocation and its journal."""
    if os.geteuid() != 0:
        raise AssertionError("the disk-full test mounts an image: run it as root")
    with tempfile.TemporaryDirectory(prefix="postern-disk-") as directory:
        image, mount = pathlib.Path(directory, "image"), pathlib.Path(directory, "mount")
        mount.mkdir()
        with open(image, "wb") as file:
            file.truncate(size_bytes)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
        subprocess.run(["mount", "-o", "loop", str(image), str(mount)], check=True)
        try:
            yield mount
        finally:
            subprocess.run(["umount", "-l", str(mount)], check=True)


def fill_to_the_last_byte(file):
    """Somebody else's file takes all that is left."""
    with open(file, "ab", buffering=0) as filler:
        for size_bytes in (MIB, 4096, 1):
            with contextlib.suppress(OSError):
                while filler.write(bytes(size_bytes)) == size_bytes:
                    if size_bytes > 1:  # thousands of single bytes would take minutes
                        os.fsync(filler)
            os.fsync(filler)


class Full(unittest.TestCase):
    def setUp(self):
        self.sink = self.enterContext(SmtpSink())
        self.sink.greeting = "421 4.3.2 closed for now"

    def fill(self, relay):
        """Submits mail of 1 MiB until it is refused; the numbers accepted, and the refusal."""
        for number in range(1, 200):
            try:
                submit(relay.port, make_message(number, body=BIG_BODY))
            except Refused as refusal:
                return list(range(1, number)), refusal
        raise AssertionError("200 MiB were accepted")

    def open_the_way_out(self, relay):
        self.sink.greeting = "220 sink.example ESMTP"
        relay.cli("retry", "--all")
        relay.cli("resume", "sink", status=None)

    def assert_all_arrive_once(self, relay, numbers):
        relay.wait_empty()
        self.assertEqual({(message_id(n), "customer@example.net"): 1 for n in numbers},
                         self.sink.arrivals())

    def test_a_full_disk_is_452_and_recovers_by_itself(self):
        disk = self.enterContext(small_disk(40 * MIB))
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(16 * MIB))
        with Relay([self.sink.transport()], state=disk / "state") as relay:
            accepted, refusal = self.fill(relay)
            self.assertGreater(len(accepted), 2)
            self.assertEqual(452, refusal.code)
            self.assertTrue(refusal.text.startswith("4.3.1 "), refusal.text)
            # What is stored is delivered, full disk or not, and room is noticed without a restart.
            self.open_the_way_out(relay)
            self.assert_all_arrive_once(relay, accepted)
            ballast.unlink()
            wait_until(lambda: self.takes_mail(relay, 1000), "room to be noticed")
            self.assert_all_arrive_once(relay, accepted + [1000])

    def takes_mail(self, relay, number):
        try:
            return submit(relay.port, make_message(number))
        except Refused:
            return None

    def test_a_full_disk_keeps_what_was_accepted_through_a_crash(self):
        disk = self.enterContext(small_disk(24 * MIB))
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(8 * MIB))
        with Relay([self.sink.transport()], state=disk / "state") as relay:
            accepted, _ = self.fill(relay)
            relay.kill9()
            ballast.unlink()
            relay.start()
            self.open_the_way_out(relay)
            self.assert_all_arrive_once(relay, accepted)

    def assert_survives_the_last_byte(self, disk):
        filler = disk / "filler"
        with Relay([self.sink.transport()], state=disk / "state") as relay:
            ids = [submit(relay.port, make_message(number)) for number in range(1, 201)]
            ballast = relay.state / "ballast"
            size_bytes = ballast.stat().st_size
            self.assertEqual(size_bytes, ballast.stat().st_blocks * 512)
            fill_to_the_last_byte(filler)
            self.assert_answers(relay, ids)
            self.open_the_way_out(relay)
            self.assert_all_arrive_once(relay, range(2, 201))
            filler.unlink()
            self.assertTrue(wait_until(lambda: self.takes_mail(relay, 1000), "room", 15))
            wait_until(lambda: ballast.exists() and ballast.stat().st_size == size_bytes,
                       "the ballast to be taken in again", 15)
            self.assert_all_arrive_once(relay, [*range(2, 201), 1000])

    def test_a_start_on_a_full_disk_delivers_what_is_stored(self):
        disk = self.enterContext(ext4_disk(100 * MIB))
        with Relay([self.sink.transport()], state=disk / "state") as relay:
            for number in range(1, 51):
                submit(relay.port, make_message(number))
            relay.kill9()
            fill_to_the_last_byte(disk / "filler")
            self.sink.greeting = "220 sink.example ESMTP"
            relay.spawn()  # it is not ready: it takes no mail
            wait_until(lambda: relay.cli("mailq", status=None).returncode == 0, "it to be up")
            self.open_the_way_out(relay)
            self.assert_all_arrive_once(relay, range(1, 51))

    def test_operators_are_told_when_even_the_ballast_is_eaten(self):
        disk = self.enterContext(small_disk(100 * MIB))
        with Relay([self.sink.transport()], state=disk / "state") as relay:
            for number in range(1, 11):
                submit(relay.port, make_message(number))
            os.truncate(relay.state / "ballast", 0)
            fill_to_the_last_byte(disk / "filler")
            began = time.monotonic()
            said = relay.cli("hold", "--all", status=75).stderr
            self.assertIn("The queue cannot be written now (database", said)
            self.assertIn("full). The hold stands", said)
            self.assertEqual(10, len(relay.mailq()))
            self.assertIsNone(self.takes_mail(relay, 1000))
            self.assertLess(time.monotonic() - began, 30)
            (disk / "filler").unlink()
            wait_until(lambda: all(d["state"] == "held" for m in relay.mailq()
                                   for d in m["deliveries"]), "the verbs to be done", 15)
            relay.cli("release", "--all")
            self.open_the_way_out(relay)
            self.assert_all_arrive_once(relay, range(1, 11))

    def assert_answers(self, relay, ids):
        """Clients and operators, each within seconds, while there is no byte left."""
        for number in range(500, 520):
            with self.assertRaises(Refused) as refused:
                submit(relay.port, make_message(number), timeout=5)
            self.assertEqual(452, refused.exception.code)
            self.assertTrue(refused.exception.text.startswith("4.3.1 "), refused.exception.text)
        began = time.monotonic()
        self.assertEqual(200, len(relay.mailq()))
        self.assertEqual(ids[0], relay.show(ids[0])["id"])
        relay.cli("delete", ids[0])
        self.assertEqual("cancelled", relay.show(ids[0])["deliveries"][0]["state"])
        self.assertLess(time.monotonic() - began, 10)

    def test_the_last_byte_taken_by_somebody_else_stops_nothing_that_is_stored(self):
        self.assert_survives_the_last_byte(self.enterContext(small_disk(100 * MIB)))

    def test_the_last_byte_of_a_real_file_system(self):
        self.assert_survives_the_last_byte(self.enterContext(ext4_disk(100 * MIB)))

    def test_max_size_is_452_until_mail_has_left(self):
        queue = {"max_size": "6MiB", "keep_bodies": "0s", "keep_history": "0s"}
        with Relay([self.sink.transport()], queue=queue) as relay:
            accepted, refusal = self.fill(relay)
            self.assertEqual(452, refusal.code)
            self.assertTrue(refusal.text.startswith("4.3.1 "), refusal.text)
            self.assertGreaterEqual(len(accepted), 3)
            self.assertLessEqual(len(accepted), 8)
            self.open_the_way_out(relay)
            self.assert_all_arrive_once(relay, accepted)
            wait_until(lambda: self.takes_mail(relay, 1000), "room after the drain", 120)


class Database(unittest.TestCase):
    def setUp(self):
        self.sink = self.enterContext(SmtpSink())
        self.relay = self.enterContext(Relay([self.sink.transport()]))
        self.file = self.relay.state / "queue.db"
        submit(self.relay.port)
        wait_until(self.sink.received, "the mail")
        self.relay.wait_empty()
        self.assertEqual(0, self.relay.stop())

    def assert_refused(self, *words):
        """The daemon exits at once, names the file and the reason, and leaves the file alone."""
        before = self.file.read_bytes()
        said_before = len(self.relay.log())
        with self.assertRaises(RelayExited) as exited:
            self.relay.start()
        self.assertNotEqual(0, exited.exception.status)
        self.assertGreater(exited.exception.status, 0, "killed by a signal")
        said = exited.exception.log[said_before:]
        self.assertEqual(1, len(said.splitlines()), said)
        for word in (str(self.file), *words):
            self.assertIn(word, said)
        self.assertEqual(before, self.file.read_bytes())

    def test_a_damaged_header_is_refused(self):
        with open(self.file, "r+b") as file:
            file.write(b"this was a database" * 20)
        self.assert_refused("damaged")

    def test_damage_in_the_middle_is_refused(self):
        size = self.file.stat().st_size
        with open(self.file, "r+b") as file:
            for page in range(2, size // 4096):
                file.seek(page * 4096)
                file.write(os.urandom(512))
        self.assert_refused("damaged")

    def test_a_truncated_file_is_refused(self):
        os.truncate(self.file, self.file.stat().st_size // 2)
        self.assert_refused("damaged")

    def test_a_newer_schema_is_refused(self):
        with contextlib.closing(sqlite3.connect(self.file)) as database:
            [version] = database.execute("PRAGMA user_version").fetchone()
            self.assertGreater(version, 0)
            database.execute(f"PRAGMA user_version = {version + 1000}")
            database.commit()
        self.assert_refused("newer")


class SecondDaemon(unittest.TestCase):
    def test_a_second_daemon_on_the_same_state_exits_at_once(self):
        with SmtpSink() as sink, Relay([sink.transport()]) as first:
            second = Relay([sink.transport()], state=first.state)
            self.addCleanup(second.clean)
            with self.assertRaises(RelayExited) as exited:
                second.start()
            self.assertGreater(exited.exception.status, 0)
            self.assertIn(str(first.state), exited.exception.log)
            submit(first.port)
            wait_until(sink.received, "the first daemon to go on")


if __name__ == "__main__":
    unittest.main()
