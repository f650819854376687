# SPDX-License-Identifier: MIT
"""The real daemon against the real python-socketio: login, rooms, events and emits, over each transport."""

from __future__ import annotations

import asyncio
from typing import Any

from roombridge import EmitResult, Status, aio

from .harness import IntegrationTest, Subscriber, reservation
from .processes import DEADLINE, Daemon, PythonServer

ROOMS = [f"shop-{n}" for n in range(1, 17)]


class PythonServerTest(IntegrationTest):
    modules = ("socketio", "aiohttp")
    server_type = PythonServer

    def start(self, *transports: str, rooms: list[str] | None = None, **options: Any) -> Daemon:
        self.server = self.start_server(options=options)
        upstream = {**self.config()["upstream"], "url": self.server.url, "transports": list(transports)}
        daemon = self.start_authenticated(
            upstream=upstream, rooms={"declared": rooms or ["shop-7", "shop-8"]}, emits={"rate": 1000, "burst": 1000}
        )
        self.server.saw("join", room="user-3", userId=3)
        return daemon

    def subscribed(self, daemon: Daemon) -> Subscriber:
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        return subscriber

    def exchange(self, daemon: Daemon) -> None:
        """Events of rooms and to everyone, and emits with their acknowledgements, texts and bytes."""
        subscriber = self.subscribed(daemon)
        client = self.peer(daemon)
        self.server.emit("reservation_update", reservation(1), room="shop-7")
        self.server.emit("text", "한글", "\x1e", {"a": [None]})
        self.server.emit("bytes", {"$hex": "001eff"}, {"deep": {"$hex": ""}})
        events = subscriber.until_event("bytes")
        self.assertEqual(
            [(event.name, event.args) for event in events],
            [
                ("reservation_update", [reservation(1)]),
                ("text", ["한글", "\x1e", {"a": [None]}]),
                ("bytes", [b"\x00\x1e\xff", {"deep": b""}]),
            ],
        )
        result = client.emit("reservation_update", reservation(42, data={"memo": "예약"}), ack=True, deadline=DEADLINE)
        self.assertEqual((result.outcome, result.args), ("acked", [{"ok": True, "reservationId": 42, "by": 3}]))
        update = subscriber.until_event("reservation_update")[-1]
        self.assertEqual(update.args, [reservation(42, data={"memo": "예약"})])
        result = client.emit("echo", b"\x00\x1e\xff", {"in": b""}, "text", ack=True, deadline=DEADLINE)
        self.assertEqual(result.args, [b"\x00\x1e\xff", {"in": b""}, "text"])

    def test_login_rooms_events_and_emits_over_each_transport(self) -> None:
        for transport in ("polling", "websocket"):
            with self.subTest(transport):
                daemon = self.start(transport)
                self.server.saw("connection", transport=transport)
                self.exchange(daemon)
                self.stop(daemon)
                self.server.saw("disconnect")

    def test_the_upgrade_keeps_the_session(self) -> None:
        daemon = self.start("polling", "websocket")
        self.server.saw("connection", transport="polling")
        subscriber = self.subscriber(daemon)
        if subscriber.client.status is None or subscriber.client.status.transport != "websocket":
            subscriber.until(lambda message: isinstance(message, Status) and message.transport == "websocket")
        self.exchange(daemon)
        self.server.saw("reservation_update", transport="websocket")
        self.assertEqual(len(self.server.seen("connection")), 1)
        self.assertEqual(self.server.seen("disconnect"), [])

    def test_17_rooms_and_40_emits_at_once_all_arrive_over_polling_in_their_order(self) -> None:
        daemon = self.start("polling", rooms=ROOMS)
        self.assertEqual([one["room"] for one in self.server.seen("join")], ["user-3", *ROOMS])

        async def emit_40() -> list[EmitResult]:
            path = str(daemon.socket)
            async with aio.Client(path, timeout=DEADLINE) as client, aio.Client(path, timeout=DEADLINE) as asking:
                updates = [reservation(n) for n in range(40)]
                emits = [client.emit("reservation_update", one, ack=True, deadline=DEADLINE) for one in updates]
                # Frozen, the server leaves one POST under way: what comes after it goes out together.
                self.server.freeze()
                self.addCleanup(self.server.thaw)
                answers = asyncio.gather(*emits)
                while (await asking.call("status"))["counters"]["upstream_emits_sent"] < len(emits):
                    pass
                self.server.thaw()
                return await answers

        answers = asyncio.run(emit_40())
        self.assertEqual([one.outcome for one in answers], ["acked"] * 40)
        self.assertEqual([one.args[0]["reservationId"] for one in answers], list(range(40)))
        arrived = [one["update"]["reservationId"] for one in self.server.seen("reservation_update")]
        self.assertEqual(arrived, list(range(40)))

    def test_what_its_connect_handler_says_before_the_answer_to_connect_counts(self) -> None:
        for mode in ("connect", "header", "query"):
            with self.subTest(mode):
                self.server = self.start_server(auth=mode, tells=True)
                upstream = {**self.config()["upstream"], "url": self.server.url}
                daemon = self.start_daemon(
                    upstream=upstream, auth={"mode": mode, "identity": "answer"}, rooms={"declared": ["shop-7"]}
                )
                self.server.saw("join", room="user-3", userId=3)
                self.subscribed(daemon)
                self.assertEqual(self.peer(daemon).call("status")["upstream"]["user"], "3")
                self.stop(daemon)

    def test_a_kick_and_a_wrong_token_are_named(self) -> None:
        daemon = self.start("websocket")
        subscriber = self.subscribed(daemon)
        self.server.command(do="kick")
        subscriber.until(lambda message: isinstance(message, Status) and message.cause == "kicked")
        self.server.saw("disconnect")
        subscriber.until_state("authenticated")
        self.write_token(self.new_token())
        subscriber.until(lambda message: isinstance(message, Status) and message.cause == "token_refused")
