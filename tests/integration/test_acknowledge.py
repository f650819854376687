# SPDX-License-Identifier: MIT
"""Events that want an acknowledgement of the real server: who answers, when, and who says that nobody does."""

from __future__ import annotations

import unittest
from typing import Any

from roombridge import Event, Position

from .harness import BOOKING_RULES, IntegrationTest, JournaledTest, reservation
from .processes import PythonServer

RULES: dict[str, Any] = {
    **BOOKING_RULES,
    "reservation_update": {**BOOKING_RULES["reservation_update"], "acknowledge": "received"},
    "scan": {"topics": [], "required": [], "acknowledge": "received"},
    "ticket": {"topics": [], "required": [], "repeat_key": ["id"], "acknowledge": "received"},
}


class AcknowledgeTest(IntegrationTest):
    def answers(self, event: str, *args: Any, room: str = "shop-7", timeout: int = 20_000) -> dict[str, Any]:
        """What `io.to(room).timeout(…).emitWithAck(…)` gives the server."""
        self.server.command(do="ask", event=event, args=args, room=room, timeout=timeout)
        return self.server.saw("answers", event=event)

    def test_an_event_in_a_room_is_answered_where_its_rule_says_so(self) -> None:
        daemon = self.start_authenticated(events={"rules": RULES})
        subscriber = self.subscriber(daemon)
        self.assertEqual(self.answers("reservation_update", reservation(1))["got"], [None])
        self.assertEqual(self.answers("scan", {"$hex": "00ff"})["got"], [None], "a binary event as well")
        self.assertEqual(len(subscriber.until_event("scan")), 2)
        counters = self.peer(daemon).call("status")["counters"]
        self.assertEqual(counters["events_acknowledged"], 2)

    def test_an_event_without_an_answer_is_told_of_once_and_delivered(self) -> None:
        daemon = self.start_authenticated(events={"rules": RULES})
        subscriber = self.subscriber(daemon)
        for number in range(3):
            self.assertIn("timed out", self.answers("hello", number, timeout=50)["failed"])
        subscriber.until(lambda message: isinstance(message, Event) and message.args == [2])
        daemon.logged("event 'hello' wants an acknowledgement and gets none.*\"acknowledge: received\"")
        self.assertEqual(daemon.log.count("event 'hello' wants"), 1)
        self.assertEqual(self.peer(daemon).call("status")["counters"]["events_unacknowledged"], 3)

    def test_a_repeat_is_answered_and_delivered_once(self) -> None:
        daemon = self.start_authenticated(events={"rules": RULES, "repeat_window": "10min"})
        subscriber = self.subscriber(daemon)
        for _ in range(2):
            self.assertEqual(self.answers("ticket", {"id": 1})["got"], [None])
        self.server.emit("last")
        self.assertEqual([event.name for event in subscriber.until_event("last")], ["ticket", "last"])

    def test_it_can_be_changed_by_a_reload(self) -> None:
        daemon = self.start_authenticated(events={"rules": BOOKING_RULES})
        self.assertIn("timed out", self.answers("reservation_update", reservation(1), timeout=50)["failed"])
        self.write_config(self.config(events={"rules": RULES}))
        self.peer(daemon).call("reload")
        self.assertEqual(self.answers("reservation_update", reservation(2))["got"], [None])

    def test_over_polling(self) -> None:
        self.start_authenticated(
            events={"rules": RULES}, upstream={**self.config()["upstream"], "transports": ["polling"]}
        )
        self.assertEqual(self.answers("scan", {"$hex": "00ff"})["got"], [None])


class PythonAcknowledgeTest(AcknowledgeTest):
    """The same with python-socketio, whose servers `call` one client and wait."""

    modules = ("socketio", "aiohttp")
    server_type = PythonServer


class JournaledAcknowledgeTest(JournaledTest, AcknowledgeTest):
    """The same, with the events on the disk before they are answered."""

    def test_what_was_answered_outlasts_a_kill(self) -> None:
        for sync in ("never", "interval", "always"):
            with self.subTest(sync=sync):
                daemon = self.start_authenticated(events={"rules": RULES}, journal={"sync": sync})
                before = self.peer(daemon).call("status")
                self.assertEqual(self.answers("reservation_update", reservation(sync))["got"], [None])
                self.kill(daemon)
                daemon = self.start_authenticated(events={"rules": RULES}, journal={"sync": sync})
                since = Position(before["epoch"], before["newest"])
                back = self.subscriber(daemon, events=["reservation_update"], since=since)
                self.assertEqual(back.until_event("reservation_update")[-1].args[0]["reservationId"], sync)
                self.stop(daemon)


if __name__ == "__main__":
    unittest.main()
