# SPDX-License-Identifier: MIT
"""Hostile local peers: each harms itself alone."""

from __future__ import annotations

import contextlib
import socket
import unittest
from collections.abc import Callable

from roombridge.protocol import HEADER, Frame, FrameDecoder, FrameType, encode_frame

from .harness import IntegrationTest
from .processes import DEADLINE, Daemon

HELLO = encode_frame(FrameType.HELLO, {"versions": [1], "client": "raw"})


class RawPeer:
    """A connection without a client library."""

    def __init__(self, daemon: Daemon) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(str(daemon.socket))

    def send(self, data: bytes) -> None:
        """As much as the daemon takes before it closes."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def frames_until_closed(self) -> list[Frame]:
        decoder = FrameDecoder()
        while data := self.socket.recv(65536):
            decoder.feed(data)
        frames = []
        while (frame := decoder.next_frame()) is not None:
            frames.append(frame)
        return frames

    def frame(self) -> Frame:
        decoder = FrameDecoder()
        while (frame := decoder.next_frame()) is None:
            decoder.feed(self.socket.recv(1))
        return frame


class HostilePeerTest(IntegrationTest):
    def raw(self, daemon: Daemon) -> RawPeer:
        peer = RawPeer(daemon)
        self.addCleanup(peer.socket.close)
        return peer

    def assert_ended(self, peer: RawPeer, error: str, reason: str = "protocol_error") -> None:
        frames = peer.frames_until_closed()
        self.assertEqual([frame.type for frame in frames[-2:]], [FrameType.ERROR, FrameType.BYE], frames)
        self.assertEqual((frames[-2].head["name"], frames[-2].head["fatal"]), (error, True))
        self.assertEqual(frames[-1].head["reason"], reason)

    def test_each_is_told_what_was_wrong_and_nobody_else_notices(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon)
        memory = daemon.memory()
        cases = {
            "garbage": (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "frame_too_large"),
            "a huge length": (HEADER.pack(0xFFFFFFFF, FrameType.HELLO, 0, 0), "frame_too_large"),
            "4,097 bytes before the welcome": (HEADER.pack(4097, FrameType.HELLO, 0, 10), "frame_too_large"),
            "a head longer than its body": (HEADER.pack(2, FrameType.HELLO, 0, 3) + b"{}", "bad_frame"),
            "a critical flag": (HEADER.pack(2, FrameType.HELLO, 0x80, 2) + b"{}", "unknown_critical_flag"),
            "no JSON": (HEADER.pack(2, FrameType.HELLO, 0, 2) + b"{]", "bad_head"),
            "something before HELLO": (encode_frame(FrameType.SUBSCRIBE, {"id": 1}), "hello_expected"),
            "an unknown version": (encode_frame(FrameType.HELLO, {"versions": [2]}), "version_unsupported"),
            "HELLO twice": (HELLO + HELLO, "hello_expected"),
            "a huge length later": (HELLO + HEADER.pack(1_048_577, FrameType.EMIT, 0, 0), "frame_too_large"),
            "no id": (HELLO + encode_frame(FrameType.CALL, {"method": "status"}), "bad_head"),
            "33 levels": (HELLO + self.nested(33), "bad_head"),
        }
        for name, (data, error) in cases.items():
            with self.subTest(name):
                peer = self.raw(daemon)
                peer.send(data)
                self.assert_ended(peer, error)
        self.assert_flat(daemon, memory)
        self.server.emit("marker")
        subscriber.until_event("marker")
        counters = subscriber.client.call("status")["counters"]
        self.assertEqual(counters["local_protocol_errors"], len(cases))

    @staticmethod
    def nested(levels: int) -> bytes:
        text = b'{"id":1,"method":"status","params":' + b'{"a":' * (levels - 2) + b"{}" + b"}" * (levels - 2) + b"}"
        return HEADER.pack(len(text), FrameType.CALL, 0, len(text)) + text

    def test_no_hello_is_ended_in_time_and_bytes_one_by_one_are_no_excuse(self) -> None:
        daemon = self.start_authenticated()
        silent, slow = self.raw(daemon), self.raw(daemon)
        slow.send(HELLO[:10])
        # Both waits are the daemon's own five seconds, side by side.
        self.assert_ended(silent, "hello_timeout", "hello_timeout")
        self.assert_ended(slow, "hello_timeout", "hello_timeout")

    def test_a_conversation_byte_by_byte(self) -> None:
        peer = self.raw(self.start_authenticated())
        for byte in HELLO + encode_frame(FrameType.CALL, {"id": 1, "method": "rooms"}):
            peer.send(bytes([byte]))
        self.assertEqual(peer.frame().type, FrameType.WELCOME)
        self.assertEqual(peer.frame().head, {"id": 1, "ok": True})

    def test_unknown_types_and_flags_are_skipped(self) -> None:
        peer = self.raw(self.start_authenticated())
        peer.send(HELLO + HEADER.pack(3, 0x7F, 0x0F, 2) + b"??!" + encode_frame(FrameType.PING, {"id": 5}))
        self.assertEqual(peer.frame().type, FrameType.WELCOME)
        self.assertEqual(peer.frame(), Frame(FrameType.PONG, {"id": 5}))

    def test_one_that_asks_and_never_reads_is_not_listened_to(self) -> None:
        daemon = self.start_authenticated(local={"socket": str(self.directory / "s"), "user_buffer": "64KiB"})
        subscriber = self.subscriber(daemon)
        greedy = self.raw(daemon)
        greedy.send(HELLO)
        self.assertEqual(greedy.frame().type, FrameType.WELCOME)
        call = encode_frame(FrameType.CALL, {"id": 7, "method": "status"})
        sent = self.send_until_it_is_full(greedy, call * 1000, lambda: subscriber.client.call("status"))
        # Everyone else's is not its business, nor is it ended.
        self.server.emit("marker")
        subscriber.until_event("marker")
        self.assertNotIn("local connection is ended", daemon.log)
        for _ in range(sent // len(call)):
            self.assertEqual(greedy.frame().type, FrameType.RESULT)

    def send_until_it_is_full(self, peer: RawPeer, data: bytes, turn: Callable[[], object]) -> int:
        """Repeats `data` until the daemon has not taken more of it though it has had a turn; the bytes that the socket took."""
        sent, before = 0, -1
        peer.socket.setblocking(False)
        while sent > before:
            before = sent
            with contextlib.suppress(BlockingIOError):
                while True:
                    sent += peer.socket.send(data[sent % len(data) :])
            turn()
        peer.socket.settimeout(DEADLINE)
        return sent

    def test_one_connection_too_many(self) -> None:
        daemon = self.start_authenticated(local={"socket": str(self.directory / "s"), "connections": 2})
        # We are the daemon's user, for whom 16 more are kept.
        first, second, *_ = [self.peer(daemon) for _ in range(2 + 16)]
        third = self.raw(daemon)
        frames = third.frames_until_closed()
        self.assertEqual(frames[-1].head["reason"], "too_many_connections")
        second.close()
        self.eventually(lambda: len(first.call("subscribers")) == 17, "the daemon noticing a closed peer")
        self.assertEqual(self.peer(daemon).call("status")["pid"], daemon.pid)


class ChurnTest(IntegrationTest):
    def test_a_thousand_connections_leak_no_descriptor(self) -> None:
        daemon = self.start_authenticated()
        watcher = self.peer(daemon)
        watcher.call("status")
        before = daemon.descriptors()
        for round in range(10):
            peers = [RawPeer(daemon) for _ in range(100)]
            for index, peer in enumerate(peers):
                kind = index % 4
                if kind > 0:
                    peer.send(HELLO)
                if kind > 1:
                    peer.send(encode_frame(FrameType.SUBSCRIBE, {"id": 1}))
                if kind > 2:
                    peer.send(b"\xff" * 20)
            if round % 2:
                self.server.emit("noise", "x" * 1000)
            for peer in peers:
                peer.socket.close()
        self.eventually(lambda: len(watcher.call("subscribers")) == 1, "the daemon noticing closed peers")
        self.eventually(
            lambda: watcher.call("status") and daemon.descriptors() <= before, "the daemon closing descriptors"
        )
        self.assertEqual(daemon.descriptors(), before)


if __name__ == "__main__":
    unittest.main()
