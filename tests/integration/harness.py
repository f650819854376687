# SPDX-License-Identifier: MIT
"""What every integration test stands on: a real Socket.IO server, the real daemon, and waits for facts.

Invariants: nothing sleeps; a wait that passes its deadline fails with the daemon's log; at the end of every test each
daemon is alive, ends with status 0 on SIGTERM, and has not written a token to its log.
"""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from roombridge import Client, Event, Message

from .processes import BUILD, DEADLINE, NODE_MODULES, PATH, ROOMBRIDGECTL, ROOMBRIDGED, Daemon, Output, Server

SANITIZED = bool(os.environ.get("ROOMBRIDGE_SANITIZE"))
"""A sanitizer keeps freed memory for a while: nothing can be said about the daemon's."""

BOOKING_RULES: dict[str, Any] = {
    "reservation_update": {
        "topics": ["reservation-{reservationId}", "shop-{shopId}", "user-{userId}"],
        "required": ["reservationId", "status", "shopId", "userId", "updateType", "timestamp"],
    },
    "notification": {"topics": [], "required": ["id", "title"]},
}

EVERYONE: list[dict[str, Any]] = [{"everyone": True, "events": ["*"], "topics": ["*"]}]
"""Access rules by which every user may see everything."""

T = TypeVar("T")


def reservation(reservation_id: int | str, shop_id: int = 7, **more: Any) -> dict[str, Any]:
    """A `reservation_update` as the profile expects it."""
    return {
        "reservationId": reservation_id,
        "status": "confirmed",
        "shopId": shop_id,
        "userId": 3,
        "updateType": "confirmed",
        "timestamp": "2026-01-01T00:00:00Z",
        **more,
    }


class Subscriber:
    """A local program inside the test: a client whose messages are waited for."""

    def __init__(self, daemon: Daemon, name: str = "test", *, subscriber: str | None = None, **wanted: Any) -> None:
        """`wanted`: of its subscription; nothing: it has none."""
        self.daemon = daemon
        # A test ends daemons itself, and begins anew itself.
        self.client = Client(str(daemon.socket), name=name, subscriber=subscriber, timeout=DEADLINE, reconnect=False)
        self.client.connect()
        if wanted:
            self.client.subscribe(**wanted)

    def until(self, wanted: Callable[[Message], bool], what: str = "a message") -> list[Message]:
        """Everything up to and including the first message that is wanted."""
        deadline = time.monotonic() + DEADLINE
        got: list[Message] = []
        while True:
            message = self.client.receive(max(0.0, deadline - time.monotonic()))
            if message is None:
                raise AssertionError(
                    f"waited {DEADLINE:.0f} s in vain for {what}, got {got}; the daemon's log:\n{self.daemon.log}"
                )
            got.append(message)
            if wanted(message):
                return got

    def until_event(self, name: str) -> list[Event]:
        """The events up to and including the first of this name."""
        got = self.until(lambda message: isinstance(message, Event) and message.name == name, f"event {name}")
        return [message for message in got if isinstance(message, Event)]

    def until_state(self, *states: str) -> list[str]:
        """Waits until the status has gone through these states in this order, perhaps among others; what was seen."""
        seen: list[str] = []
        left = list(states)

        def wanted(message: Message) -> bool:
            state = getattr(message, "state", None)
            if state is not None:
                seen.append(state)
                if left and state == left[0]:
                    left.pop(0)
            return not left

        self.until(wanted, f"states {states}, seen {seen}")
        return seen


class IntegrationTest(unittest.TestCase):
    """A server and what belongs to one daemon; a test starts the daemon itself, when it is ready for it."""

    needed: tuple[Path, ...] = ()
    """Further programs of the build."""
    programs: tuple[str, ...] = ("node", "openssl")
    """Of the system."""
    modules: tuple[str, ...] = ()
    """Of Python, as the packages python3-… have them."""
    server_type: type[Server] = Server

    @classmethod
    def setUpClass(cls) -> None:
        wanted = {program: "build it" for program in (ROOMBRIDGED, *cls.needed)}
        wanted[NODE_MODULES / "socket.io"] = f"tests/integration/install-node-modules {BUILD}"
        missing = [f"{path} ({how})" for path, how in wanted.items() if not path.exists()]
        missing += [f"{program} (install it)" for program in cls.programs if shutil.which(program, path=PATH) is None]
        missing += [f"python3-{name} (install it)" for name in cls.modules if importlib.util.find_spec(name) is None]
        if missing and os.environ.get("CI") == "true":
            raise AssertionError(f"CI: missing {', '.join(missing)}")
        if missing:
            raise unittest.SkipTest(f"missing {', '.join(missing)}")

    def setUp(self) -> None:
        # Short, because a socket's path has at most 107 bytes.
        self.directory = Path(tempfile.mkdtemp(prefix="roombridge-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self._daemons: list[Daemon] = []
        self._secrets: list[str] = []
        self.addCleanup(self._check_daemons)
        self.token_file = self.directory / "token"
        self.token = self.new_token()
        self.write_token(self.token)
        self.server = self.start_server()

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        assert result is not None
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            for daemon in getattr(self, "_daemons", []):
                print(f"--- log of roombridged {daemon.pid}\n{daemon.log}\n---", file=sys.stderr)
        return result

    def new_token(self) -> str:
        """A token that must never be seen in a log."""
        self._secrets.append(f"secret-{secrets.token_hex(8)}")
        return self._secrets[-1]

    def write_token(self, token: str) -> None:
        """Replaces the token file at one stroke, as a careful program does."""
        fresh = self.directory / "token.new"
        fresh.write_text(token + "\n", encoding="ascii")
        fresh.replace(self.token_file)

    def start_server(self, port: int = 0, **settings: Any) -> Server:
        server = self.server_type({self.token: {"userId": 3, "name": "a till"}}, port, **settings)
        self.addCleanup(server.close)
        return server

    def config(self, **changes: Any) -> dict[str, Any]:
        """The test's config; `section={...}` adds to or replaces keys of that section."""
        config: dict[str, Any] = {
            "upstream": {
                "url": self.server.url,
                "token": {"file": str(self.token_file)},
                "reconnect": {"first": "50ms", "max": "200ms", "refused_max": "1s", "quiet": "1s"},
            },
            "rooms": {"declared": ["shop-7", "shop-8"]},
            "events": {"rules": BOOKING_RULES},
            "local": {"socket": str(self.directory / "s"), "access": EVERYONE},
            "log": {"capacity": "2MiB"},
            "logging": {"level": "info"},
        }
        for section, values in changes.items():
            config[section] = {**config.get(section, {}), **values}
        return config

    def write_config(self, config: dict[str, Any]) -> Path:
        """JSON is YAML."""
        path = self.directory / "config.yaml"
        path.write_text(json.dumps(config, indent=2), encoding="utf-8")
        return path

    def start_daemon(
        self, environment: dict[str, str] | None = None, within: Sequence[str | Path] = (), **changes: Any
    ) -> Daemon:
        config = self.config(**changes)
        daemon = Daemon(self.write_config(config), Path(config["local"]["socket"]), environment, within)
        self._daemons.append(daemon)
        return daemon

    def start_authenticated(self, **changes: Any) -> Daemon:
        """A daemon that has joined its declared rooms."""
        daemon = self.start_daemon(**changes)
        for room in self.config(**changes)["rooms"]["declared"]:
            self.server.saw("join", room=room)
        return daemon

    def stop(self, daemon: Daemon) -> None:
        """Ends it by SIGTERM, well; nothing is asked of it afterwards."""
        self._daemons.remove(daemon)
        self.assertEqual(daemon.stop(), 0)

    def kill(self, daemon: Daemon) -> None:
        """Ends it by SIGKILL, and waits for its last words."""
        self._daemons.remove(daemon)
        daemon.process.kill()
        daemon.process.wait()
        daemon.output.join()

    def roombridgectl(self, *arguments: object, socket: str = "s") -> Output:
        """roombridgectl in the background, until the test's end."""
        command = [str(ROOMBRIDGECTL), "--socket", str(self.directory / socket), *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        self.addCleanup(process.wait, DEADLINE)
        self.addCleanup(process.kill)
        return Output(process.stdout)

    def subscriber(self, daemon: Daemon, name: str = "test", **wanted: Any) -> Subscriber:
        subscriber = Subscriber(daemon, name, **(wanted or {"events": []}))
        self.addCleanup(subscriber.client.close)
        return subscriber

    def peer(self, daemon: Daemon) -> Client:
        """A connection that subscribes to nothing: for calls and emits."""
        client = Client(str(daemon.socket), name="caller", timeout=DEADLINE, reconnect=False)
        client.connect()
        self.addCleanup(client.close)
        return client

    def assert_flat(self, daemon: Daemon, before: int, limit: int = 1 << 20) -> None:
        """The daemon's memory has not grown by more than `limit` bytes since it was `before`."""
        grown = daemon.memory() - before
        if not SANITIZED:
            self.assertLess(grown, limit, f"{grown} bytes more")

    def eventually(self, ask: Callable[[], T | None], what: str) -> T:
        """Asks again and again, for facts that nobody announces; each question should cost a round trip."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            if answer := ask():
                return answer
        raise AssertionError(f"waited {DEADLINE:.0f} s in vain for {what}")

    def _check_daemons(self) -> None:
        for daemon in self._daemons:
            with self.subTest("the daemon's end", pid=daemon.pid):
                self.assertIsNone(daemon.process.poll(), "the daemon has ended by itself")
                self.assertEqual(daemon.stop(), 0)
            for token in self._secrets:
                self.assertNotIn(token, daemon.log)


class JournaledTest(IntegrationTest):
    """Its daemons keep a journal, one after the other the same."""

    def setUp(self) -> None:
        super().setUp()
        self.kept = self.directory / "journal"

    def config(self, **changes: Any) -> dict[str, Any]:
        journal = {"directory": str(self.kept), **changes.pop("journal", {})}
        return super().config(journal=journal, **changes)
