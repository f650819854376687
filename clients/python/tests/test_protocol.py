# SPDX-License-Identifier: MIT
"""Frames: limits, malformed input, and every cut of every golden vector."""

from __future__ import annotations

import json
import os
import unittest
from pathlib import Path
from typing import Any

from roombridge.errors import ProtocolError
from roombridge.messages import parse_frame
from roombridge.protocol import HEADER, MAX_BODY, Frame, FrameDecoder, FrameType, encode_frame, encode_json, parse_head

VECTORS = Path(os.environ.get("ROOMBRIDGE_VECTORS") or Path(__file__).parents[3] / "proto/vectors/vectors.json")


def decode(*pieces: bytes, limit: int = MAX_BODY) -> list[Frame]:
    decoder = FrameDecoder(limit)
    frames = []
    for piece in pieces:
        decoder.feed(piece)
        while (frame := decoder.next_frame()) is not None:
            frames.append(frame)
    return frames


class VectorTest(unittest.TestCase):
    """See proto/vectors/README.md for what each list asks."""

    vectors: dict[str, list[dict[str, Any]]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.vectors = json.loads(VECTORS.read_text(encoding="utf-8"))

    def test_frames_decode_however_they_are_cut(self) -> None:
        self.assertGreater(len(self.vectors["frames"]), 40)
        for vector in self.vectors["frames"]:
            data = bytes.fromhex(vector["hex"])
            head = json.loads(vector["head"] or "{}") if vector["type"] != "unknown" else {}
            expected = [Frame(vector["code"], head, bytes.fromhex(vector["payload_hex"]))]
            for cut in range(len(data) + 1):
                with self.subTest(vector["name"], cut=cut):
                    self.assertEqual(decode(data[:cut], data[cut:]), expected)

    def test_canonical_frames_encode_to_the_same_bytes(self) -> None:
        for vector in self.vectors["frames"]:
            if vector["canonical"] and vector["type"] != "unknown":
                with self.subTest(vector["name"]):
                    frame = decode(bytes.fromhex(vector["hex"]))[0]
                    self.assertEqual(encode_frame(frame.type, frame.head, frame.payload).hex(), vector["hex"])

    def test_the_daemons_frames_are_understood(self) -> None:
        for vector in self.vectors["frames"]:
            if vector["from"] == "daemon":
                with self.subTest(vector["name"]):
                    message = parse_frame(decode(bytes.fromhex(vector["hex"]))[0])
                    self.assertEqual(message is None, vector["type"] == "unknown")

    def test_sizes(self) -> None:
        for vector in self.vectors["sizes"]:
            header = bytes.fromhex(vector["header_hex"])
            with self.subTest(vector["name"]):
                if vector["error"] is not None:
                    self.assertEqual(error_of(header, limit=vector["limit"]), vector["error"])
                    continue
                head = b'{"a":"%b"}' % (b"x" * (vector["head_length"] - 8)) if vector["head_length"] else b""
                frames = decode(header, head + bytes(vector["payload_length"]), limit=vector["limit"])
                self.assertEqual([len(frame.payload) for frame in frames], [vector["payload_length"]])

    def test_bad_frames_are_refused_by_name_however_they_are_cut(self) -> None:
        for vector in self.vectors["bad_frames"]:
            data = bytes.fromhex(vector["hex"])
            for cut in range(len(data) + 1):
                with self.subTest(vector["name"], cut=cut):
                    self.assertEqual(error_of(data[:cut], data[cut:], limit=vector["limit"]), vector["error"])
            if vector["name"] != "a good frame, then a bad one":
                with self.subTest(vector["name"], header_alone=True):
                    self.assertEqual(error_of(data[:8], limit=vector["limit"]), vector["error"])

    def test_bad_heads_from_the_daemon_are_refused_by_name(self) -> None:
        for vector in self.vectors["bad_heads"]:
            if vector["from"] == "daemon":
                with self.subTest(vector["name"]):
                    self.assertEqual(error_of(bytes.fromhex(vector["hex"])), vector["error"])

    def test_bad_heads_that_break_a_rule_of_all_heads(self) -> None:
        of_all = {
            "not JSON",
            "behind the object",
            "a list",
            "null",
            "not UTF-8",
            "overlong UTF-8",
            "a surrogate in UTF-8",
        }
        of_all |= {"a lone surrogate escaped", "a control character in a string", "a trailing comma", "33 levels"}
        tried = [vector for vector in self.vectors["bad_heads"] if vector["name"] in of_all]
        self.assertEqual(len(tried), len(of_all))
        for vector in tried:
            with self.subTest(vector["name"]):
                self.assertEqual(error_of(bytes.fromhex(vector["hex"])), vector["error"])


def error_of(*pieces: bytes, limit: int = MAX_BODY) -> str | None:
    """The name of the error that these bytes end with, as a client meets it."""
    try:
        for frame in decode(*pieces, limit=limit):
            parse_frame(frame)
    except ProtocolError as error:
        return error.name
    return None


class DecoderTest(unittest.TestCase):
    def assert_refused(self, name: str, data: bytes, limit: int = MAX_BODY) -> None:
        with self.assertRaises(ProtocolError) as caught:
            decode(data, limit=limit)
        self.assertEqual(caught.exception.name, name)

    def test_many_frames_in_one_piece_and_byte_by_byte(self) -> None:
        data = b"".join(encode_frame(FrameType.EVENT, {"seq": n}, bytes([n]) * n) for n in range(20))
        expected = [Frame(FrameType.EVENT, {"seq": n}, bytes([n]) * n) for n in range(20)]
        self.assertEqual(decode(data), expected)
        self.assertEqual(decode(*(bytes([byte]) for byte in data)), expected)

    def test_a_hostile_length_is_refused_before_its_body(self) -> None:
        self.assert_refused("frame_too_large", HEADER.pack(0xFFFFFFFF, FrameType.EVENT, 0, 0))
        self.assert_refused("frame_too_large", HEADER.pack(4097, FrameType.EVENT, 0, 0), limit=4096)
        self.assertEqual(decode(HEADER.pack(4096, FrameType.EVENT, 0, 0), limit=4096), [])

    def test_a_head_longer_than_its_body(self) -> None:
        self.assert_refused("bad_frame", HEADER.pack(1, FrameType.EVENT, 0, 2))

    def test_flags(self) -> None:
        for bit in range(8):
            data = HEADER.pack(0, FrameType.LIVE, 1 << bit, 0)
            if bit < 4:
                self.assertEqual(decode(data), [Frame(FrameType.LIVE, {})])
            else:
                self.assert_refused("unknown_critical_flag", data)

    def test_an_error_is_final(self) -> None:
        decoder = FrameDecoder()
        decoder.feed(HEADER.pack(1, FrameType.EVENT, 0, 2))
        for _ in range(2):
            with self.assertRaises(ProtocolError):
                decoder.next_frame()
            decoder.feed(encode_frame(FrameType.LIVE, {"seq": 1}))

    def test_unknown_types_are_frames_whose_head_nobody_reads(self) -> None:
        self.assertEqual(decode(HEADER.pack(3, 0x7F, 0, 2) + b"\xff\xffp"), [Frame(0x7F, {}, b"p")])

    def test_bad_heads(self) -> None:
        for raw in (
            b"[]",
            b"1",
            b"{",
            b"{} {}",
            b'{"a":NaN}',
            b'{"a":"\xed\xa0\x80"}',
            b"\xff\xfe{\x00}\x00",
            b'{"a":\n"\n"}',
        ):
            with self.subTest(raw), self.assertRaises(ProtocolError) as caught:
                parse_head(raw)
            self.assertEqual(caught.exception.name, "bad_head")

    def test_the_depth_of_heads(self) -> None:
        def nested(levels: int) -> bytes:
            return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)

        self.assertIn("a", parse_head(nested(32)))
        for levels in (33, 500, 9000):
            with self.subTest(levels), self.assertRaises(ProtocolError):
                parse_head(nested(levels))

    def test_a_number_too_long_for_python(self) -> None:
        with self.assertRaises(ProtocolError):
            parse_head(b'{"a":' + b"9" * 5000 + b"}")


class EncodeTest(unittest.TestCase):
    def test_limits(self) -> None:
        with self.assertRaises(ValueError):
            encode_frame(FrameType.EMIT, {}, bytes(MAX_BODY + 1))
        with self.assertRaises(ValueError):
            encode_frame(FrameType.EMIT, {"event": "x" * 65536})

    def test_text_without_utf8_is_refused_in_heads_and_escaped_in_payloads(self) -> None:
        with self.assertRaises(ValueError):
            encode_frame(FrameType.EMIT, {"event": "\ud800"})
        self.assertEqual(encode_json(["\ud800", "가"]), rb'["\ud800","\uac00"]')

    def test_korean_text_goes_as_utf8(self) -> None:
        self.assertIn("예약".encode(), encode_frame(FrameType.EMIT, {"event": "예약"}))

    def test_what_is_not_json(self) -> None:
        for value in (float("nan"), object()):
            with self.subTest(repr(value)), self.assertRaises(ValueError):
                encode_frame(FrameType.EMIT, {"event": value})


if __name__ == "__main__":
    unittest.main()
