# SPDX-License-Identifier: MIT
"""The other end of a client under test: what the daemon would say is written in advance, what the client said is read
after.

A socket pair's buffer holds both directions, so that no test needs a thread or a clock.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from roombridge.protocol import Frame, FrameDecoder, FrameType, encode_frame

WELCOME = {
    "version": 1,
    "server": "roombridged 0.1.0",
    "epoch": "8c0d00000000ffff",
    "newest": 7,
    "limits": {"body": 1048576, "subscriptions": 256, "patterns": 64},
    "may": {"control": False},
}


class Peer:
    """`client_end` goes to the client under test."""

    def __init__(self, accepted: socket.socket | None = None) -> None:
        """`accepted`: the daemon's end of a connection that the client has made itself."""
        self.client_end, self._end = (accepted, accepted) if accepted else socket.socketpair()
        self._decoder = FrameDecoder()
        self._end.settimeout(30)

    def say(self, type: FrameType, head: dict[str, Any], payload: bytes = b"") -> None:
        """Sends a frame to the client."""
        self.say_bytes(encode_frame(type, head, payload))

    def say_bytes(self, data: bytes) -> None:
        self._end.sendall(data)

    def welcome(self) -> None:
        self.say(FrameType.WELCOME, WELCOME)

    def event(self, seq: int, name: str = "e", payload: bytes = b"[]", **more: Any) -> None:
        self.say(FrameType.EVENT, {"seq": seq, "time": 1764000000000000, "event": name, **more}, payload)

    async def push(self, count: int, payload: bytes) -> None:
        """Sends so many events as fast as the client takes them, from within its loop."""
        self._end.setblocking(False)
        for seq in range(1, count + 1):
            head = {"seq": seq, "time": 1, "event": "e"}
            await asyncio.get_running_loop().sock_sendall(self._end, encode_frame(FrameType.EVENT, head, payload))
        self._end.settimeout(30)

    def result(self, id: int, payload: bytes = b"", **more: Any) -> None:
        self.say(FrameType.RESULT, {"id": id, "ok": True, **more}, payload)

    def heard(self) -> Frame:
        """The next frame that the client sent."""
        while (frame := self._decoder.next_frame()) is None:
            data = self._end.recv(65536)
            if not data:
                raise EOFError("the client closed")
            self._decoder.feed(data)
        return frame

    def hang_up(self) -> None:
        """Closes this direction; what the client sends can still be read."""
        self._end.shutdown(socket.SHUT_WR)

    def close_end(self) -> None:
        """Closes both directions, as a daemon that went away."""
        self._end.close()

    def close(self) -> None:
        self._end.close()
        self.client_end.close()
