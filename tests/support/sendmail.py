"""The program as sendmail, the way other programs call it."""
import os
import pathlib
import subprocess

from support.relay import PATIENCE, PROGRAM

MAIL_NAME = pathlib.Path("/etc/mailname")


def own_domain(relay):
    """What addresses without a domain get."""
    words = MAIL_NAME.read_text().split() if MAIL_NAME.exists() else []
    return words[0] if words else relay.settings["server"]["hostname"]


def link_in(directory):
    """A link `sendmail` to the program."""
    link = pathlib.Path(directory, "sendmail")
    link.symlink_to(os.path.abspath(PROGRAM))
    return link


def run(words, message=b"", environment=None):
    """Runs a command with a message on standard input; gives the ended process."""
    data = message.encode() if isinstance(message, str) else message
    return subprocess.run([str(word) for word in words], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=PATIENCE,
                          env=dict(os.environ, **(environment or {})))


def status_unheard(words, message):
    """Runs a command whose output goes into pipes that nobody reads; gives its exit status."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as nobody:
        return subprocess.run([str(word) for word in words], input=message.encode(), stdout=nobody,
                              stderr=nobody, timeout=PATIENCE, check=False).returncode


def wrapper_in(directory, config):
    """A `sendmail` for programs that take no options for it: knows its configuration."""
    script = pathlib.Path(directory, "sendmail-of-test")
    script.write_text(f'#!/bin/sh\nexec "{os.path.abspath(PROGRAM)}" sendmail --config "{config}" '
                      '"$@"\n')
    script.chmod(0o755)
    return script
