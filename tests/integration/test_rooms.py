# SPDX-License-Identifier: MIT
"""Rooms that local programs hold."""

from __future__ import annotations

import time
import unittest
from typing import Any

from roombridge import RequestError, Status

from .harness import IntegrationTest, Subscriber
from .processes import DEADLINE, Daemon

ROOMS: dict[str, Any] = {"declared": ["shop-7"], "linger": "0s"}


class HeldRoomsTest(IntegrationTest):
    present = "asked"
    """The state of a room whose events come."""

    def start(self, **rooms: Any) -> Daemon:
        return self.start_authenticated(rooms={**ROOMS, **rooms})

    def rooms_of(self, subscriber: Subscriber) -> dict[str, dict[str, Any]]:
        return {room["room"]: room for room in subscriber.client.call("rooms")}

    def test_the_events_of_a_held_room_come_and_cease(self) -> None:
        daemon = self.start()
        first, second = self.subscriber(daemon, "first"), self.subscriber(daemon, "second")
        first.until_state("authenticated")
        self.assertEqual(first.client.join("table-1"), self.present)
        self.server.saw("join", room="table-1", userId=3)
        self.assertEqual(second.client.join("table-1"), self.present)
        self.server.emit("order", 1, room="table-1")
        for subscriber in (first, second):
            self.assertEqual(subscriber.until_event("order")[-1].args, [1])
        room = self.rooms_of(first)["table-1"]
        self.assertLess(abs(room["since"] / 1e6 - time.time()), DEADLINE)
        self.assertEqual((room["state"], room["holders"], len(room["pids"])), (self.present, 2, 2))
        first.client.leave("table-1")
        self.server.emit("order", 2, room="table-1")
        self.assertEqual(second.until_event("order")[-1].args, [2], "another one holds it")
        second.client.leave("table-1")
        self.server.saw("leave", room="table-1")
        self.server.emit("order", 3, room="table-1")
        self.server.emit("marker")
        self.assertEqual([event.name for event in second.until_event("marker")], ["marker"])
        self.assertEqual(len(self.server.seen("join", room="table-1")), 1)

    def test_status_tells_of_it(self) -> None:
        subscriber = self.subscriber(self.start())
        subscriber.until_state("authenticated")
        subscriber.client.join("table-1")
        subscriber.until(lambda message: isinstance(message, Status) and "table-1" in message.rooms)
        subscriber.client.leave("table-1")
        subscriber.until(lambda message: isinstance(message, Status) and "table-1" not in message.rooms)

    def test_a_connection_that_dies_releases_its_rooms(self) -> None:
        daemon = self.start()
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        subscriber.client.join("table-1")
        self.server.saw("join", room="table-1")
        subscriber.client.close()
        self.server.saw("leave", room="table-1")

    def test_a_room_lingers_for_a_program_that_comes_back(self) -> None:
        daemon = self.start(linger="1h")
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        subscriber.client.join("table-1")
        subscriber.client.close()
        again = self.subscriber(daemon)
        self.eventually(lambda: "holders" not in self.rooms_of(again)["table-1"], "the daemon noticing a closed peer")
        self.assertEqual(again.client.join("table-1"), self.present)
        self.server.emit("order", 1, room="table-1")
        again.until_event("order")
        self.server.saw("join", room="table-1")
        self.assertEqual(len(self.server.seen("join", room="table-1")), 1)
        self.assertEqual(self.server.seen("leave"), [])

    def test_held_while_offline_and_after_every_outage(self) -> None:
        self.token_file.unlink()
        daemon = self.start_daemon(rooms=ROOMS)
        subscriber = self.subscriber(daemon)
        self.assertEqual(subscriber.client.join("table-1"), "waiting")
        self.assertEqual(self.rooms_of(subscriber)["table-1"]["state"], "waiting")
        self.write_token(self.token)
        self.server.saw("join", room="table-1")
        self.server.command(do="cut")
        self.server.saw("join", room="table-1")
        self.server.emit("order", 1, room="table-1")
        subscriber.until_event("order")

    def test_what_is_not_held(self) -> None:
        subscriber = self.subscriber(self.start())
        with self.assertRaises(RequestError) as caught:
            subscriber.client.leave("table-1")
        self.assertEqual(caught.exception.name, "room_not_held")


class AnsweredRoomsTest(HeldRoomsTest):
    """The same with a server that acknowledges joins, and what only such a one can do."""

    present = "joined"

    def start(self, **rooms: Any) -> Daemon:
        return super().start(accepted={"ok": True}, **rooms)

    def close_room(self, room: str) -> None:
        """Nobody is let into this room any more, and who is in it is taken out."""
        self.server.command(do="close_room", room=room)
        self.server.saw("closed", room=room)

    def test_a_room_that_the_server_refuses(self) -> None:
        daemon = self.start()
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        self.close_room("table-2")
        with self.assertRaises(RequestError) as caught:
            subscriber.client.join("table-2")
        self.assertEqual(caught.exception.name, "room_refused")
        self.assertIn("table-2 is not for you", caught.exception.text)
        self.assertNotIn("table-2", self.rooms_of(subscriber))
        daemon.logged("the server refused the room .*table-2 is not for you")

    def test_a_declared_room_that_the_server_refuses_says_why(self) -> None:
        self.close_room("shop-7")
        daemon = self.start_daemon(rooms={**ROOMS, "accepted": {"ok": True}})
        self.server.saw("refusal", room="shop-7")
        subscriber = self.subscriber(daemon)

        def refused() -> dict[str, Any] | None:
            room = self.rooms_of(subscriber)["shop-7"]
            return room if room["state"] == "refused" else None

        self.assertIn("shop-7 is not for you", self.eventually(refused, "the refusal")["text"])

    def test_a_room_that_the_server_does_not_answer_for_is_asked_for_again(self) -> None:
        daemon = self.start()
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        self.server.command(do="mute_room", room="table-1")
        self.server.saw("muted")
        self.assertEqual(subscriber.client.join("table-1", deadline=0.1), "joining")
        self.assertEqual(self.rooms_of(subscriber)["table-1"]["state"], "joining")
        daemon.logged('the server has not answered for 10 s whether we are in the room "table-1"')
        self.server.saw("join", room="table-1")
        subscriber.until(lambda message: isinstance(message, Status) and "table-1" in message.rooms)
        self.assertEqual(self.rooms_of(subscriber)["table-1"]["state"], "joined")

    def test_a_room_closed_during_an_outage_stays_held_and_is_told(self) -> None:
        daemon = self.start()
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        subscriber.client.join("table-1")
        self.close_room("table-1")
        self.server.command(do="cut")
        self.server.saw("refusal", room="table-1")
        self.eventually(lambda: self.rooms_of(subscriber)["table-1"]["state"] == "refused", "the refusal")
        self.assertEqual(self.rooms_of(subscriber)["table-1"]["holders"], 1)


if __name__ == "__main__":
    unittest.main()
