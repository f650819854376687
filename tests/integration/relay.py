# SPDX-License-Identifier: MIT
"""A middle box between the daemon and a server: bytes go through until a test makes it one of the bad ones."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable

from .processes import DEADLINE


class Link:
    """A connection of the daemon's and that to the server."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.near, self.far = near, far
        self.open = True
        """Bytes, and the end of either side, reach the other."""

    async def pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(1 << 16):
                if self.open:
                    sink.write(data)
        if self.open:
            self.close()

    def close(self) -> None:
        self.open = False
        self.near.close()
        self.far.close()


class Relay:
    """Listens at `url` and passes on to the server's port. What is asked of it has been done when a call returns."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._links: list[Link] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._ready = asyncio.Event()
        self._do(self._ready.set)
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop)
        self._server = server.result(DEADLINE)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def hold(self) -> None:
        """Connections that come now wait."""
        self._do(self._ready.clear)

    def release(self) -> None:
        self._do(self._ready.set)

    def mute(self) -> None:
        """Connections that are there stay, and nothing goes through them any more."""

        def act() -> None:
            for link in self._links:
                link.open = False

        self._do(act)

    def end(self) -> None:
        """The daemon's side of every connection ends in good order; the server hears of nothing."""
        self._leave(reset=False)

    def reset(self) -> None:
        """The daemon's side breaks (RST); the server hears of nothing."""
        self._leave(reset=True)

    def close(self) -> None:
        async def finish() -> None:
            self._server.close()
            for link in self._links:
                link.close()
            serving = asyncio.all_tasks() - {asyncio.current_task()}
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(finish(), self._loop).result(DEADLINE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE)
        self._loop.close()

    def _leave(self, reset: bool) -> None:
        def act() -> None:
            for link in filter(lambda link: link.open, self._links):
                link.open = False
                if reset:
                    near = link.near.get_extra_info("socket")
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    link.near.transport.abort()
                else:
                    link.near.close()

        self._do(act)

    async def _serve(self, near_reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        await self._ready.wait()
        far_reader, far = await asyncio.open_connection("127.0.0.1", self._target)
        link = Link(near, far)
        self._links.append(link)
        await asyncio.gather(link.pump(near_reader, far), link.pump(far_reader, near))

    def _do(self, act: Callable[[], None]) -> None:
        async def run() -> None:
            act()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(DEADLINE)
