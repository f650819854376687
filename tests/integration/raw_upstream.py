# SPDX-License-Identifier: MIT
"""An upstream written by hand, byte for byte: what no Socket.IO server would send, and at the wrong time. A test accepts a connection
and says every word itself; nothing is answered by itself."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import struct
from typing import Any

from .processes import DEADLINE

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
OPEN: dict[str, Any] = {"sid": "s", "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 1_000_000}


def frame(payload: bytes, opcode: int = TEXT, *, fin: bool = True) -> bytes:
    """A server's WebSocket frame."""
    first = opcode | (0x80 if fin else 0)
    if len(payload) < 126:
        return struct.pack(">BB", first, len(payload)) + payload
    if len(payload) <= 0xFFFF:
        return struct.pack(">BBH", first, 126, len(payload)) + payload
    return struct.pack(">BBQ", first, 127, len(payload)) + payload


class Connection:
    """One connection of the daemon's."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.socket.settimeout(DEADLINE)
        self._input = sock.makefile("rb")
        self.request = b""

    def read_request(self) -> bytes:
        """The head of the HTTP request."""
        while (line := self._input.readline()) not in (b"\r\n", b""):
            self.request += line
        return self.request

    def shake_hands(self, more: bytes = b"") -> None:
        """Becomes a WebSocket; `more`: lines of the response's header."""
        fields = dict(line.split(b": ", 1) for line in self.read_request().split(b"\r\n")[1:] if line)
        accept = base64.b64encode(hashlib.sha1(fields[b"Sec-WebSocket-Key"] + GUID).digest())
        self.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + accept
            + b"\r\n"
            + more
            + b"\r\n"
        )

    def log_in(self, answer: str = '{"userId":3}', more: bytes = b"") -> None:
        """From the handshake to the answer to `authenticate`."""
        self.shake_hands(more)
        self.text("0" + json.dumps(OPEN))
        self.until("40")
        self.text('40{"sid":"t"}')
        self.until('42["authenticate"')
        self.text(f'42["auth_success",{answer}]')

    def send(self, data: bytes) -> None:
        """As much as the daemon takes before it hangs up."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def text(self, message: str) -> None:
        self.send(frame(message.encode()))

    def message(self) -> tuple[int, bytes]:
        """The next WebSocket frame: opcode and payload. Raises EOFError at the connection's end."""
        try:
            first, length = self._take(2)
            length &= 0x7F
            if length >= 126:
                length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
            mask = self._take(4)
            payload = self._take(length)
        except ConnectionResetError:
            raise EOFError from None
        repeated = (mask * (length // 4 + 1))[:length]
        return first & 0x0F, (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(length, "big")

    def until(self, begin: str) -> str:
        """The first text message that begins so."""
        while True:
            opcode, payload = self.message()
            if opcode == TEXT and payload.startswith(begin.encode()):
                return payload.decode()

    def ended(self) -> list[tuple[int, bytes]]:
        """What else the daemon says until it hangs up."""
        rest = []
        try:
            while True:
                rest.append(self.message())
        except EOFError:
            return rest

    def close(self) -> None:
        self._input.close()
        self.socket.close()

    def _take(self, size: int) -> bytes:
        data = self._input.read(size)
        if len(data) < size:
            raise EOFError
        return data


class RawUpstream:
    """Listens; a test accepts each connection itself."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def accept(self) -> Connection:
        return Connection(self._listener.accept()[0])

    def close(self) -> None:
        self._listener.close()
