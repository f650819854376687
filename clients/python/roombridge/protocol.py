# SPDX-License-Identifier: MIT
"""The frames of roombridge's local protocol, version 1 (proto/PROTOCOL.md sections 1 and 2). No I/O.

A frame is an 8-byte header, a head (one JSON object) and a payload (bytes that nobody here looks into). Lengths are
checked before a body is waited for, so that a hostile header cannot make the reader hold more than `limit` bytes.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NoReturn

from .errors import ProtocolError

VERSION = 1
HEADER = struct.Struct("<IBBH")
MAX_BODY = 1_048_576
MAX_HEAD_DEPTH = 32
MAX_INTEGER = 2**53 - 1
CRITICAL_FLAGS = 0xF0


class FrameType(IntEnum):
    """PROTOCOL.md section 2."""

    HELLO = 0x01
    SUBSCRIBE = 0x02
    UNSUBSCRIBE = 0x03
    JOIN = 0x04
    LEAVE = 0x05
    EMIT = 0x06
    ACK = 0x07
    CALL = 0x08
    PING = 0x10
    PONG = 0x11
    WELCOME = 0x41
    EVENT = 0x42
    STATUS = 0x43
    LIVE = 0x44
    GAP = 0x45
    RESULT = 0x46
    ERROR = 0x47
    BYE = 0x48
    TRACE = 0x49


KNOWN_TYPES = frozenset(int(value) for value in FrameType)


@dataclass(frozen=True)
class Frame:
    """One frame. `head` is empty for types that this version does not know: they are to be skipped."""

    type: int
    head: dict[str, Any]
    payload: bytes = b""


def encode_frame(type: int, head: dict[str, Any], payload: bytes = b"", limit: int = MAX_BODY) -> bytes:
    """The bytes of a frame. Raises ValueError when head or body pass their limits or the head is not JSON in UTF-8."""
    text = _dump(head).encode() if head else b""
    length = len(text) + len(payload)
    if len(text) > 0xFFFF:
        raise ValueError(f"the head has {len(text)} bytes, at most 65535 fit")
    if length > limit:
        raise ValueError(f"the body has {length} bytes, at most {limit} are allowed")
    return HEADER.pack(length, type, 0, len(text)) + text + payload


def encode_json(value: Any) -> bytes:
    """Compact JSON for a payload; text with lone surrogates is escaped, as it has no UTF-8. Raises ValueError."""
    text = _dump(value)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _dump(value, escape=True).encode()


def _dump(value: Any, escape: bool = False) -> str:
    try:
        return json.dumps(value, ensure_ascii=escape, allow_nan=False, separators=(",", ":"))
    except (TypeError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error


class FrameDecoder:
    """Bytes in, frames out, however the bytes were cut. The first error is final: it is raised again ever after."""

    def __init__(self, limit: int = MAX_BODY) -> None:
        """`limit`: the largest body that is accepted, in bytes."""
        self._limit = limit
        self._buffer = bytearray()
        self._error: ProtocolError | None = None

    def feed(self, data: bytes) -> None:
        """Adds what was received."""
        self._buffer += data

    def next_frame(self) -> Frame | None:
        """The next whole frame, or None when more bytes are needed. Raises ProtocolError."""
        if self._error is not None:
            raise self._error
        try:
            return self._decode()
        except ProtocolError as error:
            self._error = error
            self._buffer.clear()
            raise

    def _decode(self) -> Frame | None:
        if len(self._buffer) < HEADER.size:
            return None
        length, type, flags, head_length = HEADER.unpack_from(self._buffer)
        if length > self._limit:
            raise ProtocolError(101, "frame_too_large", f"a body of {length} bytes, at most {self._limit} are allowed")
        if head_length > length:
            raise ProtocolError(100, "bad_frame", f"a head of {head_length} bytes in a body of {length}")
        if flags & CRITICAL_FLAGS:
            raise ProtocolError(105, "unknown_critical_flag", f"flags {flags:#04x} on a frame of type {type:#04x}")
        end = HEADER.size + length
        if len(self._buffer) < end:
            return None
        split = HEADER.size + head_length
        head = parse_head(bytes(self._buffer[HEADER.size : split])) if type in KNOWN_TYPES else {}
        frame = Frame(type, head, bytes(self._buffer[split:end]))
        del self._buffer[:end]
        return frame


def parse_head(raw: bytes) -> dict[str, Any]:
    """The object of a head; an empty one means {}. Raises ProtocolError `bad_head`."""
    if not raw:
        return {}
    try:
        # Decoded here because json.loads would guess UTF-16 and UTF-32 from bytes.
        value = json.loads(raw.decode(), parse_constant=refuse_constant)
        if b"\\u" in raw:
            json.dumps(value, ensure_ascii=False).encode()  # an escaped lone surrogate is no UTF-8 either
    except (ValueError, RecursionError) as error:
        raise ProtocolError(106, "bad_head", f"the head is not JSON in UTF-8: {error}") from error
    if not isinstance(value, dict):
        raise ProtocolError(106, "bad_head", "the head is not a JSON object")
    if _depth_exceeds(value, MAX_HEAD_DEPTH):
        raise ProtocolError(106, "bad_head", f"the head nests more than {MAX_HEAD_DEPTH} levels")
    return value


def refuse_constant(text: str) -> NoReturn:
    """For a JSON decoder's `parse_constant`: Python's would take NaN and Infinity."""
    raise ValueError(f"{text} is not JSON")


def _depth_exceeds(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit + 1):
        containers = [item for item in level if isinstance(item, (dict, list))]
        if not containers:
            return False
        level = [child for item in containers for child in (item.values() if isinstance(item, dict) else item)]
    return True
