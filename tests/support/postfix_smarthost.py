#!/usr/bin/python3
"""A Postfix of its own as smarthost: STARTTLS, implicit TLS, AUTH, and a maildir to read.

Everything lives in one temporary directory under ports the kernel chose; the system's Postfix is
not touched. Needs root and the Debian packages postfix, sasl2-bin, libsasl2-modules(-db), openssl.

    with PostfixSmarthost() as smarthost:
        ... relay to 127.0.0.1:smarthost.submission_port, CA in smarthost.ca_file ...
        smarthost.wait_for(3); smarthost.arrived()

As a program it prints its settings as one line of JSON (with --shell as NAME=VALUE lines, to the
file named) and runs until its standard input ends.
Recipients that begin with unknown@, later@ and blocked@ get 550 5.1.1, 450 4.2.1 and 554 5.7.1.
"""
import dataclasses
import grp
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

if not __package__:  # run as a program
    sys.path.append(str(pathlib.Path(__file__).parents[1]))
from support.ports import free_ports

NAME = "smarthost.test"
PATIENCE = float(os.environ.get("POSTERN_PATIENCE", "60"))  # seconds, on a machine with other work

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {home}/spool
data_directory = {home}/data
multi_instance_name = postfix-{home_name}
myhostname = {name}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file = {home}/mail.log
maillog_file_prefixes = {home}
alias_maps =
alias_database =
local_recipient_maps =
smtputf8_enable = yes
message_size_limit = {message_size_limit}
default_process_limit = 100
smtpd_client_connection_count_limit = 0
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access regexp:{home}/recipients, permit
smtpd_tls_security_level = may
smtpd_tls_cert_file = {home}/server.pem
smtpd_tls_key_file = {home}/server.key
smtpd_tls_auth_only = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = {name}
default_transport = virtual
local_transport = virtual
relay_transport = virtual
virtual_transport = virtual
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = static:inbox/
virtual_mailbox_limit = 0
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
"""

SUBMISSION = """\
 -o smtpd_sasl_auth_enable=yes
 -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
"""

MASTER_CF = """\
127.0.0.1:{plain} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
 -o smtpd_tls_security_level=encrypt
{auth}127.0.0.1:{submissions} inet n - n - - smtpd
 -o smtpd_tls_wrappermode=yes
{auth}pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

RECIPIENTS = """\
/^unknown@/ 550 5.1.1 No such user here
/^later@/ 450 4.2.1 Mailbox busy, try again later
/^blocked@/ 554 5.7.1 Account suspended
"""

SASL = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {home}/sasldb2
mech_list: PLAIN LOGIN
"""


@dataclasses.dataclass(frozen=True)
class Arrived:
    """One recipient's copy. `content` is what Postfix was given, below its own header fields."""

    sender: str
    recipient: str
    content: bytes


def make_certificate(home, name, owner, days=30):
    """A CA (ca.pem) and a server key it signed for `name`, localhost and 127.0.0.1.

    It holds for so many `days`; -1: it ended yesterday.
    """

    def openssl(*arguments):
        subprocess.run(("openssl", *map(str, arguments)), check=True, capture_output=True)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", home / "ca.key", "-out", home / "ca.pem",
            "-days", 30, "-subj", "/CN=Test CA")
    openssl("req", *curve, "-keyout", home / "server.key", "-out", home / "server.csr",
            "-subj", f"/CN={name}")
    (home / "san").write_text(f"subjectAltName=DNS:{name},DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", home / "server.csr", "-CA", home / "ca.pem",
            "-CAkey", home / "ca.key", "-CAcreateserial", "-days", days,
            "-extfile", home / "san", "-out", home / "server.pem")
    shutil.chown(home / "server.key", owner)


class PostfixSmarthost:
    """Starts on entry and is ready then; stops on exit and leaves nothing behind."""

    def __init__(self, username="relay", password="opensesame", name=NAME,
                 message_size_limit=40 * 2**20, days=30, logs_dialogue=False,
                 main_cf=None, master_cf=""):
        self.username = username
        self.password = password
        self.name = name
        self.message_size_limit = message_size_limit
        self.days = days
        self.logs_dialogue = logs_dialogue
        self.main_cf = main_cf or {}  # over what stands above
        self.master_cf = master_cf  # further lines
        self.home = None
        self._master = None

    def __enter__(self):
        for program in ("postfix", "saslpasswd2", "openssl"):
            if not shutil.which(program):
                raise RuntimeError(f"{program} is missing: apt-get install postfix sasl2-bin "
                                   "libsasl2-modules libsasl2-modules-db openssl")
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="smarthost-"))
        try:
            self._configure()
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def _configure(self):
        home = self.home
        home.chmod(0o755)
        # Postfix checks the owner of all that lies beside main.cf, and each warning is a process.
        # Debian's looks for SASL's own settings there.
        for folder, owner in (("etc", "root"), ("spool", "root"), ("data", "postfix"),
                              ("etc/sasl", "root"), ("mail", "nobody")):
            (home / folder).mkdir()
            shutil.chown(home / folder, owner)
        # The maildir, too, so that it can be watched from the start.
        for folder in ("inbox", "inbox/new", "inbox/cur", "inbox/tmp"):
            (home / "mail" / folder).mkdir()
            shutil.chown(home / "mail" / folder, "nobody", "nogroup")
        self.plain_port, self.submission_port, self.submissions_port = free_ports(3)
        self.ca_file = home / "ca.pem"
        make_certificate(home, self.name, "postfix", self.days)
        (home / "etc" / "main.cf").write_text(self._main_cf())
        (home / "etc" / "master.cf").write_text(MASTER_CF.format(
            plain=self.plain_port, submission=self.submission_port,
            submissions=self.submissions_port, auth=SUBMISSION) + self.master_cf)
        (home / "recipients").write_text(RECIPIENTS)
        (home / "etc" / "sasl" / "smtpd.conf").write_text(SASL.format(home=home))
        subprocess.run(("saslpasswd2", "-p", "-c", "-u", self.name, "-f", home / "sasldb2",
                        self.username), input=self.password.encode(), check=True)
        shutil.chown(home / "sasldb2", "postfix")

    def _main_cf(self):
        settings = dict(line.split(" =", 1) for line in MAIN_CF.format(
            home=self.home, home_name=self.home.name, name=self.name,
            message_size_limit=self.message_size_limit, uid=pwd.getpwnam("nobody").pw_uid,
            gid=grp.getgrnam("nogroup").gr_gid).splitlines())
        if self.logs_dialogue:
            settings["debug_peer_list"] = "127.0.0.1"
        # Nothing twice: each program warns of that, and enough warnings at the start fill the
        # socket of postlogd, which then waits for itself.
        return "".join(f"{name} = {value}\n" for name, value in (settings | self.main_cf).items())

    def _start(self):
        with (self.home / "start.log").open("wb") as log:
            self._master = subprocess.Popen(
                ("postfix", "-c", self.home / "etc", "start-fg"), stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        deadline = time.monotonic() + PATIENCE
        for port in (self.plain_port, self.submission_port, self.submissions_port):
            while not self._serves(port):
                if self._master.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("Postfix did not start:\n"
                                       + (self.home / "start.log").read_text() + self.log())
                time.sleep(0.05)

    def _serves(self, port):
        """The greeting: somebody listens long before somebody can answer."""
        anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        try:
            with socket.create_connection(("127.0.0.1", port), 10) as plain:
                client = plain
                if port == self.submissions_port:
                    client = anybody.wrap_socket(plain)
                with client, client.makefile("rwb") as lines:
                    greeting = lines.readline()
                    lines.write(b"QUIT\r\n")
                    lines.flush()
                    lines.read()
                    return greeting.startswith(b"220 ")
        except OSError:
            return False

    def stop(self):
        if self._master and self._master.poll() is None:
            self._master.send_signal(signal.SIGTERM)
            try:
                self._master.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._master.pid, signal.SIGKILL)
                self._master.wait()
        self._master = None
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)
            self.home = None

    def settings(self):
        return {"plain_port": self.plain_port, "submission_port": self.submission_port,
                "submissions_port": self.submissions_port, "ca_file": str(self.ca_file),
                "username": self.username, "password": self.password, "name": self.name,
                "maildir": str(self.home / "mail" / "inbox" / "new"),
                "log": str(self.home / "mail.log")}

    def log(self):
        log = self.home / "mail.log"
        return log.read_text() if log.exists() else ""

    def arrived(self):
        """Every copy delivered so far, in no particular order."""
        folder = self.home / "mail" / "inbox" / "new"
        return [self._parse(file.read_bytes()) for file in folder.glob("*")]

    def _parse(self, raw):
        # virtual(8) puts Return-Path, X-Original-To and Delivered-To first, each on one line;
        # smtpd(8) one Received, folded.
        fields = {}
        while True:
            line, rest = raw.split(b"\n", 1)
            key, _, value = line.partition(b":")
            if key not in (b"Return-Path", b"X-Original-To", b"Delivered-To"):
                break
            fields[key], raw = value.strip().decode(), rest
        if raw.startswith(b"Received:"):
            line, raw = raw.split(b"\n", 1)
            while raw[:1] in (b" ", b"\t"):
                line, raw = raw.split(b"\n", 1)
        return Arrived(fields[b"Return-Path"].strip("<>"), fields[b"X-Original-To"],
                       raw.replace(b"\n", b"\r\n"))

    def is_empty(self):
        """Nothing waits in its queue."""
        listed = subprocess.run(("postqueue", "-c", self.home / "etc", "-j"), check=True,
                                capture_output=True)
        return not listed.stdout

    def wait_for(self, count, seconds=30):
        """Until `count` copies have arrived; raises with the log when they do not."""
        deadline = time.monotonic() + seconds
        while len(self.arrived()) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.arrived())} of {count} arrived\n{self.log()}")
            time.sleep(0.05)


def main():
    with PostfixSmarthost() as smarthost:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        if sys.argv[1:2] == ["--shell"]:
            lines = (f"{key}={value}\n" for key, value in smarthost.settings().items())
            with open(sys.argv[2], "w") as pipe:  # in one write: the reader takes one
                pipe.write("".join(lines))
        else:
            print(json.dumps(smarthost.settings()), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
