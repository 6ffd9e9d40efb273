"""Exim as a client: a configuration of its own that hands everything to one smarthost.

Debian lets only one mail server be installed, and the tests need Postfix; so `./dev` unpacks the
package exim4-daemon-light into DIRECTORY. Messages come on standard input, delivery happens before
the program ends (-odf); what it could not deliver makes send() fail.
"""
import pathlib
import shutil
import subprocess
import tempfile

DIRECTORY = "/opt/exim4-light"

CONFIGURATION = """\
primary_hostname = client.example.com
spool_directory = {home}
log_file_path = {home}/%slog
trusted_users = root
exim_path = {program}
keep_environment =
local_from_check = false
begin routers
smarthost:
  driver = manualroute
  domains = *
  transport = smarthost
  route_list = * {host}::{port} byname
  self = send
begin transports
smarthost:
  driver = smtp
{options}begin authenticators
{authenticator}"""

AUTHENTICATORS = {
    None: "",
    "PLAIN": 'plain:\n  driver = plaintext\n  public_name = PLAIN\n'
             '  client_send = "^{username}^{password}"\n',
    "LOGIN": 'login:\n  driver = plaintext\n  public_name = LOGIN\n'
             '  client_send = ": {username} : {password}"\n',
}


def program():
    found = shutil.which("exim4") or shutil.which("exim4", path=f"{DIRECTORY}/usr/sbin")
    if found is None:
        raise FileNotFoundError("exim4 is missing; ./dev unpacks Debian's exim4-daemon-light into "
                                + DIRECTORY)
    return found


def transport_options(way, home):
    """How to speak to the smarthost: exactly so, or not at all."""
    options = ["dnssec_request_domains ="]
    if way.tls:
        options += ["hosts_require_tls = *", "tls_verify_hosts = *",
                    f"tls_verify_certificates = {home}/ca.pem"]
    else:
        options += ["hosts_avoid_tls = *"]
    if way.tls == "implicit":
        options += ["protocol = smtps"]
    if way.auth:
        options += ["hosts_require_auth = *"]
    return "".join(f"  {option}\n" for option in options)


def send(way, messages):
    """Each message to way.recipients, from way.sender; see mail_clients.Way."""
    with tempfile.TemporaryDirectory(prefix="exim-") as home:
        shutil.chown(home, "Debian-exim", "Debian-exim")
        if way.ca_file:
            shutil.copy(way.ca_file, f"{home}/ca.pem")  # exim does not deliver as root
            shutil.chown(f"{home}/ca.pem", "Debian-exim")
        configuration = pathlib.Path(home) / "exim.conf"
        configuration.write_text(CONFIGURATION.format(
            home=home, program=program(), host=way.host, port=way.port,
            options=transport_options(way, home),
            authenticator=AUTHENTICATORS[way.auth].format(username=way.username,
                                                          password=way.password)))
        for message in messages:
            done = subprocess.run(
                [program(), "-C", str(configuration), "-odf", "-i", "-f", way.sender,
                 *way.recipients], input=message.replace(b"\r\n", b"\n"), capture_output=True,
                timeout=60)
            log = pathlib.Path(home) / "mainlog"
            said = done.stderr.decode() + (log.read_text() if log.exists() else "")
            if done.returncode != 0 or " => " not in said:
                raise AssertionError(f"exim4 exited {done.returncode}:\n{said}")
            log.unlink()
