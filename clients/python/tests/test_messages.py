# SPDX-License-Identifier: MIT
"""The daemon's frames as values: hostile payloads stay bytes, wrong fields are named errors."""

from __future__ import annotations

import unittest
from typing import Any

from roombridge.errors import PayloadError, ProtocolError
from roombridge.messages import Arguments, Event, Gap, Status, Trace, parse_frame
from roombridge.payload import MOST_LEVELS, Unparsed
from roombridge.protocol import Frame, FrameType


def event(payload: bytes, **more: Any) -> Event:
    message = parse_frame(Frame(FrameType.EVENT, {"seq": 1, "time": 2, "event": "e", **more}, payload))
    assert isinstance(message, Event)
    return message


class PayloadTest(unittest.TestCase):
    def test_a_lone_surrogate_parses_and_can_be_printed(self) -> None:
        got = event(rb'["\ud800"]')
        self.assertEqual(got.args, ["\ud800"])
        self.assertEqual(repr(got.args), r"['\ud800']")
        self.assertEqual(got.arguments.json, rb'["\ud800"]')

    def test_a_thirty_digit_integer_is_exact(self) -> None:
        self.assertEqual(event(b"[123456789012345678901234567890]").args, [123456789012345678901234567890])

    def test_what_the_parser_does_not_take_is_a_payload_error_and_keeps_its_bytes(self) -> None:
        unclosed = b"[" * 100_000
        for payload in (unclosed, unclosed + b"]", b"[", b"{}", b'["\xff"]', b"[NaN]", b"[-Infinity]", b"[" + b"9" * 5000):
            with self.subTest(payload[:10]):
                got = event(payload)
                with self.assertRaises(PayloadError):
                    _ = got.args
                self.assertEqual(got.arguments.json, payload)

    def test_a_part_that_python_cannot_hold_stands_there_as_its_text(self) -> None:
        deep, digits = '["a\\"]",' + "[" * 100_000 + "]" * 100_000 + "]", "9" * 5000
        got = event(f'[1,{{"deep":{deep},"more":[{deep}]}},{digits},-{digits},1.5]'.encode()).args
        self.assertEqual([got[0], *got[2:]], [1, digits, "-" + digits, 1.5])
        self.assertIsInstance(got[2], Unparsed)
        self.assertEqual(got[1]["deep"][0], 'a"]')
        inner = got[1]["deep"][1]
        levels = 3
        while isinstance(inner, list):
            (inner,) = inner
            levels += 1
        self.assertEqual((type(inner), levels), (Unparsed, MOST_LEVELS))
        self.assertEqual(len(inner), 2 * (100_000 - (MOST_LEVELS - 3)))
        repr(got)

    def test_attachments_come_in_their_places_beside_a_part_that_python_cannot_hold(self) -> None:
        payload = b'[{"_placeholder":true,"num":0},%b]ab' % (b"[" * 9000 + b"]" * 9000)
        got = event(payload, attachments=[2]).args
        self.assertEqual((got[0], isinstance(got[1], list)), (b"ab", True))

    def test_no_payload_means_no_arguments(self) -> None:
        self.assertEqual(event(b"").args, [])

    def test_attachments_come_in_their_places(self) -> None:
        got = event(b'[{"_placeholder":true,"num":1},[{"_placeholder":true,"num":0}]]abcd', attachments=[3, 1])
        self.assertEqual(got.arguments.attachments, (b"abc", b"d"))
        self.assertEqual(got.args, [b"d", [b"abc"]])

    def test_an_empty_attachment(self) -> None:
        self.assertEqual(event(b'[{"_placeholder":true,"num":0}]', attachments=[0]).args, [b""])

    def test_without_attachments_a_placeholder_is_data(self) -> None:
        self.assertEqual(event(b'[{"_placeholder":true,"num":0}]').args, [{"_placeholder": True, "num": 0}])

    def test_a_placeholder_of_no_attachment_is_data(self) -> None:
        for number in ("1", "-1", "true", "0.0", '"0"', "null"):
            with self.subTest(number):
                self.assertIsInstance(
                    event(b'[{"_placeholder":true,"num":%b}]x' % number.encode(), attachments=[1]).args[0], dict
                )

    def test_attachments_that_do_not_fit(self) -> None:
        for sizes in ([4], [2, 2], [-1], ["1"], [True], [1.0]):
            with self.subTest(sizes), self.assertRaises(ProtocolError) as caught:
                event(b"abc", attachments=sizes)
            self.assertEqual(caught.exception.name, "bad_payload")

    def test_args_are_parsed_once(self) -> None:
        got = event(b"[{}]")
        self.assertIs(got.args, got.args)


class FieldTest(unittest.TestCase):
    def test_needed_fields(self) -> None:
        good: dict[FrameType, dict[str, Any]] = {
            FrameType.EVENT: {"seq": 1, "time": 2, "event": "e"},
            FrameType.STATUS: {"state": "offline", "since": 1},
            FrameType.LIVE: {"seq": 0},
            FrameType.GAP: {"first": 1, "last": 2, "reason": "slow"},
            FrameType.RESULT: {"id": 1, "ok": True},
            FrameType.ERROR: {"code": 100, "name": "bad_frame"},
            FrameType.BYE: {"reason": "shutdown"},
            FrameType.PING: {"id": 1},
            FrameType.PONG: {"id": 1},
        }
        for type, head in good.items():
            self.assertIsNotNone(parse_frame(Frame(type, head)))
            for name, value in head.items():
                for wrong in (
                    None,
                    [],
                    1.0,
                    -1 if isinstance(value, int) else 1,
                    2**53 if isinstance(value, int) else {},
                ):
                    with self.subTest(type.name, field=name, wrong=wrong), self.assertRaises(ProtocolError) as caught:
                        parse_frame(Frame(type, {**head, name: wrong}))
                    self.assertIn(f'"{name}"', str(caught.exception))

    def test_a_status_names_the_transport(self) -> None:
        head = {"state": "connected", "since": 1}
        self.assertEqual(parse_frame(Frame(FrameType.STATUS, head)), Status("connected", 1))
        head["transport"] = "polling"
        self.assertEqual(parse_frame(Frame(FrameType.STATUS, head)), Status("connected", 1, transport="polling"))

    def test_true_is_no_integer(self) -> None:
        with self.assertRaises(ProtocolError):
            parse_frame(Frame(FrameType.LIVE, {"seq": True}))

    def test_topics_are_texts(self) -> None:
        with self.assertRaises(ProtocolError):
            event(b"[]", topics=[1])

    def test_gaps(self) -> None:
        slow = parse_frame(
            Frame(FrameType.GAP, {"first": 3, "last": 9, "count": None, "reason": "upstream", "from": 5, "until": 6})
        )
        self.assertEqual(slow, Gap(3, 9, None, "upstream", from_time=5, until=6))

    def test_three_words_for_people(self) -> None:
        expected = {
            "offline": "offline",
            "connecting": "offline",
            "connected": "connected",
            "authenticating": "connected",
            "authenticated": "authenticated",
            "a state of a later version": "offline",
        }
        self.assertEqual({state: Status(state).summary for state in expected}, expected)

    def test_types_of_clients_and_of_later_versions_are_skipped(self) -> None:
        for type in (FrameType.HELLO, FrameType.EMIT, 0x7F):
            self.assertIsNone(parse_frame(Frame(type, {})))

    def test_arguments_have_a_value(self) -> None:
        self.assertEqual(Arguments(b"[1]"), Arguments(b"[1]"))

    def test_a_line_of_a_trace_keeps_what_a_later_daemon_adds(self) -> None:
        head = {"time": 7, "step": "tls", "text": "TLSv1.3", "later": [1]}
        self.assertEqual(
            parse_frame(Frame(FrameType.TRACE, head)), Trace(7, {"step": "tls", "text": "TLSv1.3", "later": [1]})
        )
        with self.assertRaises(ProtocolError):
            parse_frame(Frame(FrameType.TRACE, {"missed": 17}))


if __name__ == "__main__":
    unittest.main()
