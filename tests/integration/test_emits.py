# SPDX-License-Identifier: MIT
"""Emits that wait for the connection."""

from __future__ import annotations

import threading
import unittest
from collections.abc import Callable
from typing import Any

from roombridge import EmitResult, RequestError, RoombridgeError

from .harness import IntegrationTest, reservation
from .processes import DEADLINE, Daemon

HOLD = {"hold": {"reservation_update": {"count": 3, "bytes": "8KiB", "age": "1min"}}}


class Later:
    """What a call in a thread of its own returns or raises, which is waited for."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._outcome: Any = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._outcome = self._call()
        except RoombridgeError as error:
            self._outcome = error

    def result(self) -> Any:
        self._thread.join(DEADLINE)
        if self._thread.is_alive():
            raise AssertionError(f"no outcome within {DEADLINE:.0f} s")
        return self._outcome


class HeldEmitsTest(IntegrationTest):
    def start_offline(self) -> Daemon:
        self.token_file.unlink()
        return self.start_daemon(emits=HOLD)

    def held(self, daemon: Daemon, *numbers: int, deadline: float = 60, **more: Any) -> list[Later]:
        """Emits of as many programs, each held before the next one speaks."""
        watcher = self.peer(daemon)
        before = watcher.call("status")["upstream"].get("held", 0)
        emits = []
        for number in numbers:
            peer = self.peer(daemon)
            update = reservation(number, **more)
            emits.append(
                Later(lambda peer=peer, update=update: peer.emit("reservation_update", update, ack=True, deadline=deadline))
            )
            before += 1
            self.eventually(lambda: watcher.call("status")["upstream"].get("held", 0) == before, "the emit being held")
        return emits

    def test_are_sent_in_order_after_the_login_and_acknowledged(self) -> None:
        daemon = self.start_offline()
        emits = self.held(daemon, 1, 2, 3)
        self.write_token(self.token)
        for number, later in zip((1, 2, 3), emits, strict=True):
            result = later.result()
            self.assertIsInstance(result, EmitResult)
            self.assertEqual((result.outcome, result.args), ("acked", [{"ok": True, "reservationId": number, "by": 3}]))
        self.server.saw("reservation_update", update=reservation(3))  # its report may come behind its acknowledgement
        numbers = [report["update"]["reservationId"] for report in self.server.seen("reservation_update")]
        self.assertEqual(numbers, [1, 2, 3])
        texts = [report["text"] for report in self.server.seen("message")]
        first = next(index for index, text in enumerate(texts) if "reservation_update" in text)
        joins = [index for index, text in enumerate(texts) if "join_room" in text]
        self.assertEqual(len(joins), 3)
        self.assertLess(max(joins), first, "the rooms come first")
        self.assertNotIn("held", self.peer(daemon).call("status")["upstream"])

    def test_are_sent_after_an_outage(self) -> None:
        daemon = self.start_authenticated(emits=HOLD)
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        self.server.kill()
        subscriber.until_state("offline")
        emits = self.held(daemon, 1)
        back = self.start_server(port=self.server.port)
        self.assertEqual(emits[0].result().outcome, "acked")
        self.assertEqual(back.saw("reservation_update")["update"]["reservationId"], 1)

    def test_fail_when_nobody_logs_in_by_their_deadline(self) -> None:
        peer = self.peer(self.start_offline())
        with self.assertRaises(RequestError) as caught:
            peer.emit("reservation_update", reservation(1), deadline=0.1)
        error = caught.exception
        self.assertEqual((error.name, error.outcome, error.retry), ("hold_expired", "not_sent", True))

    def test_of_another_user_are_not_sent(self) -> None:
        daemon = self.start_authenticated(emits=HOLD)
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        self.token_file.unlink()
        subscriber.until_state("offline")
        emits = self.held(daemon, 1)
        other = self.new_token()
        self.server.grant(other, 4)
        self.write_token(other)
        error = emits[0].result()
        self.assertEqual((error.name, error.outcome, error.retry), ("session_changed", "not_sent", False))
        subscriber.until_state("authenticated")
        self.assertEqual(self.server.seen("reservation_update"), [])

    def test_bounds_and_other_events(self) -> None:
        daemon = self.start_offline()
        self.held(daemon, 1, 2)
        peer = self.peer(daemon)
        for event, payload, name in (
            ("reservation_update", reservation(3, fill="x" * 8000), "hold_full"),
            ("something_else", {}, "not_connected"),
        ):
            with self.assertRaises(RequestError) as caught:
                peer.emit(event, payload)
            self.assertEqual((caught.exception.name, caught.exception.outcome), (name, "not_sent"))
        self.held(daemon, 3)
        with self.assertRaises(RequestError) as caught:
            peer.emit("reservation_update", reservation(4))
        self.assertEqual(caught.exception.name, "hold_full")

    def test_a_daemon_that_stops_answers(self) -> None:
        daemon = self.start_offline()
        emits = self.held(daemon, 1)
        self.stop(daemon)
        outcome = emits[0].result()
        self.assertEqual((outcome.name, outcome.outcome), ("not_connected", "not_sent"))


if __name__ == "__main__":
    unittest.main()
