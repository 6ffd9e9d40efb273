"""As a service of systemd: passed sockets, notifications, the units in docs/systemd."""
import os
import pathlib
import smtplib
import socket
import subprocess
import tempfile
import unittest

from support.client import make_message, submit
from support.relay import PROGRAM, Relay, free_port, wait_until
from support.smtp_sink import SmtpSink

UNITS = pathlib.Path(__file__).parents[2] / "docs" / "systemd"


class Sockets(unittest.TestCase):
    """systemd-socket-activate listens, and starts the daemon for the first client."""

    def activated(self, port=None):
        """A relay that will be started by a client of `port`; its listener's own when left out."""
        self.sink = self.enterContext(SmtpSink())
        relay = Relay([self.sink.transport()])
        relay.wrap = ["systemd-socket-activate", "--listen", f"127.0.0.1:{port or relay.port}",
                      "--fdname", "smtp"]
        self.addCleanup(relay.clean)
        relay.spawn()
        wait_until(lambda: "Listening on" in relay.log(), "systemd-socket-activate")
        return relay

    def test_the_first_client_is_served_by_the_daemon_it_starts(self):
        relay = self.activated()
        self.assertNotIn(" listening ", relay.log(), "the daemon does not run yet")
        submit(relay.port)
        wait_until(lambda: " listening " in relay.log(), "the daemon's log")
        wait_until(self.sink.received, "the mail")
        self.assertEqual(0, relay.stop())

    def test_a_socket_that_is_no_listeners_is_said(self):
        stray = free_port()
        relay = self.activated(stray)
        socket.create_connection(("127.0.0.1", stray), timeout=10).close()
        self.assertEqual(1, relay.process.wait(30))
        self.assertIn(f'a socket at 127.0.0.1:{stray} (smtp), and no [[listener]] has bind = '
                      f'"127.0.0.1:{stray}"', relay.log())

    def test_a_reload_keeps_what_was_passed(self):
        """Taking its listener away is refused: systemd would go on taking clients for nobody."""
        relay = self.activated()
        submit(relay.port)
        [listener] = relay.settings["listener"]
        relay.settings["listener"] = [{**listener, "bind": f"127.0.0.1:{free_port()}"}]
        relay.write_config()
        relay.reload()
        wait_until(lambda: "reload_refused" in relay.log(), "the refusal")
        submit(relay.port, make_message(2))
        relay.settings["listener"] = [{**listener, "max_recipients": 1}]
        relay.write_config()
        relay.reload()
        wait_until(lambda: " reloaded" in relay.log(), "the reload")
        submit(relay.port, make_message(3))


class Notifications(unittest.TestCase):
    def test_ready_reloading_stopping(self):
        with tempfile.TemporaryDirectory(prefix="postern-notify-") as directory, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, SmtpSink() as sink:
            path = os.path.join(directory, "notify")
            manager.bind(path)
            manager.settimeout(60)
            with Relay([sink.transport()], environment={"NOTIFY_SOCKET": path}) as relay:
                self.assertEqual(b"READY=1", manager.recv(100))
                smtplib.SMTP("127.0.0.1", relay.port, timeout=5).quit()
                relay.reload()
                self.assertRegex(manager.recv(100), rb"^RELOADING=1\nMONOTONIC_USEC=\d+$")
                self.assertEqual(b"READY=1", manager.recv(100))
                relay.write_config("[nonsense\n")
                relay.reload()
                self.assertRegex(manager.recv(100), rb"^RELOADING=1")
                self.assertEqual(b"READY=1", manager.recv(100), "with the old configuration")
                relay.stop()
                self.assertEqual(b"STOPPING=1", manager.recv(100))


class Units(unittest.TestCase):
    def test_systemd_finds_no_fault(self):
        with tempfile.TemporaryDirectory(prefix="postern-units-") as directory:
            for unit in UNITS.iterdir():
                text = unit.read_text().replace("/usr/bin/postern", os.path.abspath(PROGRAM))
                pathlib.Path(directory, unit.name).write_text(text)
            done = subprocess.run(["systemd-analyze", "verify", "--man=no",
                                   f"{directory}/postern.service", f"{directory}/postern.socket"],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            ours = [line for line in done.stdout.splitlines() if "postern" in line]
            self.assertEqual([], ours)


if __name__ == "__main__":
    unittest.main()
