"""Disks that fail: input/output errors, read-only file systems, and the power. Mail is refused for
now (4xx), never for good, the daemon stays, and it goes on by itself when the disk does."""
import contextlib
import fcntl
import os
import pathlib
import signal
import struct
import subprocess
import tempfile
import unittest

from support.client import Refused, make_message, message_id, submit
from support.relay import Relay, wait_until
from support.smtp_sink import SmtpSink

MIB = 1 << 20
BIG_BODY = ("x" * 76 + "\r\n") * (MIB // 78)
EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2  # what was not synced is gone, as after a power cut


class Disk:
    """An ext4 image of its own, mounted for one test."""

    def __init__(self, size_bytes=200 * MIB):
        if os.geteuid() != 0:
            raise AssertionError("tests of failing disks mount an image: run them as root")
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="postern-disk-"))
        self.image, self.path = self.directory / "image", self.directory / "mount"
        self.path.mkdir()
        with open(self.image, "wb") as file:
            file.truncate(size_bytes)
        subprocess.run(["mkfs.ext4", "-q", str(self.image)], check=True)

    def __enter__(self):
        return self.mount()

    def __exit__(self, *_):
        self.unmount()
        subprocess.run(["rm", "-r", str(self.directory)], check=True)

    def mount(self):
        subprocess.run(["mount", "-o", "loop", str(self.image), str(self.path)], check=True)
        return self

    def unmount(self):
        subprocess.run(["umount", "-l", str(self.path)], check=True)
        wait_until(lambda: str(self.image) not in subprocess.run(
            ["losetup", "-a"], capture_output=True, text=True, check=True).stdout, "the loop to end")

    def turn_read_only(self):
        """What the kernel does to a file system with errors, files open for writing or not."""
        subprocess.run(["mount", "-o", "remount,abort", str(self.path)], check=True)

    def cut_power(self):
        descriptor = os.open(self.path, os.O_RDONLY)
        fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        os.close(descriptor)


class Traced:
    """The daemon under strace, which leaves it running when it is killed itself. By the number that
    the daemon wrote into its lock, held by a descriptor: never another process with that number."""

    def __init__(self, relay):
        self.descriptor = os.pidfd_open(int((relay.state / "lock").read_text()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        os.close(self.descriptor)

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.descriptor, signal.SIGKILL)


class DiskFaults(unittest.TestCase):
    def setUp(self):
        self.sink = self.enterContext(SmtpSink())
        self.sink.greeting = "421 4.3.2 closed for now"

    def open_the_way_out(self, relay):
        self.sink.greeting = "220 sink.example ESMTP"
        relay.cli("retry", "--all")
        relay.cli("resume", "sink", status=None)

    def assert_arrived(self, relay, numbers):
        """Each at least once; the sink was closed before, so none can be there twice."""
        self.open_the_way_out(relay)
        relay.wait_empty()
        arrivals = self.sink.arrivals()
        self.assertEqual([], [n for n in numbers
                              if arrivals.get((message_id(n), "customer@example.net")) != 1])

    def refusal(self, relay, number, body="x\r\n"):
        with self.assertRaises(Refused) as refused:
            submit(relay.port, make_message(number, body=body), timeout=10)
        return refused.exception

    def takes_mail(self, relay, number):
        try:
            return submit(relay.port, make_message(number))
        except Refused:
            return None

    def assert_refused_until_it_is_back(self, fail):
        disk = self.enterContext(Disk())
        with Relay([self.sink.transport()], state=disk.path / "state") as relay:
            kept = [n for n in range(1, 6) if submit(relay.port, make_message(n))]
            fail(disk)
            for number, body in ((100, "x\r\n"), (101, BIG_BODY)):
                refusal = self.refusal(relay, number, body)
                self.assertEqual((451, "4.3.0"), (refusal.code, refusal.text[:5]))
            wait_until(lambda: relay.get("/readyz")[0] == 503, "readiness to fail")
            self.assertEqual(200, relay.get("/healthz")[0])
            relay.kill9()
            disk.unmount()
            disk.mount()
            relay.start()
            self.assert_arrived(relay, kept)

    def test_a_file_system_that_turns_read_only_is_451(self):
        self.assert_refused_until_it_is_back(Disk.turn_read_only)

    def test_a_disk_that_is_gone_is_451(self):
        self.assert_refused_until_it_is_back(Disk.cut_power)

    def test_an_input_output_error_is_451_and_passes(self):
        broken = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync",
                  "-e", "inject=fdatasync,fsync:error=EIO:when=30..60"]
        with Relay([self.sink.transport()], wrap=broken) as relay, Traced(relay):
            kept, refused = [], []
            for number in range(1, 101):
                try:
                    submit(relay.port, make_message(number), timeout=10)
                    kept.append(number)
                except Refused as refusal:
                    self.assertEqual((451, "4.3.0"), (refusal.code, refusal.text[:5]))
                    refused.append(number)
            self.assertGreater(len(refused), 0)
            self.assertIn(100, kept, "it recovers without a restart")
            self.assertTrue(relay.running())
            self.assert_arrived(relay, kept)

    def test_nothing_acknowledged_is_lost_when_the_power_is_cut(self):
        disk = self.enterContext(Disk())
        relay = self.enterContext(Relay([self.sink.transport()], state=disk.path / "state"))
        accepted = []
        for number in range(1, 300):
            body = BIG_BODY if number % 20 == 0 else "x\r\n"
            if number == 250:
                disk.cut_power()
            try:
                submit(relay.port, make_message(number, body=body), timeout=10)
                accepted.append(number)
            except (Refused, OSError):
                break
        self.assertGreaterEqual(len(accepted), 249)
        relay.kill9()
        disk.unmount()
        disk.mount()
        relay.start()
        self.assert_arrived(relay, accepted)

    def test_a_disk_that_lies_about_syncs_loses_mail(self):
        """The control: without it, the test above would prove nothing."""
        disk = self.enterContext(Disk())
        lying = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync",
                 "-e", "inject=fdatasync,fsync:retval=0"]
        relay = self.enterContext(Relay([self.sink.transport()], state=disk.path / "state",
                                        wrap=lying))
        traced = self.enterContext(Traced(relay))
        for number in range(1, 30):
            submit(relay.port, make_message(number))
        disk.cut_power()
        traced.kill()
        relay.kill9()
        disk.unmount()
        disk.mount()
        relay.wrap = []
        with contextlib.suppress(Exception):
            relay.start()
            self.open_the_way_out(relay)
            relay.wait_empty()
        self.assertLess(len(self.sink.received()), 29)


if __name__ == "__main__":
    unittest.main()
