"""Big bodies from many clients at once stream through: bounded memory, every byte arrives."""
import hashlib
import os
import smtplib
import threading
import unittest

from support.client import make_message, message_id, submit_on
from support.relay import PROGRAM, Relay
from support.smtp_sink import SmtpSink

MIB = 1 << 20
CONNECTIONS = 50
# 50 x 25 MiB when POSTERN_FULL is set; by default still more than the memory allowed.
BODY_BYTES = (25 if os.environ.get("POSTERN_FULL") else 6) * MIB
LIMIT_BYTES = 256 * MIB
LINE = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ab\r\n"


def is_sanitized():
    with open(PROGRAM, "rb") as program:
        content = program.read()
    return b"__asan_init" in content or b"__tsan_init" in content


class Memory(unittest.TestCase):
    def test_fifty_big_mails_at_once(self):
        body = LINE * (BODY_BYTES // len(LINE))
        failures = []
        # All clients stand in DATA before the first byte of a body flows.
        all_connected = threading.Barrier(CONNECTIONS)

        def send(number):
            try:
                message = make_message(number, body=f"number {number}\r\n{body}")
                with smtplib.SMTP("127.0.0.1", relay.port, timeout=300) as client:
                    client.ehlo()
                    all_connected.wait(60)
                    submit_on(client, "agent@product-a.com", ["customer@example.net"], message)
            except Exception as error:  # reported by the assertion below
                failures.append(error)

        with SmtpSink(only_hash=True) as sink, Relay(
                [sink.transport(max_message="36MiB")]) as relay:
            clients = [threading.Thread(target=send, args=(n,)) for n in range(CONNECTIONS)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            self.assertEqual([], failures)
            relay.wait_empty(300)
            peak = relay.vm_hwm_bytes()
            print(f"peak {peak / MIB:.0f} MiB for {CONNECTIONS} x {BODY_BYTES // MIB} MiB", flush=True)
            if not is_sanitized():  # a sanitizer's shadow is not ours
                self.assertLess(peak, LIMIT_BYTES)
            arrived = {mail.field("Message-ID"): mail.body_sha256 for mail in sink.received()}
            self.assertEqual(CONNECTIONS, len(sink.received()))
            for number in range(CONNECTIONS):
                expected = hashlib.sha256(f"number {number}\r\n{body}".encode()).hexdigest()
                self.assertEqual(expected, arrived[message_id(number)])


if __name__ == "__main__":
    unittest.main()
