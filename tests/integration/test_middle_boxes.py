# SPDX-License-Identifier: MIT
"""Middle boxes that end the daemon's side of a connection, and the server knows of it or not. A server that recovers the
session before it has noticed the old connection's end drops it with that: authenticated, and deaf. The daemon must hear
on whatever happens, and lose nothing without a GAP."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from roombridge import Event, Gap, Status

from .harness import Subscriber
from .processes import Nginx
from .relay import Relay
from .test_recovery import RecoveryTest

SHORT = {"pingInterval": 300, "pingTimeout": 1000}
MEMORY = 5  # seconds; with less a busy machine may not be back in time for the first recovery


class HalfOpen(RecoveryTest):
    def setUp(self) -> None:
        super().setUp()
        self.relay = Relay(self.server.port)
        self.addCleanup(self.relay.close)

    @staticmethod
    def options() -> dict[str, Any]:
        return {"connectionStateRecovery": {}, **SHORT}

    def config(self, **changes: Any) -> dict[str, Any]:
        config = super().config(**changes)
        config["upstream"]["url"] = self.relay.url
        return config

    def start_recovered(self) -> Subscriber:
        """From the second connection on the server could recover the session at any time."""
        subscriber = self.start_listening()
        self.miss(subscriber)
        self.assertEqual(self.server.saw("disconnect")["reason"], "forced close")
        self.server.emit("second")
        subscriber.until_event("second")
        return subscriber

    def break_off(self, subscriber: Subscriber, fault: Callable[[], None]) -> tuple[list[str], list[Gap]]:
        """What arrives in the end: once the server has dropped the old connection, and the daemon has a new one."""
        fault()
        self.server.emit("missed")
        self.offline = subscriber.until(lambda message: getattr(message, "state", None) == "offline")[-1]
        got = subscriber.until(lambda message: getattr(message, "state", None) == "authenticated")
        self.assertEqual(self.server.saw("disconnect")["reason"], "ping timeout")
        self.server.emit("last")
        got += subscriber.until(lambda message: getattr(message, "name", None) == "last", "the last event")
        names = [message.name for message in got if isinstance(message, Event)]
        return names, [message for message in got if isinstance(message, Gap)]


class HalfOpenTest(HalfOpen):
    def check_fresh(self, fault: Callable[[], None]) -> None:
        """It is asked for, perhaps in vain: it depends on who notices first."""
        names, gaps = self.break_off(self.start_listening(), fault)
        counts = self.recovery()
        if counts["recovered"]:
            self.assertEqual((names, gaps), (["missed", "last"], []))
        else:
            self.assertEqual((names, [gap.reason for gap in gaps]), (["last"], ["upstream"]))
        self.assertEqual(counts["recovered"] + counts["failed"], 1)

    def check_recovered(self, fault: Callable[[], None]) -> Gap:
        """It is not asked for."""
        names, gaps = self.break_off(self.start_recovered(), fault)
        self.assertEqual((names, [gap.reason for gap in gaps]), (["last"], ["upstream"]))
        self.assertEqual(self.recovery(), {"offered": True, "recovered": 1, "failed": 0})
        return gaps[0]

    def test_end(self) -> None:
        self.check_fresh(self.relay.end)

    def test_end_of_a_recovered_connection(self) -> None:
        self.check_recovered(self.relay.end)

    def test_reset(self) -> None:
        self.check_fresh(self.relay.reset)

    def test_reset_of_a_recovered_connection(self) -> None:
        self.check_recovered(self.relay.reset)

    def test_silence(self) -> None:
        self.check_fresh(self.relay.mute)

    def test_silence_in_a_recovered_connection(self) -> None:
        gap = self.check_recovered(self.relay.mute)
        assert isinstance(self.offline, Status) and gap.from_time is not None
        patience = 1000 * sum(SHORT.values())
        self.assertLessEqual(gap.from_time, self.offline.since - patience * 9 // 10, "nothing was heard for so long")


class ForgottenEndTest(HalfOpen):
    """The server does not remember any more that a connection of the session has ended before."""

    @staticmethod
    def options() -> dict[str, Any]:
        return {"connectionStateRecovery": {"maxDisconnectionDuration": 1000 * MEMORY}, **SHORT}

    def config(self, **changes: Any) -> dict[str, Any]:
        config = super().config(**changes)
        config["upstream"]["recovery_memory"] = f"{MEMORY}s"
        return config

    def start_forgotten(self) -> Subscriber:
        subscriber = self.start_recovered()
        forgotten = time.monotonic() + MEMORY
        while time.monotonic() < forgotten:
            self.server.emit("still")
            subscriber.until_event("still")
        self.assertEqual(self.recovery(), {"offered": True, "recovered": 1, "failed": 0})
        return subscriber

    def test_a_recovered_session_is_recovered_again(self) -> None:
        subscriber = self.start_forgotten()
        self.relay.hold()
        self.relay.end()
        self.server.emit("missed")
        self.assertEqual(self.server.saw("disconnect")["reason"], "ping timeout")
        self.relay.release()
        subscriber.until(lambda message: getattr(message, "state", None) == "offline")
        self.server.emit("last")
        events, gaps = self.until_last(subscriber)
        self.assertEqual(([name for name, _ in events], gaps), (["missed", "last"], []))
        self.assertEqual(self.recovery(), {"offered": True, "recovered": 2, "failed": 0})

    def test_a_server_that_has_not_noticed_refuses_it_and_the_daemon_hears_on(self) -> None:
        names, gaps = self.break_off(self.start_forgotten(), self.relay.end)
        counts = self.recovery()
        if counts["recovered"] == 1:
            self.assertEqual((names, [gap.reason for gap in gaps]), (["last"], ["upstream"]))
        else:  # it has noticed first
            self.assertEqual((names, gaps), (["missed", "last"], []))
        self.assertEqual(counts["recovered"] + counts["failed"], 2)


class RestartedProxyTest(RecoveryTest):
    programs = (*RecoveryTest.programs, "nginx")

    def setUp(self) -> None:
        super().setUp()
        passes = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
        self.proxy = Nginx(
            self.directory, f"server {{ listen {{listen}}; location / {{ proxy_pass {self.server.url}; {passes} }} }}"
        )
        self.addCleanup(self.proxy.close)

    def config(self, **changes: Any) -> dict[str, Any]:
        config = super().config(**changes)
        config["upstream"]["url"] = self.proxy.url
        return config

    def test_every_other_time_nothing_is_lost(self) -> None:
        """Both sides see it, but the daemon cannot know that: of a recovered session it must not believe it."""
        subscriber = self.start_listening()
        for expected in ((["missed", "last"], []), (["last"], ["upstream"]), (["missed", "last"], [])):
            self.proxy.stop()
            self.server.saw("disconnect")
            self.server.emit("missed")
            self.proxy.start()
            self.server.saw("join", room="shop-8")
            self.server.emit("last")
            events, gaps = self.until_last(subscriber)
            self.assertEqual(([name for name, _ in events], gaps), expected)
