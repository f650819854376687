# SPDX-License-Identifier: MIT
"""The local protocol (proto/PROTOCOL.md) by hand, for programs that send what no client library would."""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Iterator
from typing import Any

HELLO, SUBSCRIBE, UNSUBSCRIBE, JOIN, EMIT, CALL, PING, PONG, WELCOME, EVENT, RESULT = (
    0x01, 0x02, 0x03, 0x04, 0x06, 0x08, 0x10, 0x11, 0x41, 0x42, 0x46
)


def frame(kind: int, **head: Any) -> bytes:
    text = json.dumps(head, separators=(",", ":")).encode()
    return struct.pack("<IBBH", len(text), kind, 0, len(text)) + text


def frames(data: bytearray) -> Iterator[tuple[int, bytes]]:
    """Takes the whole frames off the front: type and body of each."""
    at = 0
    while len(data) - at >= 8:
        size, kind = struct.unpack_from("<IB", data, at)
        if len(data) - at < 8 + size:
            break
        yield kind, bytes(data[at + 8 : at + 8 + size])
        at += 8 + size
    del data[:at]


def frames_with_heads(data: bytearray) -> Iterator[tuple[int, dict[str, Any]]]:
    """Takes the first whole frame off the front, if there is one: its type and head."""
    if len(data) < 8 or len(data) < 8 + (size := struct.unpack_from("<I", data)[0]):
        return
    _, kind, _, head = struct.unpack_from("<IBBH", data)
    text = bytes(data[8 : 8 + head])
    del data[: 8 + size]
    yield kind, json.loads(text or b"{}")


def connect(path: str) -> socket.socket:
    """A connection that has said HELLO and waits for nothing."""
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    sock.sendall(frame(HELLO, versions=[1], client="attack"))
    sock.setblocking(False)
    return sock


def half(kind: int, size: int, **head: Any) -> bytes:
    """A frame with a body of `size` bytes, without its last byte."""
    text = json.dumps(head, separators=(",", ":")).encode()
    return struct.pack("<IBBH", size, kind, 0, len(text)) + text + bytes(size - len(text) - 1)


def become(user: int) -> None:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
