# SPDX-License-Identifier: MIT
"""The sync client against a scripted peer."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import unittest
from unittest import mock

from roombridge import (
    Arguments,
    Client,
    ConnectError,
    ConnectionClosed,
    Event,
    Gap,
    InboxFull,
    Live,
    Position,
    Problem,
    ProtocolError,
    RequestError,
    RequestTimeout,
    RoombridgeError,
    Status,
)
from roombridge.protocol import HEADER, Frame, FrameType, encode_frame
from roombridge.session import default_path

from .peer import WELCOME, Peer


class ClientTest(unittest.TestCase):
    def setUp(self) -> None:
        self.peer = Peer()
        self.addCleanup(self.peer.close)

    def connected(self, timeout: float = 30) -> Client:
        client = Client.over(self.peer.client_end, name="t", timeout=timeout)
        self.addCleanup(client.close)
        self.peer.welcome()
        client.connect()
        self.assertEqual(self.peer.heard(), Frame(FrameType.HELLO, {"versions": [1], "client": "t"}))
        return client

    def test_the_greeting(self) -> None:
        client = self.connected()
        self.assertEqual(
            (client.welcome.server, client.welcome.epoch, client.welcome.newest),
            ("roombridged 0.1.0", WELCOME["epoch"], 7),
        )
        self.assertFalse(client.welcome.may_control)

    def test_the_position_follows_what_is_handed_out(self) -> None:
        client = self.connected()
        self.assertEqual(client.position, Position(WELCOME["epoch"], 7))
        self.peer.say(FrameType.RESULT, {"id": 1, "ok": True, "resumed": True, "first": 1, "newest": 7})
        self.peer.say(FrameType.LIVE, {"seq": 8})
        self.peer.event(9)
        client.subscribe(["a"], since=Position(WELCOME["epoch"], 3), more=True)
        self.assertEqual(
            self.peer.heard().head,
            {"id": 1, "events": ["a"], "since": {"epoch": WELCOME["epoch"], "seq": 3}, "more": True},
        )
        self.assertEqual(client.position, Position(WELCOME["epoch"], 3))
        client.receive()
        self.assertEqual(client.position, Position(WELCOME["epoch"], 8))
        self.peer.say(
            FrameType.GAP, {"first": 10, "last": 10, "count": None, "reason": "epoch", "epoch": "0f00000000000001"}
        )
        client.receive()
        client.receive()
        self.assertEqual(client.position, Position("0f00000000000001", 10))

    def test_a_name_is_cut_between_characters(self) -> None:
        self.peer.welcome()
        Client.over(self.peer.client_end, name="가" * 40).connect()
        self.assertEqual(self.peer.heard().head["client"], "가" * 21)

    def test_a_refused_greeting_tells_why(self) -> None:
        self.peer.say(
            FrameType.ERROR,
            {"code": 104, "name": "version_unsupported", "text": "only 2", "retry": False, "fatal": True},
        )
        self.peer.say(FrameType.BYE, {"reason": "protocol_error", "text": "", "reconnect": False})
        with self.assertRaisesRegex(ConnectionClosed, "protocol_error: version_unsupported: only 2") as caught:
            Client.over(self.peer.client_end).connect()
        self.assertFalse(caught.exception.reconnect)

    def test_no_greeting(self) -> None:
        with self.assertRaises(RequestTimeout):
            Client.over(self.peer.client_end, timeout=0.01).connect()

    def test_something_else_before_the_greeting(self) -> None:
        self.peer.event(1)
        with self.assertRaisesRegex(ProtocolError, "hello_expected"):
            Client.over(self.peer.client_end).connect()

    def test_subscribe_and_iterate(self) -> None:
        client = self.connected()
        self.peer.result(1)
        self.peer.say(FrameType.STATUS, {"state": "authenticated", "since": 5, "rooms": ["shop-7"]})
        self.peer.say(FrameType.LIVE, {"seq": 7})
        self.peer.event(8, "reservation_update", b'[{"reservationId":42}]', topics=["shop-7"])
        self.peer.say(FrameType.GAP, {"first": 9, "last": 11, "count": 2, "reason": "slow"})
        self.peer.event(12)
        self.assertEqual(client.subscribe(["reservation_update"], topics=["shop-7", "user-*"]), 1)
        self.assertEqual(
            self.peer.heard(),
            Frame(FrameType.SUBSCRIBE, {"id": 1, "events": ["reservation_update"], "topics": ["shop-7", "user-*"]}),
        )
        events = iter(client)
        first = next(events)
        self.assertEqual((first.seq, first.name, first.topics), (8, "reservation_update", ("shop-7",)))
        self.assertEqual(first.args, [{"reservationId": 42}])
        self.assertEqual(next(events).seq, 12)
        self.assertEqual(client.status, Status("authenticated", 5, rooms=("shop-7",)))

    def test_every_message_in_order(self) -> None:
        client = self.connected()
        self.peer.say(FrameType.STATUS, {"state": "offline", "since": 1, "cause": "ping_timeout"})
        self.peer.say(FrameType.LIVE, {"seq": 7})
        self.peer.say(FrameType.GAP, {"first": 9, "last": 11, "count": 2, "reason": "slow"})
        self.peer.say(
            FrameType.ERROR, {"code": 200, "name": "bad_request", "text": "x", "retry": False, "fatal": False}
        )
        self.peer.event(12)
        kinds = [type(client.receive(30)) for _ in range(5)]
        self.assertEqual(kinds, [Status, Live, Gap, Problem, Event])
        self.assertIsNone(client.receive(0))

    def test_receive_finds_what_is_there_already(self) -> None:
        client = self.connected()
        self.peer.event(1)
        self.assertEqual(client.receive(0).seq, 1)

    def test_subscribing_to_a_text_is_a_mistake(self) -> None:
        with self.assertRaises(ValueError):
            self.connected().subscribe("reservation_update")

    def test_subscribe_by_fields(self) -> None:
        client = self.connected()
        self.peer.result(1)
        client.subscribe(["a"], fields={"shopId": [7, "8"], "paid": [True]})
        self.assertEqual(
            self.peer.heard().head, {"id": 1, "events": ["a"], "fields": {"shopId": ["7", "8"], "paid": ["true"]}}
        )
        with self.assertRaisesRegex(ValueError, "shopId has a list"):
            client.subscribe(fields={"shopId": "78"})

    def test_one_subscription_replaces_another(self) -> None:
        client = self.connected()
        self.peer.result(1)
        first = client.subscribe(["a"])
        self.peer.result(2)
        self.assertEqual(client.subscribe(["b"], replaces=first), 2)
        self.peer.heard()
        self.assertEqual(self.peer.heard().head, {"id": 2, "events": ["b"], "replaces": 1})

    def test_unsubscribe(self) -> None:
        client = self.connected()
        self.peer.result(1)
        client.unsubscribe(7)
        self.assertEqual(self.peer.heard().head, {"id": 1, "subscription": 7})

    def test_join_and_leave(self) -> None:
        client = self.connected()
        self.peer.result(1, state="waiting")
        self.assertEqual(client.join("예약-9", deadline=5), "waiting")
        self.assertEqual(self.peer.heard(), Frame(FrameType.JOIN, {"id": 1, "room": "예약-9", "deadline_ms": 5000}))
        self.peer.result(2)
        client.leave("예약-9")
        self.assertEqual(self.peer.heard(), Frame(FrameType.LEAVE, {"id": 2, "room": "예약-9"}))

    def test_a_join_that_the_server_refuses(self) -> None:
        client = self.connected()
        error = {"code": 212, "name": "room_refused", "text": 'the server refused the room: "no"', "retry": False}
        self.peer.say(FrameType.RESULT, {"id": 1, "ok": False, "error": error})
        with self.assertRaisesRegex(RequestError, "room_refused: .*no") as caught:
            client.join("shop-9")
        self.assertFalse(caught.exception.retry)

    def test_emit_and_its_acknowledgement(self) -> None:
        client = self.connected()
        self.peer.event(1)
        self.peer.result(1, b'[{"ok":true},{"_placeholder":true,"num":0}]\x00\x01', outcome="acked", attachments=[2])
        result = client.emit("reservation_update", {"data": b"ab", "name": "예약"}, b"", ack=True, deadline=5)
        self.assertEqual((result.outcome, result.args), ("acked", [{"ok": True}, b"\x00\x01"]))
        sent = self.peer.heard()
        self.assertEqual(
            sent.head, {"id": 1, "event": "reservation_update", "ack": True, "deadline_ms": 5000, "attachments": [2, 0]}
        )
        placeholders = '[{"data":{"_placeholder":true,"num":0},"name":"예약"},{"_placeholder":true,"num":1}]'
        self.assertEqual(sent.payload, placeholders.encode() + b"ab")
        self.assertEqual(next(iter(client)).seq, 1)

    def test_emit_raw_is_byte_for_byte(self) -> None:
        client = self.connected()
        self.peer.result(1, outcome="sent_unknown")
        raw = rb'[ "\ud800", 123456789012345678901234567890 ]'
        self.assertEqual(client.emit_raw("e", Arguments(raw)).outcome, "sent_unknown")
        self.assertEqual(self.peer.heard().payload, raw)

    def test_a_failed_emit(self) -> None:
        client = self.connected()
        error = {"code": 300, "name": "not_connected", "text": "offline", "retry": True}
        self.peer.say(FrameType.RESULT, {"id": 1, "ok": False, "error": error, "outcome": "not_sent"})
        with self.assertRaises(RequestError) as caught:
            client.emit("e")
        got = caught.exception
        self.assertEqual(
            (got.code, got.name, got.text, got.retry, got.outcome), (300, "not_connected", "offline", True, "not_sent")
        )

    def test_emits_that_cannot_be_sent_change_nothing(self) -> None:
        client = self.connected()
        for args in ((float("nan"),), (object(),), ("x" * 2_000_000,)):
            with self.subTest(str(args)[:20]), self.assertRaises(ValueError):
                client.emit("e", *args)
        loop: list[object] = []
        loop.append(loop)
        with self.assertRaises(ValueError):
            client.emit("e", loop)
        self.peer.result(1)
        client.unsubscribe(3)

    def test_call(self) -> None:
        client = self.connected()
        self.peer.result(1, b'{"state":"offline"}')
        self.assertEqual(client.call("status"), {"state": "offline"})
        self.assertEqual(self.peer.heard().head, {"id": 1, "method": "status", "params": {}})

    def test_a_late_answer_is_nobodys(self) -> None:
        client = self.connected(timeout=0.01)
        with self.assertRaises(TimeoutError):
            client.call("status")
        self.peer.result(1, b'"late"')
        self.peer.result(2, b'"mine"')
        self.assertEqual(client.call("status"), "mine")

    def test_pings_are_answered(self) -> None:
        client = self.connected()
        self.peer.say(FrameType.PING, {"id": 9, "deadline_ms": 1000})
        self.assertIsNone(client.receive(0))
        self.assertEqual(self.peer.heard(), Frame(FrameType.PONG, {"id": 9}))

    def test_own_ping(self) -> None:
        client = self.connected()
        self.peer.say(FrameType.PONG, {"id": 1})
        client.ping()
        self.assertEqual(self.peer.heard().type, FrameType.PING)

    def test_what_was_received_comes_before_the_end(self) -> None:
        client = self.connected()
        self.peer.event(1)
        self.peer.event(2)
        self.peer.say(FrameType.BYE, {"reason": "shutdown", "text": "restarting", "reconnect": True})
        self.peer.hang_up()
        got = []
        with self.assertRaisesRegex(ConnectionClosed, "shutdown: restarting") as caught:
            for event in client:
                got.append(event.seq)
        self.assertEqual(got, [1, 2])
        self.assertTrue(caught.exception.reconnect)

    def test_an_end_without_words(self) -> None:
        client = self.connected()
        self.peer.hang_up()
        with self.assertRaises(ConnectionClosed) as caught:
            client.receive()
        self.assertEqual(caught.exception.reason, "eof")

    def test_a_request_to_a_daemon_that_said_bye(self) -> None:
        client = self.connected()
        self.peer.say(FrameType.BYE, {"reason": "shutdown", "text": "", "reconnect": True})
        self.peer.close_end()
        with self.assertRaises(ConnectionClosed) as caught:
            client.call("status")
        self.assertEqual(caught.exception.reason, "shutdown")

    def test_a_broken_frame_ends_the_connection_after_what_came_before(self) -> None:
        client = self.connected()
        self.peer.event(1)
        self.peer.say_bytes(HEADER.pack(1, 0x42, 0, 2))
        self.assertEqual(client.receive().seq, 1)
        for _ in range(2):
            with self.assertRaisesRegex(ProtocolError, "bad_frame"):
                client.receive()

    def test_unknown_types_are_skipped(self) -> None:
        client = self.connected()
        self.peer.say_bytes(HEADER.pack(1, 0x7F, 0x0F, 1) + b"x")
        self.peer.event(1)
        self.assertEqual(client.receive().seq, 1)

    def test_every_cut_of_a_conversation(self) -> None:
        data = encode_frame(FrameType.WELCOME, WELCOME)
        data += encode_frame(FrameType.EVENT, {"seq": 1, "time": 2, "event": "e"}, b"[1]")
        for cut in range(len(data)):
            peer = Peer()
            with contextlib.closing(peer):
                peer.say_bytes(data[:cut])
                client = Client.over(peer.client_end, timeout=0.0)
                with self.subTest(cut):
                    with contextlib.suppress(RequestTimeout):
                        client.connect()
                    # A greeting that is not whole in time is a time-out; a whole one lets the rest come later.
                    if client.welcome is not None:
                        peer.say_bytes(data[cut:])
                        self.assertEqual(client.receive(30).args, [1])
                client.close()

    def test_listeners(self) -> None:
        client = self.connected()
        heard: list[object] = []
        one = client.on("a", lambda event: heard.append(("one", event.seq)))
        client.on("a", lambda event: heard.append(("two", event.seq)))
        client.on_status(lambda status: heard.append(status.summary))
        client.on_gap(lambda gap: heard.append(gap.count))
        client.on("end", lambda event: client.close())
        self.peer.event(1, "a")
        self.peer.event(2, "b")
        self.peer.say(FrameType.STATUS, {"state": "connecting", "since": 1})
        self.peer.say(FrameType.GAP, {"first": 1, "last": 1, "count": 1, "reason": "slow"})
        client.receive()
        one.off()
        one.off()
        self.peer.event(3, "a")
        self.peer.event(4, "end")
        client.run()
        self.assertEqual(heard, [("one", 1), ("two", 1), "offline", 1, ("two", 3)])

    def test_a_listener_taken_off_by_another_is_not_called(self) -> None:
        client = self.connected()
        heard: list[str] = []
        client.on("a", lambda event: (heard.append("first"), second.off()))
        second = client.on("a", lambda event: heard.append("second"))
        self.peer.event(1, "a")
        client.receive()
        self.assertEqual(heard, ["first"])

    def test_the_inbox_is_bounded_while_a_request_waits(self) -> None:
        client = Client("", inbox_limit=2000)
        client._socket = self.peer.client_end
        self.peer.welcome()
        client.connect()
        for seq in range(1, 5):
            self.peer.event(seq)
        with self.assertRaises(InboxFull):
            client.call("status")
        self.assertEqual([client.receive(0).seq for _ in range(4)], [1, 2, 3, 4])
        self.peer.result(2, b"1")
        self.assertEqual(client.call("status"), 1)

    def test_a_named_subscriber(self) -> None:
        self.peer.say(FrameType.WELCOME, {**WELCOME, "position": {"epoch": "8c0d00000000ffff", "seq": 3}})
        client = Client.over(self.peer.client_end, subscriber="till-3")
        welcome = client.connect()
        self.assertEqual(self.peer.heard().head["subscriber"], "till-3")
        self.assertEqual(welcome.position, Position("8c0d00000000ffff", 3))
        self.peer.result(1)
        client.subscribe()
        self.assertEqual(client.position, welcome.position)
        self.peer.event(4)
        client.receive()
        self.peer.result(2, durable=True)
        self.assertTrue(client.ack())
        self.peer.result(3, durable=False)
        self.assertFalse(client.ack(Position("8c0d00000000fffe", 9)))
        self.peer.heard()
        self.assertEqual(self.peer.heard().head, {"id": 2, "epoch": "8c0d00000000ffff", "seq": 4})
        self.assertEqual(self.peer.heard().head, {"id": 3, "epoch": "8c0d00000000fffe", "seq": 9})
        self.peer.result(4)
        client.subscribe()
        self.assertEqual(client.position, Position("8c0d00000000ffff", 4), "only the first one begins anywhere")

    def test_not_connected(self) -> None:
        for use in (
            lambda client: client.receive(),
            lambda client: client.call("status"),
            lambda client: client.fileno(),
        ):
            with self.assertRaisesRegex(RoombridgeError, "not connected"):
                use(Client("/nowhere"))

    def test_closing_twice(self) -> None:
        client = self.connected()
        client.close()
        client.close()
        self.assertEqual(list(client), [])


class AddressTest(unittest.TestCase):
    def test_where_a_client_looks(self) -> None:
        with mock.patch.dict(os.environ, {"ROOMBRIDGE_SOCKET": "/tmp/x.sock"}):
            self.assertEqual(default_path(), "/tmp/x.sock")
        with mock.patch.dict(os.environ):
            os.environ.pop("ROOMBRIDGE_SOCKET", None)
            self.assertEqual(default_path(), "/run/roombridge/roombridge.sock")

    def test_nobody_listens(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = f"{directory}/none.sock"
            with self.assertRaisesRegex(ConnectError, f"cannot connect to {path}: No such file") as caught:
                Client(path).connect()
            self.assertIsInstance(caught.exception.__cause__, FileNotFoundError)

    def test_a_real_socket_file(self) -> None:
        with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{directory}/s")
            listener.listen()
            client = Client(f"{directory}/s", timeout=0.01)
            with self.assertRaises(RequestTimeout):
                client.connect()
            accepted, _ = listener.accept()
            accepted.close()


if __name__ == "__main__":
    unittest.main()
