# SPDX-License-Identifier: MIT
"""What is bounded for all users: five users, one after the other, take all that they are given, and root comes last.

The user that comes when n have taken theirs gets at least 1/((n + 1)(n + 2)) of the whole (daemon/base/fair_shares.hpp), and roombridgectl
works all the same. Nothing here is judged by a time. Prints what each user got.
"""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import struct
import subprocess
import unittest
from collections.abc import Callable
from typing import Any

from tests.attack import wire
from tests.integration.processes import DEADLINE, ROOMBRIDGECTL, Daemon
from tests.integration.test_access import UsersTest, acting_as

USERS = range(64721, 64726)
ROOT = 0
AT_ONCE = 64
"""Requests before their answers are read: fewer than the socket's buffers hold."""
LARGE = 60_000
"""Bytes of an emit that is to fill the queue to the server."""


class Asker:
    """A connection that sends requests without a client library, and counts those that are refused."""

    def __init__(self, daemon: Daemon, user: int, **hello: Any) -> None:
        with acting_as(user):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(DEADLINE)
            self.socket.connect(str(daemon.socket))
        self.raw = bytearray()  # what was received and not yet taken
        with contextlib.suppress(BrokenPipeError):  # refused already, and take() says so
            self.send(wire.frame(wire.HELLO, versions=[1], client="greedy", **hello))

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def take(self) -> tuple[int, dict[str, Any]]:
        """The next frame: its type and head. Type 0: the daemon has closed."""
        while (found := next(wire.frames_with_heads(self.raw), None)) is None:
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                return 0, {}
            self.raw += data
        return found

    def refused(self, requests: list[bytes]) -> int:
        """How many of the requests were refused, by the time a PING behind them is answered."""
        refused = 0
        for at in range(0, len(requests), AT_ONCE):
            self.send(b"".join(requests[at : at + AT_ONCE]) + wire.frame(wire.PING, id=1))
            while (got := self.take())[0] != wire.PONG:
                if got[0] == 0:
                    raise AssertionError("the daemon has ended the connection")
                refused += got[0] == wire.RESULT and not got[1]["ok"]
        return refused

    def close(self) -> None:
        self.socket.close()


def emit(number: int, size: int = 0, **more: Any) -> bytes:
    head = json.dumps({"id": number, "event": "greedy", **more}).encode()
    payload = json.dumps(["x" * size]).encode() if size else b""
    return struct.pack("<IBBH", len(head) + len(payload), wire.EMIT, 0, len(head)) + head + payload


class SharesTest(UsersTest):
    needed = (ROOMBRIDGECTL,)

    def setUp(self) -> None:
        super().setUp()
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.directory.chmod(0o711)

    def start_greedy(
        self, authenticated: bool = True, hold: dict[str, Any] | None = None, subscribers: dict[str, Any] | None = None, **local: Any
    ) -> Daemon:
        access = [{"everyone": True, "events": ["*"], "topics": ["*"], "rooms": ["*"], "emits": ["*"]}]
        changes: dict[str, Any] = {
            "local": self.local(access=access, **local),
            "emits": {"rate": 1_000_000, "burst": 1_000_000, "hold": hold or {}},
            "subscribers": subscribers or {},
        }
        if authenticated:
            return self.start_authenticated(**changes)
        self.token_file.unlink()
        return self.start_daemon(**changes)

    def assert_shared(self, daemon: Daemon, whole: int, take: Callable[[int], int], granule: int = 1, beyond: int = 0) -> None:
        """`take`: takes as much as the user is given, and returns it. `granule`: of the amount, what cannot be divided.
        `beyond`: what may be taken beside the whole."""
        shares = []
        for before, user in enumerate((*USERS, ROOT)):
            if user == ROOT:
                self.assert_controlled(daemon)
            shares.append(take(user))
            least = whole // ((before + 1) * (before + 2)) - granule
            self.assertGreaterEqual(shares[-1], least, f"user {before + 1} of all, who have {shares} of {whole}")
            self.assertLess(sum(shares), whole + granule + beyond)
        print(f"\n{self._testMethodName[5:]}: of {whole:,}: {', '.join(f'{share:,}' for share in shares[:-1])}; root {shares[-1]:,}")

    def assert_controlled(self, daemon: Daemon) -> None:
        status = [str(ROOMBRIDGECTL), "--socket", str(daemon.socket), "--json", "status"]
        told = subprocess.run(status, capture_output=True, timeout=DEADLINE, check=True)
        self.assertEqual(json.loads(told.stdout)["pid"], daemon.pid)

    def asker(self, daemon: Daemon, user: int, **hello: Any) -> Asker:
        made = Asker(daemon, user, **hello)
        self.addCleanup(made.close)
        return made

    def test_emits_that_wait_for_an_acknowledgement(self) -> None:
        daemon = self.start_greedy()

        def take(user: int) -> int:
            taken, refused = 0, 0
            while refused == 0:
                requests = [emit(number, ack=True, deadline_ms=300_000) for number in range(2, 1001)]
                refused = self.asker(daemon, user).refused(requests)
                taken += len(requests) - refused
            return taken

        self.assert_shared(daemon, 16_384, take)

    def test_emits_that_are_held(self) -> None:
        size = 10_000
        held = size + 256
        daemon = self.start_greedy(authenticated=False, hold={"greedy": {"count": 10_000, "bytes": "4MiB", "age": "5min"}})

        def take(user: int) -> int:
            requests = [emit(number, size, deadline_ms=300_000) for number in range(2, 602)]
            return (len(requests) - self.asker(daemon, user).refused(requests)) * held

        self.assert_shared(daemon, 4 << 20, take, granule=held)

    def test_the_queue_to_the_server(self) -> None:
        daemon = self.start_greedy(user_buffer="64MiB")
        self.server.freeze()
        self.addCleanup(self.server.thaw)

        def take(user: int) -> int:
            asker = self.asker(daemon, user)
            taken = 0
            while asker.refused([emit(2, LARGE)]) == 0:
                taken += LARGE
            return taken

        # What the kernel takes of the first user's is in no queue of the daemon's.
        self.assert_shared(daemon, 4 << 20, take, granule=LARGE, beyond=64 << 20)

    def test_rooms(self) -> None:
        daemon = self.start_greedy(user_rooms=65_536)

        def take(user: int) -> int:
            taken, refused = 0, 0
            while refused == 0:
                wanted = [wire.frame(wire.JOIN, id=n + 2, room=f"{user}-{taken + n}") for n in range(64)]
                refused = self.asker(daemon, user).refused(wanted)
                taken += len(wanted) - refused
            return taken

        # Declared rooms and the user's own are none of those.
        self.assert_shared(daemon, 512, take)

    def test_named_subscribers(self) -> None:
        daemon = self.start_greedy(subscribers={"per_user": 1024})

        def take(user: int) -> int:
            for taken in range(1025):
                asker = self.asker(daemon, user, subscriber=f"greedy-{taken}")
                if asker.refused([wire.frame(wire.SUBSCRIBE, id=2, events=["greedy"])]) > 0:
                    break
                asker.close()
            return taken

        self.assert_shared(daemon, 1024, take)

    def test_connections(self) -> None:
        daemon = self.start_greedy(user_connections=4096, user_buffer="64MiB")

        def take(user: int) -> int:
            for taken in range(4097):
                if self.asker(daemon, user).take()[0] != wire.WELCOME:
                    break
            return taken

        # 16 more are kept for root.
        self.assert_shared(daemon, 4096, take, beyond=16)


if __name__ == "__main__":
    unittest.main()
