# SPDX-License-Identifier: MIT
"""The backend of an attack: it fills the log, and then sends events that say when they left."""

from __future__ import annotations

import socket
import time

from tests.campaign.stream import Stream
from tests.integration.raw_upstream import frame

AT_ONCE = 100


class Upstream(Stream):
    def __init__(self, fill: int, rate: float, padding: int) -> None:
        """`fill`: events before the first that counts. `rate`: events a second from then on. `padding`: bytes of each more."""
        pad = "x" * padding
        self._fill = fill
        batch = max(1, int(rate / 200))
        super().__init__(lambda _: f'{{"shopId":7,"t":{time.monotonic_ns()},"pad":"{pad}"}}', rate, batch)

    def _stream(self, sock: socket.socket) -> None:
        for _ in range(0, self._fill, AT_ONCE):
            sock.sendall(b"".join(frame(b'42["e",{"shopId":7}]') for _ in range(AT_ONCE)))
            self.sent += AT_ONCE
        super()._stream(sock)
