# SPDX-License-Identifier: MIT
"""An upstream inside the judging process: it logs every connection in and sends numbered events, so that the judge knows each that left."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from collections.abc import Callable

from tests.integration.processes import DEADLINE
from tests.integration.raw_upstream import Connection, frame


class Stream:
    """Sends for as long as a connection takes it, `rate` events a second, `batch` of them at a time."""

    def __init__(self, arguments: Callable[[int], str], rate: float, batch: int, most: float = math.inf) -> None:
        """`arguments`: of the event `e` of this number, JSON without the brackets. `most`: events on one connection."""
        self._arguments = arguments
        self._rate = rate
        self._batch = batch
        self._most = most
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent = 0
        """Events up to this number may have left."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(DEADLINE)
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while not self._ended.is_set():
                sock, _ = self._listener.accept()
                connection = Connection(sock)
                with contextlib.suppress(EOFError, OSError):
                    connection.log_in()
                    self._stream(sock)
                connection.close()

    def _stream(self, sock: socket.socket) -> None:
        next_at = time.monotonic()
        last = self.sent + self._most
        while not self._ended.is_set() and self.sent < last:
            first = self.sent + 1
            self.sent += self._batch
            sock.sendall(b"".join(frame(f'42["e",{self._arguments(n)}]'.encode()) for n in range(first, first + self._batch)))
            next_at += self._batch / self._rate
            time.sleep(max(0.0, next_at - time.monotonic()))
        while not self._ended.is_set() and sock.recv(1 << 12):
            pass
