# SPDX-License-Identifier: MIT
"""Connection state recovery across a restart of the daemon: what happened meanwhile arrives once and in order, or a GAP
with the outage's times says so."""

from __future__ import annotations

import json
import stat
import time
from typing import Any

from roombridge import Event, Gap

from .harness import Subscriber
from .processes import Daemon
from .relay import Relay
from .test_recovery import RecoveryTest


def now() -> int:
    return time.time_ns() // 1000


class RestartTest(RecoveryTest):
    def setUp(self) -> None:
        super().setUp()
        self.file = self.directory / "recovery"
        self.transports = ["websocket"]
        self.relay = Relay(self.server.port)
        self.addCleanup(self.relay.close)

    def config(self, **changes: Any) -> dict[str, Any]:
        config = super().config(**changes)
        ours = {"url": self.relay.url, "recovery_file": str(self.file), "transports": self.transports}
        config["upstream"] |= {**ours, **changes.get("upstream", {})}
        return config

    def end(self) -> Daemon:
        """The daemon, which has ended well."""
        self.stop(self.daemon)
        self.assertNotIn(self.token, self.daemon.log)
        return self.daemon

    def begin(self) -> None:
        """A life of the daemon that has seen an event, to its end."""
        subscriber = self.start_listening()
        self.before = now()
        self.end()
        subscriber.client.close()
        self.server.saw("disconnect", reason="transport close")

    def start_again(self, **changes: Any) -> Subscriber:
        """The next life, with a subscriber that is there before the connection."""
        self.relay.hold()
        self.daemon = self.start_daemon(**changes)
        subscriber = self.subscriber(self.daemon)
        subscriber.until_state("connecting")
        return subscriber

    def until_last(self, subscriber: Subscriber) -> tuple[list[tuple[str, list[Any]]], list[str]]:
        """Lets the connection come about, and says "last" to everyone."""
        self.relay.release()
        self.server.saw("join", room="shop-8")
        self.server.emit("last")
        return super().until_last(subscriber)

    def until_gap(self, subscriber: Subscriber) -> None:
        """Nothing of what was missed, but a gap with the times of the outage."""
        self.relay.release()
        gap = subscriber.until(lambda message: isinstance(message, (Event, Gap)), "a gap")[-1]
        assert isinstance(gap, Gap) and gap.from_time is not None and gap.until is not None
        self.assertEqual((gap.reason, gap.count), ("upstream", None))
        self.assertLessEqual(self.before, gap.from_time)
        self.assertLess(gap.from_time, gap.until)
        self.assertLessEqual(gap.until, now())
        self.assertEqual(self.until_last(subscriber), ([("last", [])], []))


class RestartedDaemonTest(RestartTest):
    def test_what_was_missed_arrives_once_in_order_and_without_a_gap(self) -> None:
        self.begin()
        missed = [(f"missed-{n}", [n, {"text": "한글"}]) for n in range(20)]
        for name, args in missed:
            self.server.emit(name, *args, room="shop-7" if args[0] % 2 else "user-3")
        self.assertEqual(self.until_last(self.start_again()), ([*missed, ("last", [])], []))
        self.assertEqual(self.recovery(), {"offered": True, "recovered": 1, "failed": 0})
        self.assertFalse(self.file.exists())

    def test_a_program_that_comes_back_later_gets_it_too(self) -> None:
        subscriber = self.start_listening()
        self.server.emit("handled")
        subscriber.until_event("handled")
        self.end()
        position = subscriber.client.position
        subscriber.client.close()
        self.server.saw("disconnect")
        self.server.emit("missed", 1)
        self.until_last(self.start_again())
        back = Subscriber(self.daemon)
        self.addCleanup(back.client.close)
        back.client.subscribe(since=position)
        events, gaps = RecoveryTest.until_last(self, back)
        self.assertEqual((events, gaps), ([("missed", [1]), ("last", [])], ["epoch"]))

    def test_twice_and_with_a_life_between_that_never_connected(self) -> None:
        self.begin()
        for n in (1, 2):
            self.server.emit("missed", n)
            self.start_again().client.close()
            self.end()  # while it waits for the connection
            self.assertTrue(self.file.exists())
            events, gaps = self.until_last(self.start_again())
            self.assertEqual((events, gaps), ([("missed", [n]), ("last", [])], []))
            self.end()
            self.server.saw("disconnect")

    def test_over_polling(self) -> None:
        self.transports = ["polling"]
        self.begin()
        self.server.emit("missed", 1)
        self.assertEqual(self.until_last(self.start_again()), ([("missed", [1]), ("last", [])], []))

    def test_the_file_is_the_daemons_own_and_holds_no_token(self) -> None:
        self.begin()
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        text = self.file.read_text(encoding="utf-8")
        self.assertNotIn(self.token, text)
        self.assertEqual(json.loads(text)["url"], self.relay.url)
        self.assertEqual([each.name for each in self.directory.iterdir() if each.name.startswith("recovery")], ["recovery"])


class NothingToResumeTest(RestartTest):
    def test_another_token_is_a_gap(self) -> None:
        self.begin()
        self.server.emit("missed")
        renewed = self.new_token()
        self.server.grant(renewed, 3)
        self.write_token(renewed)
        self.until_gap(self.start_again())
        self.assertEqual(self.recovery()["failed"], 0, "it was not asked for")

    def test_another_user_gets_nothing_of_the_last_one(self) -> None:
        self.begin()
        self.server.emit("missed", room="user-3")
        others = self.new_token()
        self.server.grant(others, 4)
        self.write_token(others)
        self.until_gap(self.start_again())
        status = self.peer(self.daemon).call("status")["upstream"]
        self.assertEqual(status["user"], "4")

    def test_a_restarted_server_is_a_gap(self) -> None:
        self.begin()
        self.server.kill()
        self.server = self.start_server(port=self.server.port, options=self.options())
        self.until_gap(self.start_again())
        self.assertEqual(self.recovery()["failed"], 1)

    def test_a_server_without_recovery_is_a_gap(self) -> None:
        self.server.kill()
        self.server = self.start_server(port=self.server.port)
        self.begin()
        self.assertNotIn("pid", self.file.read_text(encoding="utf-8"))
        self.until_gap(self.start_again())

    def test_another_address_is_a_fresh_start(self) -> None:
        self.begin()
        self.server.emit("missed")
        self.relay = Relay(self.server.port)
        self.addCleanup(self.relay.close)
        self.assertEqual(self.until_last(self.start_again()), ([("last", [])], []))

    def test_a_logout_removes_it(self) -> None:
        self.begin()
        self.server.emit("missed")
        self.token_file.unlink()
        self.daemon = self.start_daemon()
        self.daemon.logged("CAUSE=token_missing")
        self.assertFalse(self.file.exists())
        self.end()
        self.assertFalse(self.file.exists())
        self.write_token(self.token)
        self.assertEqual(self.until_last(self.start_again()), ([("last", [])], []))


class UnusableFileTest(RestartTest):
    def start_with(self, content: bytes) -> None:
        self.file.write_bytes(content)
        self.assertEqual(self.until_last(self.start_again()), ([("last", [])], []))
        self.assertFalse(self.file.exists())

    def test_a_broken_one(self) -> None:
        self.start_with(b'{"url":"http://nowhere","pid":"\xff"}\n')
        self.daemon.logged(r' warning .*recovery is not as the daemon writes it \(no usable url\)')

    def test_one_that_is_too_large(self) -> None:
        self.start_with(b"{" + b" " * (1 << 20))
        self.daemon.logged(" warning .*recovery is too large")

    def test_a_directory_in_its_place(self) -> None:
        self.file.mkdir()
        self.assertEqual(self.until_last(self.start_again()), ([("last", [])], []))
        self.daemon.logged(" warning .*recovery is a directory; name the file in it")

    def test_a_directory_that_is_not_there(self) -> None:
        self.file = self.directory / "none" / "recovery"
        self.begin()
        lines = [line for line in self.daemon.output.lines if "recovery file" in line]
        self.assertEqual(len(lines), 1)
        self.assertRegex(lines[0], r" warning .*/none/recovery cannot be written \(No such file or directory\)")
