# SPDX-License-Identifier: MIT
"""An upstream that says anything at any time: the local side does not suffer, and the next connection is like the first."""

from __future__ import annotations

import json
import unittest
import zlib

from .harness import IntegrationTest, Subscriber
from .processes import Daemon
from .raw_upstream import BINARY, CLOSE, OPEN, PING, Connection, RawUpstream, frame


class HostileUpstreamTest(IntegrationTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = RawUpstream()
        self.addCleanup(self.upstream.close)

    def start(self) -> tuple[Daemon, Subscriber]:
        daemon = self.start_daemon(upstream={**self.config()["upstream"], "url": self.upstream.url})
        return daemon, self.subscriber(daemon)

    def accept(self) -> Connection:
        connection = self.upstream.accept()
        self.addCleanup(connection.close)
        return connection

    def log_in(self) -> Connection:
        connection = self.accept()
        connection.log_in()
        connection.until('42["join_room"')
        return connection

    def assert_well(self, daemon: Daemon, subscriber: Subscriber, connection: Connection) -> None:
        """The connection carries events to the subscriber, and a program can ask."""
        connection.text('42["marker"]')
        subscriber.until_event("marker")
        self.assertEqual(self.peer(daemon).call("status")["upstream"]["state"], "authenticated")

    def test_no_http_answer_harms_the_local_side(self) -> None:
        daemon, subscriber = self.start()
        memory = daemon.memory()
        page = "요청이 잘못되었습니다".encode("euc-kr")
        answers = {
            "a page in another encoding": b"HTTP/1.1 502 \xc4rger\r\nContent-Length: %d\r\n\r\n" % len(page) + page,
            "control characters": b"HTTP/1.1 500 x\r\nContent-Length: 8\r\n\r\n\xc2\x9b2J\x1b[2J",
            "no HTTP": bytes(range(256)) * 10,
            "an endless header": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100_000,
            "an endless body": b"HTTP/1.1 404 Not Found\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 1_000_000,
            "another WebSocket": b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        }
        for name, answer in answers.items():
            with self.subTest(name):
                connection = self.accept()
                connection.read_request()
                connection.send(answer)
                connection.close()
                subscriber.until(lambda message: getattr(message, "cause", "").startswith("http_"), "the refusal")
                self.assertTrue(self.peer(daemon).call("status")["upstream"]["text"].isprintable())
        self.assert_well(daemon, subscriber, self.log_in())
        self.assert_flat(daemon, memory)

    def test_no_answer_to_the_authentication_stalls_or_stops_anything(self) -> None:
        daemon, subscriber = self.start()
        memory = daemon.memory()
        many = ",".join(f'"f{number}":1' for number in range(100_000))
        answers = {
            "control characters": '"auth_success",{"userId":"a\\n\\u001b[31m\\u009b2J"}',
            "a user of a megabyte": '"auth_success",{"userId":"%s"}' % ("u" * 1_000_000),
            "too many fields": '"auth_success",{"userId":3,%s}' % many,
            "nothing of use": '"auth_success",[[[]]]',
            "a refusal of a megabyte": '"auth_error",{"message":"%s"}' % (self.token * 50_000),
            "a cut token": '"auth_error",{"message":"jwt %s"}' % self.token[:-1],
        }
        for name, answer in answers.items():
            with self.subTest(name):
                connection = self.accept()
                connection.shake_hands()
                connection.text("0" + json.dumps(OPEN))
                connection.until("40")
                connection.text('40{"sid":"t"}')
                connection.until('42["authenticate"')
                connection.text(f"42[{answer}]")
                connection.text('42["marker"]')
                subscriber.until_event("marker")
                self.assertIn("state", self.peer(daemon).call("status")["upstream"])
                self.assertIsInstance(self.peer(daemon).call("rooms"), list)
                connection.close()
        self.assert_well(daemon, subscriber, self.log_in())
        self.assert_flat(daemon, memory, 16 << 20)
        self.assertNotIn(self.token[:-1], daemon.log)
        self.assertNotIn("\x9b", daemon.log)

    def test_what_breaks_the_protocol_ends_the_connection_and_the_next_is_good(self) -> None:
        daemon, subscriber = self.start()
        connection = self.log_in()
        endings = {
            "a masked frame": b"\x81\x81\x01\x02\x03\x04\x05",
            "a length with its top bit set": b"\x81\x7f" + b"\xff" * 8,
            "a length beyond the limit": b"\x81\x7f" + (1 << 62).to_bytes(8, "big"),
            "a close with a reason in no encoding": frame(b"\x03\xe8\xff\xfe", CLOSE),
            "a close that repeats a cut token": frame(b"\x0f\xa1bad " + self.token[:-1].encode(), CLOSE),
            "a ping that is too long": b"\x89\x7e\x00\x7e" + b"x" * 126,
            "noise": bytes(range(255, 0, -1)),
        }
        for name, data in endings.items():
            with self.subTest(name):
                connection.send(data)
                connection.ended()
                connection.close()
                connection = self.log_in()
                self.assert_well(daemon, subscriber, connection)
        self.assertNotIn(self.token[:-1], daemon.log)

    def test_what_is_compressed_is_held_to_the_same_limits(self) -> None:
        daemon, subscriber = self.start()

        def log_in() -> Connection:
            connection = self.accept()
            connection.log_in(more=b"Sec-WebSocket-Extensions: permessage-deflate\r\n")
            return connection

        def compressed(data: bytes) -> bytes:
            deflate = zlib.compressobj(wbits=-15)
            sent = frame((deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4])
            return bytes([sent[0] | 0x40]) + sent[1:]

        connection = log_in()
        memory = daemon.memory()
        connection.send(compressed(b'42["marker"]'))
        subscriber.until_event("marker")
        for name, data in {
            "64 MiB in 64 KiB": compressed(bytes(64 << 20)),
            "not deflate": b"\xc1\x04\xff\xff\xff\xff",
            "a compressed ping": b"\xc9\x00",
        }.items():
            with self.subTest(name):
                connection.send(data)
                connection.ended()
                connection.close()
                connection = log_in()
                self.assert_well(daemon, subscriber, connection)
        self.assert_flat(daemon, memory, 4 << 20)

    def test_floods_and_nonsense_are_survived(self) -> None:
        daemon, subscriber = self.start()
        connection = self.log_in()
        memory = daemon.memory()
        lines = len(daemon.output.lines)
        floods = {
            "a message of empty fragments": b"\x01\x00" + b"\x00\x00" * 100_000 + b"\x80\x01x",
            "pings": frame(b"p" * 125, PING) * 5000,
            "Engine.IO pings": frame(b"2") * 20_000,
            "another open packet": frame(b'0{"sid":"x","pingInterval":1,"pingTimeout":1}'),
            "another CONNECT and a late refusal": frame(b'40{"sid":"x"}') + frame(b'44{"message":"no"}'),
            "acknowledgements of nothing": frame(b"437[]") * 1000 + frame(b"4399999999999999999999[]"),
            "namespaces never joined": frame(b'42/x,["e"]') * 1000 + frame(b"41/x,"),
            "attachments without end": frame(b'451000000000-["e"]') + frame(b"x", BINARY) * 1000,
            "attachments that never come": frame(b'4516-["e"]') + frame(b"x" * 1000, BINARY) * 15,
            "no UTF-8": frame(b'42["\xff"]') * 1000,
            "half a megabyte of brackets": frame(b'42["e",' + b"[" * 500_000),
            "a name without end": frame(b'42["' + b"n" * 500_000 + b'"]'),
        }
        for name, data in floods.items():
            with self.subTest(name):
                connection.send(data)
                self.assert_well(daemon, subscriber, connection)
        self.assert_flat(daemon, memory, 4 << 20)
        self.assertLess(len(daemon.output.lines) - lines, 10)


if __name__ == "__main__":
    unittest.main()
