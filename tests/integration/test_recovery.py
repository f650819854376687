# SPDX-License-Identifier: MIT
"""Connection state recovery against the real server: what was missed arrives once and in order, or a GAP says so."""

from __future__ import annotations

from typing import Any

from roombridge import Event, Gap, Status

from .harness import IntegrationTest, Subscriber


class RecoveryTest(IntegrationTest):
    def setUp(self) -> None:
        super().setUp()
        self.server = self.start_server(options=self.options())

    @staticmethod
    def options() -> dict[str, Any]:
        return {"connectionStateRecovery": {}}

    def start_listening(self) -> Subscriber:
        self.daemon = self.start_authenticated()
        subscriber = self.subscriber(self.daemon)
        subscriber.until_state("authenticated")
        self.server.emit("first", 1)
        self.assertEqual(subscriber.until_event("first")[-1].args, [1])
        return subscriber

    def until_last(self, subscriber: Subscriber) -> tuple[list[tuple[str, list[Any]]], list[str]]:
        """The events up to the one named "last", and the reasons of the gaps among them."""
        got = subscriber.until(lambda message: isinstance(message, Event) and message.name == "last", "the last event")
        events = [(message.name, message.args) for message in got if isinstance(message, Event)]
        return events, [message.reason for message in got if isinstance(message, Gap)]

    def recovery(self) -> dict[str, Any]:
        counts: dict[str, Any] = self.peer(self.daemon).call("status")["upstream"]["recovery"]
        return counts

    def miss(self, subscriber: Subscriber, *events: tuple[Any, ...]) -> None:
        """The server ends the connection; these events happen before the daemon is back."""
        self.server.command(do="close")
        for name, *args in events:
            self.server.emit(name, *args)
        subscriber.until_state("offline", "authenticated")


class MissedEventsTest(RecoveryTest):
    def test_what_was_missed_arrives_once_in_order_and_without_a_gap(self) -> None:
        subscriber = self.start_listening()
        self.server.command(do="cut")
        missed = [(f"missed-{n}", [n, {"text": "한글"}, "tail"]) for n in range(20)]
        for name, args in missed:
            self.server.emit(name, *args)
        self.server.saw("disconnect")
        self.server.saw("join", room="shop-8")
        self.server.emit("last")
        self.assertEqual(self.until_last(subscriber), ([*missed, ("last", [])], []))
        self.assertEqual(self.recovery(), {"offered": True, "recovered": 1, "failed": 0})

    def test_twice_in_a_row(self) -> None:
        subscriber = self.start_listening()
        for n in (1, 2):
            self.miss(subscriber, ("missed", n))
        self.server.emit("last")
        self.until_last(subscriber)
        self.assertEqual(self.recovery(), {"offered": True, "recovered": 2, "failed": 0})

    def test_bytes_and_an_event_without_a_name_are_among_them(self) -> None:
        subscriber = self.start_listening()
        self.server.command(do="cut")
        self.server.command(do="emit", event=None, args=["no name"])
        self.server.emit("bytes", {"$hex": "00ff"}, "tail")
        self.server.saw("disconnect")
        self.server.saw("join", room="shop-8")
        self.server.emit("last")
        events, gaps = self.until_last(subscriber)
        self.assertEqual((events, gaps), ([("bytes", [b"\x00\xff", "tail"]), ("last", [])], []))
        self.miss(subscriber)
        self.assertEqual(self.recovery(), {"offered": True, "recovered": 2, "failed": 0})

    def test_events_without_an_offset_keep_their_arguments_and_lose_nothing(self) -> None:
        subscriber = self.start_listening()
        self.server.command(do="emit_volatile", event="volatile", args=["hello"])
        self.server.command(do="emit_with_ack", event="asks", args=["Pf3xK2a"])
        self.server.emit("last")
        self.assertEqual(
            self.until_last(subscriber), ([("volatile", ["hello"]), ("asks", ["Pf3xK2a"]), ("last", [])], [])
        )
        self.miss(subscriber)
        self.assertEqual(self.recovery()["recovered"], 1)


class NoRecoveryTest(RecoveryTest):
    def test_a_restarted_server_leaves_a_gap(self) -> None:
        subscriber = self.start_listening()
        self.server.kill()
        subscriber.until_state("offline")
        self.server = self.start_server(port=self.server.port, options=self.options())
        self.server.saw("join", room="shop-8")
        self.server.emit("last")
        self.assertEqual(self.until_last(subscriber), ([("last", [])], ["upstream"]))
        self.assertEqual(self.recovery(), {"offered": True, "recovered": 0, "failed": 1})

    def test_an_outage_beyond_the_servers_limit_leaves_a_gap(self) -> None:
        self.server = self.start_server(options={"connectionStateRecovery": {"maxDisconnectionDuration": 1}})
        subscriber = self.start_listening()
        self.miss(subscriber, ("missed", 1))
        self.server.emit("last")
        self.assertEqual(self.until_last(subscriber), ([("last", [])], ["upstream"]))
        self.assertEqual(self.recovery(), {"offered": True, "recovered": 0, "failed": 1})

    def test_before_the_first_event_there_is_nothing_to_ask_for(self) -> None:
        self.server = self.start_server(auth="connect", options=self.options())
        rooms = {**self.config()["rooms"], "own": "", "payload": {"roomId": "{room}"}}
        self.daemon = self.start_authenticated(auth={"mode": "connect", "identity": "none"}, rooms=rooms)
        subscriber = self.subscriber(self.daemon)
        subscriber.until_state("authenticated")
        self.server.command(do="cut")
        for _ in range(2):
            self.assertEqual(self.server.saw("handshake")["keys"], ["token"])
        self.server.saw("join", room="shop-8")
        self.server.emit("last")
        self.assertEqual(self.until_last(subscriber), ([("last", [])], ["upstream"]))
        self.assertEqual(self.recovery(), {"offered": True, "recovered": 0, "failed": 0})

    def test_a_kick_leaves_a_gap(self) -> None:
        subscriber = self.start_listening()
        self.server.command(do="kick")
        self.server.saw("disconnect")
        self.server.saw("join", room="shop-8")
        self.server.emit("last")
        self.assertEqual(self.until_last(subscriber), ([("last", [])], ["upstream"]))
        self.assertEqual(self.recovery(), {"offered": True, "recovered": 0, "failed": 0})


class FrozenServerTest(RecoveryTest):
    @staticmethod
    def options() -> dict[str, Any]:
        return {"connectionStateRecovery": {}, "pingInterval": 300, "pingTimeout": 200}

    def test_a_server_that_has_not_noticed_is_not_asked(self) -> None:
        subscriber = self.start_listening()
        self.miss(subscriber, ("missed", 1))  # from now on the server could recover the session twice
        self.server.saw("disconnect")
        self.server.freeze()
        self.addCleanup(self.server.thaw)
        subscriber.until(lambda message: isinstance(message, Status) and message.cause == "ping_timeout")
        self.server.thaw()
        self.server.saw("disconnect")
        subscriber.until_state("authenticated")
        self.server.emit("last")  # to everyone: the server may not have handled the joins yet
        self.assertEqual(self.until_last(subscriber), ([("last", [])], ["upstream"]))
        self.assertEqual(self.recovery(), {"offered": True, "recovered": 1, "failed": 0})
