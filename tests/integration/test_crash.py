# SPDX-License-Identifier: MIT
"""The daemon is killed while events come: what it kept in the journal and what the server still has make one whole, or a
GAP says between which times something may be missing."""

from __future__ import annotations

import struct
import time
from typing import Any

from roombridge import Event, Gap, Position

from .harness import JournaledTest, Subscriber
from .processes import Daemon
from .test_recovery import RecoveryTest


class CrashTest(RecoveryTest, JournaledTest):
    def killed(self, daemon: Daemon) -> None:
        self.kill(daemon)
        self.server.saw("disconnect")

    def session_on_disk(self) -> int:
        """How many bytes the newest slot of the journal's ledger says of the session (daemon/journal/ledger.hpp)."""
        ledger = (self.kept / "ledger").read_bytes()
        slots = [struct.unpack_from("<16xQ64xI", ledger, at) for at in (0, 4096)]
        return max(slots)[1]

    def everything(self, daemon: Daemon, since: Position) -> tuple[list[int], list[Gap]]:
        """The numbers of the events behind the position, up to the one named "last", and the gaps among them."""
        back = Subscriber(daemon, "back")
        self.addCleanup(back.client.close)
        back.client.subscribe(since=since)
        got = back.until(lambda message: isinstance(message, Event) and message.name == "last", "the last event")
        numbers = [message.args[0]["n"] for message in got if isinstance(message, Event) and message.name != "last"]
        return numbers, [message for message in got if isinstance(message, Gap)]

    def start_and_listen(self, **changes: Any) -> tuple[Daemon, Position]:
        daemon = self.start_authenticated(**changes)
        subscriber = self.subscriber(daemon)
        self.server.emit("first", 0)
        subscriber.until_event("first")
        position = subscriber.client.position
        assert position is not None
        subscriber.client.close()
        return daemon, position


class RecoveredCrashTest(CrashTest):
    def try_a_kill(self, sync: str) -> None:
        begun = time.time_ns() // 1000
        self.daemon, position = self.start_and_listen(journal={"sync": sync})
        watcher = self.subscriber(self.daemon)
        self.server.command(do="series", event="many", first=1, count=3000, size=100)
        watcher.until(lambda message: isinstance(message, Event) and message.args[0]["n"] >= 1000, "a third of them")
        self.killed(self.daemon)
        self.server.command(do="series", event="many", first=3001, count=500, size=100)
        self.daemon = self.start_authenticated(journal={"sync": sync})
        self.daemon.logged("CAUSE=crash")
        self.assertEqual(self.recovery(), {"offered": True, "recovered": 1, "failed": 0})
        self.server.emit("last")
        numbers, gaps = self.everything(self.daemon, position)
        self.assertEqual(numbers, list(range(1, 3501)))
        (gap,) = gaps
        assert gap.from_time is not None and gap.until is not None, gaps
        self.assertEqual(gap.reason, "crash")
        self.assertTrue(begun <= gap.from_time <= gap.until)

    def test_nothing_is_lost_and_nothing_comes_twice(self) -> None:
        self.try_a_kill("interval")

    def test_nor_where_events_wait_for_the_disk(self) -> None:
        self.try_a_kill("always")


    def test_a_logout_while_the_server_is_away_leaves_nothing_to_ask_for(self) -> None:
        daemon, position = self.start_and_listen()
        self.server.kill()
        daemon.logged("upstream offline")
        self.token_file.unlink()
        daemon.logged("CAUSE=token_missing")
        self.eventually(lambda: self.session_on_disk() == 0, "the logout on disk")
        self.kill(daemon)
        self.server = self.start_server(port=self.server.port, options=self.options())
        self.write_token(self.token)
        self.daemon = self.start_authenticated()
        self.assertEqual(self.recovery(), {"offered": True, "recovered": 0, "failed": 0})
        self.server.emit("last")
        _, gaps = self.everything(self.daemon, position)
        self.assertEqual([gap.reason for gap in gaps], ["crash"], "and no outage of a user who had left")


class UnrecoveredCrashTest(CrashTest):
    @staticmethod
    def options() -> dict[str, Any]:
        return {}

    def test_a_gap_has_the_times_where_the_server_keeps_nothing(self) -> None:
        daemon, position = self.start_and_listen()
        subscriber = self.subscriber(daemon)
        self.server.command(do="series", event="many", first=1, count=10, size=100)
        subscriber.until(lambda message: isinstance(message, Event) and message.args[0]["n"] == 10, "all of them")
        peer = self.peer(daemon)
        self.eventually(lambda: peer.call("status")["counters"]["journal_written"] >= 11, "them on disk")
        self.killed(daemon)
        killed = time.time_ns() // 1000
        self.server.command(do="series", event="many", first=11, count=10, size=100)
        daemon = self.start_authenticated()
        line = daemon.logged("CAUSE=crash")
        self.assertRegex(line, "the last run ended without warning; its last event on disk is of 20")
        self.server.emit("last")
        numbers, gaps = self.everything(daemon, position)
        self.assertEqual(numbers, list(range(1, 11)))
        self.assertEqual([gap.reason for gap in gaps], ["crash", "upstream"])
        for gap in gaps:
            assert gap.from_time is not None and gap.until is not None, gaps
            self.assertLess(gap.from_time, killed)
            self.assertGreater(gap.until, killed)
