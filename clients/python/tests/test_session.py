# SPDX-License-Identifier: MIT
"""The machine without I/O: what it says and remembers over several connections. Time and chance are arguments."""

from __future__ import annotations

import unittest
from typing import Any

from roombridge.acks import INTERVAL, MOST_UNANSWERED, Acks
from roombridge.backoff import FIRST_DELAY, LONGEST_DELAY, Backoff
from roombridge.errors import ConnectError, ConnectionClosed, ProtocolError, RequestError, RequestTimeout
from roombridge.messages import Arguments, Event, Gap, Live, Position, Problem, Status
from roombridge.protocol import FrameDecoder, FrameType, encode_frame
from roombridge.session import READ_AHEAD, Session

from .peer import WELCOME

EPOCH = WELCOME["epoch"]
OTHER = "0f00000000000001"
EOF = ConnectionClosed("eof", "the daemon closed the connection", True)
AWAY = ConnectError("/s", ConnectionRefusedError(111, "refused"))


class Talk:
    """A session and the daemon's end of it."""

    def __init__(self, subscriber: str | None = None, **options: Any) -> None:
        options.setdefault("reconnect", True)
        self.session = Session("t", subscriber, **options)

    def connect(self, **welcome: Any) -> list[tuple[FrameType, dict[str, Any]]]:
        """Up to the greeting; what the session says behind its HELLO."""
        self.decoder = FrameDecoder()
        self.session.connected(0)
        assert self.heard()[0][0] == FrameType.HELLO
        self.say(FrameType.WELCOME, {**WELCOME, **welcome})
        return self.heard()

    def say(self, type: FrameType, head: dict[str, Any], payload: bytes = b"") -> None:
        self.session.receive(encode_frame(type, head, payload))

    def grant(self, id: int, **more: Any) -> None:
        self.say(FrameType.RESULT, {"id": id, "ok": True, **more})

    def refuse(self, id: int, name: str = "not_permitted") -> None:
        error = {"code": 205, "name": name, "text": "no", "retry": False}
        self.say(FrameType.RESULT, {"id": id, "ok": False, "error": error})

    def event(self, seq: int, payload: bytes = b"[]", **more: Any) -> None:
        self.say(FrameType.EVENT, {"seq": seq, "time": 1, "event": "e", **more}, payload)

    def heard(self) -> list[tuple[FrameType, dict[str, Any]]]:
        self.decoder.feed(self.session.take_output())
        frames = iter(self.decoder.next_frame, None)
        return [(FrameType(frame.type), frame.head) for frame in frames]

    def lose(self, error: Exception = EOF, now: int = 5) -> float | None:
        return self.session.lost(error, now, 0.0)

    def taken(self) -> list[Any]:
        return list(iter(self.session.take_message, None))

    def subscribed(self, **wanted: Any) -> int:
        request = self.session.subscribe(wanted.pop("events", []), wanted.pop("topics", []), **wanted)
        self.heard()
        self.grant(request.id)
        return request.value()


class ComingBackTest(unittest.TestCase):
    def test_it_goes_on_behind_the_last_message_that_it_received(self) -> None:
        talk = Talk()
        talk.connect()
        one = talk.subscribed(events=["a"], fields={"shopId": [7]})
        two = talk.subscribed(topics=["shop-*"])
        talk.event(9)
        talk.event(10, retained=True)
        talk.session.take_message()
        self.assertEqual(talk.lose(), FIRST_DELAY / 2)
        since = {"epoch": EPOCH, "seq": 9}
        first = {"id": one, "events": ["a"], "fields": {"shopId": ["7"]}, "since": since, "more": True}
        second = {"id": two, "topics": ["shop-*"]}
        self.assertEqual(talk.connect(newest=11), [(FrameType.SUBSCRIBE, first), (FrameType.SUBSCRIBE, second)])
        talk.grant(one)
        talk.grant(two)
        talk.say(FrameType.LIVE, {"seq": 11})
        self.assertEqual(talk.session.position, Position(EPOCH, 9))
        self.assertEqual([type(message) for message in talk.taken()], [Event, Status, Live])
        self.assertEqual(talk.session.position, Position(EPOCH, 11))

    def test_a_lost_daemon_is_told_once_and_another_epoch_is_a_gap(self) -> None:
        talk = Talk()
        talk.connect()
        id = talk.subscribed()
        talk.lose(ConnectionClosed("shutdown", "the daemon stops", True))
        talk.lose(AWAY)
        talk.lose(AWAY)
        expected = Status("disconnected", 5, cause="shutdown", text="the daemon stops")
        self.assertEqual(talk.taken(), [expected])
        self.assertEqual((talk.session.status, expected.summary), (expected, "offline"))
        talk.connect(epoch=OTHER, newest=2)
        talk.grant(id)
        talk.say(FrameType.GAP, {"first": 0, "last": 0, "reason": "epoch", "epoch": OTHER})
        talk.event(1)
        gap, event = talk.taken()
        self.assertEqual((gap, event.seq), (Gap(0, 0, None, "epoch", epoch=OTHER), 1))
        self.assertEqual(talk.session.position, Position(OTHER, 1))

    def test_how_the_first_subscription_began_is_said_again(self) -> None:
        talk = Talk()
        talk.connect()
        id = talk.subscribed(slow="latest", snapshot=True, more=True)
        talk.event(3, retained=True)
        talk.lose()
        again = {"id": id, "since": {"epoch": EPOCH, "seq": 7}, "slow": "latest", "snapshot": True, "more": True}
        self.assertEqual(talk.connect(), [(FrameType.SUBSCRIBE, again)])
        talk.grant(id)
        two = talk.subscribed()
        talk.say(FrameType.LIVE, {"seq": 8})
        talk.lose()
        (_, one), (_, other) = talk.connect()
        self.assertEqual(one, {"id": id, "since": {"epoch": EPOCH, "seq": 8}, "slow": "latest", "more": True})
        self.assertEqual(other, {"id": two}, "the snapshot was complete, and nothing follows")

    def test_a_refused_subscription_without_more_lets_the_stream_begin(self) -> None:
        talk = Talk()
        talk.connect()
        one = talk.subscribed(events=["a"], more=True)
        other = talk.session.subscribe(["b"], [])
        talk.refuse(other.id)
        talk.lose()
        since = {"epoch": EPOCH, "seq": 7}
        self.assertEqual(talk.connect(), [(FrameType.SUBSCRIBE, {"id": one, "events": ["a"], "since": since})])

    def test_what_has_been_taken_off_is_not_asked_for_again(self) -> None:
        talk = Talk()
        talk.connect()
        one, two = talk.subscribed(events=["a"]), talk.subscribed(events=["b"])
        three = talk.subscribed(events=["c"], replaces=one)
        talk.session.unsubscribe(two)
        talk.grant(three + 1)
        talk.say(FrameType.ERROR, {"code": 215, "name": "revoked", "fatal": False, "subscription": three})
        four = talk.subscribed(events=["d"])
        talk.lose()
        self.assertEqual([head["id"] for _, head in talk.connect()], [four])

    def test_rooms_are_held_again(self) -> None:
        talk = Talk()
        talk.connect()
        for room in ("shop-1", "shop-2", "shop-3"):
            talk.grant(talk.session.join(room, 1.0).id, state="joined")
        talk.grant(talk.session.leave("shop-2").id)
        talk.heard()
        talk.lose()
        joins = talk.connect()
        self.assertEqual([kind for kind, _ in joins], [FrameType.JOIN] * 2)
        self.assertEqual([head["room"] for _, head in joins], ["shop-1", "shop-3"])
        talk.refuse(joins[0][1]["id"], "room_refused")
        talk.grant(joins[1][1]["id"], state="waiting")
        _, problem = talk.taken()
        self.assertEqual((problem.name, problem.room, problem.subscription), ("room_refused", "shop-1", None))
        talk.lose()
        self.assertEqual([head["room"] for _, head in talk.connect()], ["shop-3"])

    def test_a_refused_subscription_is_told_and_the_others_lose_nothing(self) -> None:
        talk = Talk()
        talk.connect()
        one, two = talk.subscribed(events=["a"]), talk.subscribed(events=["b"])
        talk.event(9)
        talk.lose()
        talk.taken()
        talk.connect(newest=12)
        talk.refuse(one)
        talk.grant(two)
        talk.say(FrameType.LIVE, {"seq": 12})
        talk.event(13)
        (problem,) = talk.taken()
        self.assertEqual((problem.name, problem.subscription), ("not_permitted", one))
        self.assertTrue(talk.session.wants_renewal, "the position went with the refused one")
        talk.session.renewed()
        again = {"id": two, "events": ["b"], "since": {"epoch": EPOCH, "seq": 9}}
        self.assertEqual(talk.connect(newest=13), [(FrameType.SUBSCRIBE, again)])

    def test_without_a_subscription_it_begins_at_the_newest(self) -> None:
        talk = Talk()
        talk.connect()
        talk.lose()
        self.assertEqual(talk.connect(epoch=OTHER, newest=2), [])
        self.assertEqual(talk.session.position, Position(OTHER, 2))

    def test_a_message_without_a_place_does_not_move_the_position(self) -> None:
        kept = {"epoch": EPOCH, "seq": 3}
        talk = Talk("till")
        talk.connect(position=kept)
        talk.lose()
        talk.connect(position=kept)
        talk.subscribed()
        self.assertEqual(talk.session.position, Position(EPOCH, 3))
        self.assertIsInstance(talk.session.take_message(), Status)
        self.assertEqual(talk.session.position, Position(EPOCH, 3))
        talk.session.ack(None, 1.0)
        self.assertEqual([head["seq"] for _, head in talk.heard()], [3])

    def test_a_new_beginning_does_not_pass_over_what_waits(self) -> None:
        talk = Talk("till")
        talk.connect()
        id = talk.subscribed()
        for seq in (8, 9):
            talk.event(seq)
        talk.say(FrameType.ERROR, {"code": 215, "name": "revoked", "fatal": False, "subscription": id})
        talk.session.take_message()
        talk.lose()
        talk.connect(newest=200)
        talk.subscribed(since=Position(EPOCH, 100))
        self.assertEqual(talk.session.position, Position(EPOCH, 8))
        self.assertEqual([type(message) for message in talk.taken()], [Event, Problem, Status])
        self.assertEqual(talk.session.position, Position(EPOCH, 9))
        talk.event(101)
        talk.session.take_message()
        self.assertEqual(talk.session.position, Position(EPOCH, 101))

    def test_when_it_does_not_come_back(self) -> None:
        cases = [
            (ConnectionClosed("protocol_error", "bad_frame: …", False), True),
            (ProtocolError(100, "bad_frame", "…"), True),
            (ConnectError("/s", PermissionError(13, "Permission denied")), False),
        ]
        for error, greeted in cases:
            with self.subTest(str(error)):
                talk = Talk()
                if greeted:
                    talk.connect()
                waiting = talk.session.call("status", {})
                self.assertIsNone(talk.lose(error))
                self.assertIs(talk.session.over, error)
                with self.assertRaises(type(error)):
                    waiting.value()
                self.assertEqual(talk.taken(), [])

    def test_permission_that_was_lost_may_come_back(self) -> None:
        talk = Talk()
        talk.connect()
        talk.lose()
        self.assertIsNotNone(talk.lose(ConnectError("/s", PermissionError(13, "Permission denied"))))

    def test_it_stays_away_when_it_is_told_to(self) -> None:
        for error in (EOF, AWAY, RequestTimeout("late")):
            talk = Talk(reconnect=False)
            self.assertIsNone(talk.lose(error))
            self.assertIs(talk.session.over, error)

    def test_delays_grow_until_a_connection_has_lasted(self) -> None:
        talk = Talk()
        self.assertEqual([talk.lose(AWAY) for _ in range(2)], [0.125, 0.25])
        talk.connect()
        self.assertEqual(talk.lose(now=4_999_999), 0.5, "a daemon that greets and ends is none to hurry for")
        talk.connect()
        self.assertEqual(talk.lose(now=5_000_000), 0.125)


class BackoffTest(unittest.TestCase):
    def test_it_is_drawn_from_the_upper_half_of_a_growing_delay(self) -> None:
        low, high = Backoff(), Backoff()
        lows, highs = [low.next(0.0) for _ in range(8)], [high.next(1.0) for _ in range(8)]
        self.assertEqual(highs, [FIRST_DELAY * 2**n for n in range(5)] + [LONGEST_DELAY] * 3)
        self.assertEqual(lows, [delay / 2 for delay in highs])
        low.reset()
        self.assertEqual(low.next(0.0), lows[0])


class RequestsTest(unittest.TestCase):
    def test_what_may_be_asked_twice_is_repeated_and_an_emit_is_not(self) -> None:
        talk = Talk()
        talk.connect()
        subscribing = talk.session.subscribe(["a"], [])
        joining = talk.session.join("shop-1", 1.0)
        emitting = talk.session.emit("e", Arguments(), True, 1.0)
        calling = talk.session.call("status", {})
        talk.heard()
        talk.lose()
        for request, outcome in ((emitting, "sent_unknown"), (calling, None)):
            with self.assertRaises(ConnectionClosed) as caught:
                request.value()
            self.assertEqual((caught.exception.reason, caught.exception.outcome), ("eof", outcome))
        self.assertEqual([kind for kind, _ in talk.connect()], [FrameType.SUBSCRIBE, FrameType.JOIN])
        talk.grant(subscribing.id)
        talk.grant(joining.id, state="waiting")
        self.assertEqual((subscribing.value(), joining.value()), (subscribing.id, "waiting"))

    def test_what_is_asked_while_the_daemon_is_away_goes_out_when_it_is_back(self) -> None:
        talk = Talk()
        talk.connect()
        talk.lose()
        emitting, given_up = (talk.session.emit(name, Arguments(), False, 1.0) for name in "ef")
        self.assertEqual(given_up.timed_out(talk.session.away).outcome, "not_sent")
        talk.session.abandon(given_up)
        self.assertEqual([head["event"] for _, head in talk.connect()], ["e"])
        talk.grant(emitting.id, outcome="sent_unknown")
        self.assertEqual(emitting.value().outcome, "sent_unknown")

    def test_what_was_given_up_counts_when_it_is_granted_and_is_not_repeated(self) -> None:
        talk = Talk()
        talk.connect()
        one, two = talk.session.subscribe(["a"], []), talk.session.subscribe(["b"], [])
        for request in (one, two):
            talk.session.abandon(request)
        talk.grant(one.id)
        talk.lose()
        self.assertEqual([head["id"] for _, head in talk.connect()], [one.id])


class AcksTest(unittest.TestCase):
    def at(self, seq: int, epoch: str = EPOCH) -> Position:
        return Position(epoch, seq)

    def test_the_newest_epoch_counts_when_a_connection_ends(self) -> None:
        acks = Acks()
        for id, position in enumerate([Position(EPOCH, 900), Position(OTHER, 3), Position(OTHER, 5)]):
            acks.add(position)
            self.assertEqual(acks.next(None), position)
            acks.sent(id, position)
        acks.lost()
        self.assertEqual(acks.next(None), Position(OTHER, 5))

    def test_the_first_goes_at_once_and_those_soon_after_become_one(self) -> None:
        acks = Acks()
        acks.add(self.at(1))
        self.assertEqual(acks.next(0.0), self.at(1))
        acks.sent(1, self.at(1))
        for seq in (2, 4, 3):
            acks.add(self.at(seq))
            self.assertIsNone(acks.next(INTERVAL / 2))
        self.assertEqual(acks.next(INTERVAL), self.at(4))
        self.assertIsNone(acks.next(None))

    def test_before_a_wait_it_does_not_hold_back(self) -> None:
        acks = Acks()
        for seq in (1, 2):
            acks.add(self.at(seq))
            acks.sent(seq, acks.next(None))
        self.assertTrue(acks.outstanding)
        acks.answered(1)
        acks.answered(2)
        self.assertFalse(acks.outstanding)

    def test_a_daemon_that_does_not_answer_is_not_flooded(self) -> None:
        acks = Acks()
        for seq in range(1, MOST_UNANSWERED + 1):
            acks.add(self.at(seq))
            acks.sent(seq, acks.next(float(seq)))
        acks.add(self.at(9999))
        self.assertIsNone(acks.next(None))
        acks.answered(1)
        self.assertEqual(acks.next(None), self.at(9999))

    def test_an_unanswered_one_is_said_again_after_the_resumption(self) -> None:
        talk = Talk("till")
        talk.connect(position={"epoch": EPOCH, "seq": 3})
        id = talk.subscribed()
        self.assertEqual(talk.session.position, self.at(3))
        for seq in (4, 5, 6):
            talk.event(seq)
        talk.session.take_message()
        talk.session.ack(None, 1.0)
        talk.session.take_message()
        talk.session.ack(None, 1.0)
        self.assertEqual([head["seq"] for _, head in talk.heard()], [4])
        talk.lose()
        (_, subscribe), (_, ack) = talk.connect()
        self.assertEqual((subscribe["id"], subscribe["since"]["seq"], ack["seq"]), (id, 6, 5))

    def test_a_refusal_reaches_the_program(self) -> None:
        talk = Talk("till")
        talk.connect()
        talk.subscribed()
        talk.session.ack(Position(EPOCH, 99), 1.0)
        talk.refuse(talk.heard()[0][1]["id"], "bad_request")
        (problem,) = talk.taken()
        self.assertIsInstance(problem, Problem)
        self.assertRaises(RequestError, self.throw, problem.error())
        self.assertFalse(talk.session.acks_outstanding)

    def test_only_who_has_a_name_acknowledges(self) -> None:
        talk = Talk()
        talk.connect()
        with self.assertRaisesRegex(ValueError, "named subscribers"):
            talk.session.ack(None, 1.0)

    def throw(self, error: Exception) -> None:
        raise error


class BoundTest(unittest.TestCase):
    LIMIT = 4000

    def full(self, **options: Any) -> Talk:
        """Events 8 to 27, of which the inbox has room for a few."""
        talk = Talk(inbox_limit=self.LIMIT, **options)
        talk.connect()
        talk.subscribed()
        for seq in range(8, 28):
            talk.event(seq)
        return talk

    def test_a_full_inbox_is_cut_and_its_rest_asked_for_again(self) -> None:
        talk = self.full(reconnect=False)
        self.assertLess(talk.session.inbox_bytes, self.LIMIT + 1000)
        self.assertFalse(talk.session.wants_renewal, "there is still something to be taken")
        got = [message.seq for message in talk.taken()]
        self.assertEqual(got, list(range(8, 8 + len(got))))
        self.assertTrue(talk.session.wants_renewal)
        talk.session.renewed()
        self.assertEqual(talk.taken(), [], "it is not told as a loss")
        ((_, head),) = talk.connect()
        self.assertEqual(head["since"], {"epoch": EPOCH, "seq": got[-1]})
        talk.grant(head["id"])
        talk.event(got[-1] + 1)
        self.assertEqual([message.seq for message in talk.taken()], [got[-1] + 1])

    def test_an_answer_is_found_behind_whatever_does_not_fit(self) -> None:
        talk = self.full()
        emitting = talk.session.emit("e", Arguments(), False, 1.0)
        talk.taken()
        self.assertFalse(talk.session.wants_renewal, "the emit's answer would be lost")
        talk.heard()
        later = talk.session.emit("later", Arguments(), False, 1.0)
        self.assertEqual(talk.heard(), [], "or those who ask all the time would keep it from coming")
        talk.event(28)
        talk.grant(emitting.id, outcome="sent_unknown")
        self.assertEqual(emitting.value().outcome, "sent_unknown")
        self.assertTrue(talk.session.wants_renewal)
        talk.session.renewed()
        self.assertEqual([head.get("event") for _, head in talk.connect()], [None, "later"])
        talk.grant(later.id, outcome="sent_unknown")
        self.assertTrue(later.done)

    def test_a_snapshot_that_is_larger_than_the_inbox_is_not_asked_for_again_and_again(self) -> None:
        talk = Talk(inbox_limit=self.LIMIT)
        talk.connect()
        talk.subscribed(snapshot=True)
        while talk.session.inbox_bytes <= self.LIMIT:
            talk.event(3, b'["' + b"x" * 1000 + b'"]', retained=True)
        talk.say(FrameType.STATUS, {"state": "authenticated", "since": 5})
        talk.say(FrameType.LIVE, {"seq": 8})
        talk.event(9)
        while talk.session.take_message() is not None:
            pass
        talk.lose()
        ((_, again),) = talk.connect()
        self.assertEqual(again["since"], {"epoch": EPOCH, "seq": 8}, "behind the snapshot")
        self.assertNotIn("snapshot", again)

    def test_a_snapshot_is_kept_whole(self) -> None:
        talk = Talk(inbox_limit=self.LIMIT)
        talk.connect()
        talk.subscribed(snapshot=True)
        for seq in range(1, 21):
            talk.event(seq, retained=True)
        for seq in range(21, 41):
            talk.event(seq)
        self.assertEqual([message.seq for message in talk.taken()], list(range(1, 21)))
        self.assertTrue(talk.session.wants_renewal)

    def test_problems_are_never_cut(self) -> None:
        talk = self.full()
        talk.say(FrameType.ERROR, {"code": 200, "name": "bad_request", "text": "x", "retry": False, "fatal": False})
        self.assertIsInstance(talk.taken()[-1], Problem)

    def test_reading_ahead_stops_unless_an_answer_is_waited_for(self) -> None:
        talk = Talk()
        talk.connect()
        talk.subscribed()
        self.assertTrue(talk.session.may_read_ahead)
        talk.event(8, b'["%b"]' % (b"x" * 600_000))
        talk.event(9, b'["%b"]' % (b"x" * 600_000))
        self.assertGreater(talk.session.inbox_bytes, READ_AHEAD)
        self.assertFalse(talk.session.may_read_ahead)
        talk.session.call("status", {})
        self.assertTrue(talk.session.may_read_ahead)


if __name__ == "__main__":
    unittest.main()
