# SPDX-License-Identifier: MIT
"""The sync client against a scripted peer."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import socket
import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

from roombridge import (
    Arguments,
    Client,
    ConnectError,
    ConnectionClosed,
    Event,
    Gap,
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
from roombridge.face import default_path

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
        self.assertEqual(next(events), Gap(9, 11, 2, "slow"))
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
        for name in ("a\nb", "a\0b", "\x7f", "\x85"):
            with self.assertRaisesRegex(ValueError, r"control characters: a?\\[nu]"):
                client.emit(name)
            with self.assertRaisesRegex(ValueError, "control characters"):
                client.join(name)
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
        self.assertTrue(client.ack(wait=True))
        self.peer.result(3, durable=False)
        self.assertIs(client.ack(Position("8c0d00000000fffe", 9), wait=True), False)
        self.peer.heard()
        self.assertEqual(self.peer.heard().head, {"id": 2, "epoch": "8c0d00000000ffff", "seq": 4})
        self.assertEqual(self.peer.heard().head, {"id": 3, "epoch": "8c0d00000000fffe", "seq": 9})
        self.peer.result(4)
        client.subscribe()
        self.assertEqual(client.position, Position("8c0d00000000ffff", 4), "only the first one begins anywhere")

    def test_a_gap_comes_in_its_place_in_the_iteration(self) -> None:
        client = self.connected()
        self.peer.event(8)
        self.peer.say(FrameType.GAP, {"first": 9, "last": 9, "reason": "upstream", "from": 1, "until": 2})
        self.peer.say(FrameType.STATUS, {"state": "offline", "since": 1})
        self.peer.event(10)
        messages = iter(client)
        self.assertEqual([next(messages).seq, next(messages).reason, next(messages).seq], [8, "upstream", 10])

    def test_what_was_taken_away_ends_the_iteration_in_words(self) -> None:
        client = self.connected()
        revoked = {"code": 215, "name": "revoked", "text": "shop-7", "retry": False, "fatal": False, "subscription": 1}
        self.peer.say(FrameType.ERROR, revoked)
        with self.assertRaisesRegex(RequestError, "revoked: shop-7"):
            next(iter(client))

    def test_callbacks_alone_have_to_hear_of_gaps(self) -> None:
        client = self.connected()
        client.on("e", lambda event: None)
        with self.assertRaisesRegex(RoombridgeError, r"on_gap\(\)"):
            client.run()
        client.on_gap(lambda gap: client.close())
        problem = {"code": 200, "name": "bad_request", "text": "x", "retry": False, "fatal": False}
        self.peer.say(FrameType.ERROR, problem)
        with self.assertRaisesRegex(RequestError, "bad_request"):
            client.run()
        heard: list[str] = []
        client.on_problem(lambda problem: heard.append(problem.name))
        self.peer.say(FrameType.ERROR, problem)
        self.peer.say(FrameType.GAP, {"first": 9, "last": 9, "reason": "slow"})
        client.run()
        self.assertEqual(heard, ["bad_request"])

    def test_a_callback_that_fails_keeps_no_other_from_hearing(self) -> None:
        client = self.connected()
        heard: list[int] = []
        client.on("e", lambda event: 1 // 0)
        client.on("e", lambda event: heard.append(event.seq))
        client.on("e", lambda event: [].pop())
        self.peer.event(1)
        self.peer.event(2)
        with self.assertLogs("roombridge", "ERROR") as logged, self.assertRaises(ZeroDivisionError):
            client.receive()
        self.assertIn("pop from empty list", logged.output[0])
        with self.assertLogs("roombridge", "ERROR"), self.assertRaises(ZeroDivisionError):
            client.receive()
        self.assertEqual(heard, [1, 2])

    def test_a_coroutine_is_refused_by_name(self) -> None:
        client = self.connected()

        async def callback(event: Event) -> None:
            pass

        for register in (lambda: client.on("e", callback), lambda: client.on_gap(callback)):
            with self.assertRaisesRegex(TypeError, "roombridge.aio.Client"):
                register()
        client.on("e", lambda event: callback(event))
        self.peer.event(1)
        with self.assertRaisesRegex(TypeError, "roombridge.aio.Client"):
            client.receive()
        with self.assertRaisesRegex(TypeError, "a callback is a function"):
            client.on("e", 7)

    def test_answers_reach_the_thread_that_asked(self) -> None:
        client = self.connected()
        with ThreadPoolExecutor(3) as threads:
            receiving = threads.submit(client.receive)
            asking = [threads.submit(client.call, method) for method in ("status", "rooms")]
            asked = {frame.head["method"]: frame.head["id"] for frame in (self.peer.heard(), self.peer.heard())}
            self.peer.result(asked["rooms"], b'"rooms"')
            self.peer.result(asked["status"], b'"status"')
            self.assertEqual([each.result(30) for each in asking], ["status", "rooms"])
            self.peer.event(1)
            self.assertEqual(receiving.result(30).seq, 1)

    def test_another_thread_ends_the_iteration(self) -> None:
        client = self.connected()
        heard = threading.Event()
        client.on("e", lambda event: heard.set())
        with ThreadPoolExecutor(1) as other:
            self.peer.event(1)
            iterating = other.submit(lambda: [message.seq for message in client])
            self.assertTrue(heard.wait(30))
            client.close()
            self.assertEqual(iterating.result(30), [1])

    def test_a_signal_ends_the_iteration(self) -> None:
        client = self.connected()
        before = signal.signal(signal.SIGUSR1, lambda number, frame: client.close())
        self.addCleanup(signal.signal, signal.SIGUSR1, before)
        client.on("e", lambda event: os.kill(os.getpid(), signal.SIGUSR1))
        self.peer.event(1)
        self.assertEqual([message.seq for message in client], [1])

    def test_an_ack_does_not_wait_and_close_delivers_it(self) -> None:
        client = Client.over(self.peer.client_end, name="t", subscriber="till")
        self.peer.welcome()
        client.connect()
        self.peer.result(1)
        client.subscribe()
        for seq in range(8, 58):
            self.peer.event(seq)
        for _ in range(50):
            client.receive()
            self.assertIsNone(client.ack())
        self.peer.hang_up()
        client.close()
        heard = []
        with contextlib.suppress(EOFError):
            while True:
                heard.append(self.peer.heard())
        acks = [frame.head["seq"] for frame in heard if frame.type == FrameType.ACK]
        self.assertEqual((acks[0], acks[-1]), (8, 57))
        self.assertEqual(acks, sorted(acks))

    def test_who_has_no_name_has_nothing_to_acknowledge(self) -> None:
        client = self.connected()
        for wait in (False, True):
            with self.assertRaisesRegex(ValueError, "subscriber="):
                client.ack(wait=wait)

    def test_a_second_connect_is_refused(self) -> None:
        with self.assertRaisesRegex(RoombridgeError, "connected already"):
            self.connected().connect()

    def test_a_given_socket_connects_once(self) -> None:
        client = self.connected()
        client.close()
        with self.assertRaisesRegex(RoombridgeError, "connects once"):
            client.connect()

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
        with self.assertRaisesRegex(RoombridgeError, "not connected"):
            list(client)


class ServedTest(unittest.TestCase):
    """A daemon's place, where peers answer one connection after the other."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = f"{directory.name}/s"
        self.client = Client(self.path, name="t", timeout=30)
        self.addCleanup(self.client.close)

    def listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(self.path)
        listener.listen()
        return listener

    def accept(self, listener: socket.socket) -> Peer:
        """The next connection, greeted."""
        accepted, _ = listener.accept()
        peer = Peer(accepted)
        self.addCleanup(peer.close)
        self.assertEqual(peer.heard().type, FrameType.HELLO)
        peer.welcome()
        return peer

    def test_it_waits_for_a_daemon_and_comes_back_to_the_next_one(self) -> None:
        with self.assertLogs("roombridge") as logged, ThreadPoolExecutor(1) as program:
            connecting = program.submit(self.client.connect)
            while not logged.output:
                self.assertFalse(connecting.done())
            self.assertIn(f"cannot connect to {self.path}: No such file", logged.output[0])
            listener = self.listen()
            peer = self.accept(listener)
            self.assertEqual(connecting.result(30).newest, 7)
            subscribing = program.submit(self.client.subscribe, ["a"])
            peer.result(peer.heard().head["id"])
            self.assertEqual(subscribing.result(30), 1)
            peer.event(8)
            peer.say(FrameType.BYE, {"reason": "shutdown", "text": "", "reconnect": True})
            peer.close_end()
            taking = program.submit(lambda: [self.client.receive() for _ in range(3)])
            peer = self.accept(listener)
            since = {"epoch": WELCOME["epoch"], "seq": 8}
            self.assertEqual(peer.heard(), Frame(FrameType.SUBSCRIBE, {"id": 1, "events": ["a"], "since": since}))
            peer.result(1)
            peer.event(9)
            first, status, second = taking.result(30)
            self.assertEqual((first.seq, status.state, second.seq), (8, "disconnected", 9))
            self.assertEqual(sum("connected to roombridged" in line for line in logged.output), 2)

    def test_close_ends_the_wait_for_a_daemon(self) -> None:
        with self.assertLogs("roombridge") as logged, ThreadPoolExecutor(1) as program:
            connecting = program.submit(self.client.connect)
            while not logged.output:
                self.assertFalse(connecting.done())
            self.client.close()
            with self.assertRaisesRegex(ConnectionClosed, "this side"):
                connecting.result(30)

    def test_an_emit_for_a_daemon_that_stays_away_was_not_sent(self) -> None:
        with self.assertLogs("roombridge"), ThreadPoolExecutor(1) as program:
            listener = self.listen()
            connecting = program.submit(self.client.connect)
            peer = self.accept(listener)
            connecting.result(30)
            peer.close_end()
            listener.close()
            while self.client.receive(0) is None:
                pass
            self.client._timeout = 0.01
            with self.assertRaisesRegex(RequestTimeout, "no connection to the daemon") as caught:
                self.client.emit("e", deadline=0.01)
            self.assertEqual(caught.exception.outcome, "not_sent")

    def test_a_loop_of_select_needs_no_more_than_readiness(self) -> None:
        with self.assertLogs("roombridge"), ThreadPoolExecutor(1) as program:
            listener = self.listen()
            connecting = program.submit(self.client.connect)
            peer = self.accept(listener)
            connecting.result(30)
            peer.close_end()
            self.assertTrue(select.select([self.client], [], [], 30)[0])
            self.assertEqual(self.client.receive(0), self.client.status)
            with self.assertRaisesRegex(RoombridgeError, "no descriptor"):
                self.client.fileno()
            while self.client._socket is None:
                self.assertIsNone(self.client.receive(0))
            peer = self.accept(listener)
            self.assertTrue(select.select([self.client], [], [], 30)[0])
            self.assertIsNone(self.client.receive(0))
            peer.say(FrameType.PING, {"id": 9})
            self.assertTrue(select.select([self.client], [], [], 30)[0])
            self.assertIsNone(self.client.receive(0))
            self.assertEqual(peer.heard().type, FrameType.PONG)

    def test_permission_is_not_waited_for(self) -> None:
        with mock.patch("socket.socket.connect", side_effect=PermissionError(13, "Permission denied")):
            with self.assertRaisesRegex(ConnectError, "Permission denied"):
                self.client.connect()

    def test_it_begins_anew_after_an_end(self) -> None:
        listener = self.listen()
        client = Client(self.path, timeout=30, reconnect=False)
        self.addCleanup(client.close)
        with ThreadPoolExecutor(1) as program:
            for _ in range(2):
                connecting = program.submit(client.connect)
                peer = self.accept(listener)
                connecting.result(30)
                peer.event(9)
                peer.close_end()
                self.assertEqual(client.position, Position(WELCOME["epoch"], 7))
                self.assertEqual(client.receive().seq, 9)
                with self.assertRaises(ConnectionClosed):
                    client.receive()


    def test_a_new_beginning_ends_the_iteration_of_another_thread(self) -> None:
        listener = self.listen()
        with ThreadPoolExecutor() as threads:
            client = Client(self.path, name="t", timeout=30)
            self.addCleanup(client.close)
            connecting = threads.submit(client.connect)
            self.accept(listener)
            connecting.result(30)
            messages = client.messages()
            # Between close() and connect() the thread that iterates never has its turn.
            iterating = threads.submit(next, messages, None)
            while not client._polling:
                pass
            with client._turn:
                client.close()
                client._session = client._new_session()
                client._attempt_at = time.monotonic() + 60
            try:
                self.assertIsNone(iterating.result(5))
            finally:
                client.close()

    def test_a_process_without_a_free_descriptor_waits_for_one(self) -> None:
        with mock.patch("socket.socket", side_effect=OSError(errno.EMFILE, "Too many open files")):
            with self.assertRaises(ConnectError) as caught:
                Client(self.path)._open()
        self.assertTrue(caught.exception.may_pass)

    def test_a_daemon_that_does_not_read_ends_a_connection_once(self) -> None:
        listener = self.listen()
        with ThreadPoolExecutor() as threads:
            client = Client(self.path, name="t", timeout=30)
            self.addCleanup(client.close)
            connecting = threads.submit(client.connect)
            peer = self.accept(listener)
            connecting.result(30)
            peer.say(FrameType.PING, {"id": 1})

            def does_not_read() -> None:
                client._session.close("eof", "the daemon does not read", True)
                client._end(ConnectionClosed("eof", "the daemon does not read", True))

            with mock.patch.object(client, "_flush", does_not_read), mock.patch.object(
                client, "_lost", wraps=client._lost
            ) as lost:
                with client._turn:
                    client._poll(None)
                    self.assertTrue(client._read())
            self.assertEqual(lost.call_count, 1)

    def test_a_request_that_is_given_up_does_not_hold_a_stream_that_was_cut(self) -> None:
        client = Client(self.path, name="t", inbox_limit=3000, timeout=1)
        self.addCleanup(client.close)
        listener = self.listen()
        listener.settimeout(10)
        def leave() -> None:
            """As the daemon does, when the client has said its last."""
            with self.assertRaises(EOFError):
                peer.heard()
            peer.close_end()

        with ThreadPoolExecutor(3) as threads:
            connecting = threads.submit(client.connect)
            peer = self.accept(listener)
            connecting.result(30)
            peer.result(1)
            client.subscribe()
            receiving = threads.submit(lambda: list(client.messages()))  # until close(), polling for all threads
            while not client._polling:
                time.sleep(0)
            emitting = threads.submit(client.emit, "a", deadline=0.1)
            for frame in ("SUBSCRIBE", "EMIT"):
                self.assertEqual(peer.heard().type, FrameType[frame])
            abandon = client._session.abandon

            def abandon_late(request: Any) -> None:
                """When the other thread polls again: which of the two comes first is chance."""
                client._turn.release()
                while not client._polling:
                    time.sleep(0)
                client._turn.acquire()
                abandon(request)

            client._session.abandon = abandon_late  # type: ignore[method-assign]
            heads = [{"seq": seq, "time": 1, "event": "e"} for seq in range(8, 18)]
            peer.say_bytes(b"".join(encode_frame(FrameType.EVENT, head, b'["' + b"x" * 1000 + b'"]') for head in heads))
            leaving = threads.submit(leave)
            with self.assertRaises(RequestTimeout):
                emitting.result(30)
            leaving.result(30)
            try:
                accepted, _ = listener.accept()  # the daemon need not say another word on the first connection
            finally:
                client.close()
            Peer(accepted).close()
            self.assertLess(len(receiving.result(30)), 9, "nothing was cut")


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
                Client(path, reconnect=False).connect()
            self.assertIsInstance(caught.exception.__cause__, FileNotFoundError)

    def test_a_real_socket_file(self) -> None:
        with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{directory}/s")
            listener.listen()
            client = Client(f"{directory}/s", timeout=0.01, reconnect=False)
            with self.assertRaises(RequestTimeout):
                client.connect()
            accepted, _ = listener.accept()
            accepted.close()


if __name__ == "__main__":
    unittest.main()
