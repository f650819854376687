# SPDX-License-Identifier: MIT
"""The asyncio client. One reader task per connection fills the inbox and wakes whoever waits.

    async with Client() as bridge:
        await bridge.subscribe(events=["reservation_update"])
        async for event in bridge:
            print(event.name, event.args)

Invariants: while no request waits, the reader stops at `READ_AHEAD` bytes of untaken events, so that the daemon sees a
slow reader as slow and tells it a Gap; while one waits, it goes on up to `inbox_limit`, as its answer lies behind them.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar

from .client import DEFAULT_INBOX_LIMIT, READ_SIZE, Listening, parse_call_result
from .errors import ConnectError, InboxFull, RequestTimeout, RoombridgeError
from .messages import Arguments, EmitResult, Event, Message, Pong, Position, Result, Status, Welcome
from .session import Fields, Session, default_name, default_path, make_arguments

READ_AHEAD = 1 << 20

T = TypeVar("T")


class Client(Listening):
    """As roombridge.Client, with coroutines; several tasks may make requests while one iterates."""

    def __init__(
        self,
        path: str | None = None,
        *,
        name: str | None = None,
        subscriber: str | None = None,
        timeout: float = 10.0,
        inbox_limit: int = DEFAULT_INBOX_LIMIT,
    ) -> None:
        """See roombridge.Client."""
        super().__init__()
        self._path = path or default_path()
        self._timeout = timeout
        self._inbox_limit = inbox_limit
        self._session = Session(name or default_name(), subscriber)
        self._changed = asyncio.Event()
        self._requests = 0
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._given: socket.socket | None = None
        self._left = False

    @classmethod
    def over(
        cls,
        connected: socket.socket,
        *,
        name: str | None = None,
        subscriber: str | None = None,
        timeout: float = 10.0,
    ) -> Self:
        """A client on a socket that is connected already; the client owns it from now on."""
        self = cls("", name=name, subscriber=subscriber, timeout=timeout)
        self._given = connected
        return self

    async def connect(self) -> Welcome:
        """Connects and greets.

        Raises ConnectError, ConnectionClosed (the daemon refused), ProtocolError, RequestTimeout.
        """
        try:
            target: dict[str, Any] = {"path": self._path} if self._given is None else {"sock": self._given}
            opening = asyncio.open_unix_connection(limit=READ_SIZE, **target)
            self._reader, self._writer = await asyncio.wait_for(opening, self._timeout)
        except OSError as error:
            raise ConnectError(self._path, error) from error
        self._task = asyncio.create_task(self._read(), name="roombridge reader")
        try:
            await self._send(self._session.hello())
            return await self._wait(lambda: self._session.welcome, self._timeout)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Leaves; whoever waits gets ConnectionClosed, an iteration ends. Harmless when repeated."""
        self._left = True
        self._session.close("closed", "this side closed the connection", False)
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
            self._writer = None
        self._wake()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def welcome(self) -> Welcome | None:
        """The daemon's greeting."""
        return self._session.welcome

    @property
    def status(self) -> Status | None:
        """The newest status that has been read; None before the first subscribe()."""
        return self._session.status

    @property
    def position(self) -> Position | None:
        """The place in the daemon's log of the last message that was handed out: to be stored, and given to subscribe()
        as `since` another time. None before connect()."""
        return self._session.position

    async def subscribe(
        self,
        events: Iterable[str] = (),
        topics: Iterable[str] = (),
        *,
        since: Position | None = None,
        snapshot: bool = False,
        slow: str = "gap",
        more: bool = False,
        fields: Fields | None = None,
        replaces: int | None = None,
    ) -> int:
        """Adds a subscription and returns its id. Empty means everything; `shop-*` matches by prefix.

        `since`, in the first one of a connection only: begin behind this position, which is `position` of an earlier
        connection; what is not in the log any more is told by a Gap. `snapshot`, likewise: first the newest event of each
        thing whose state the daemon retains. `slow`, likewise: "latest" passes over what a newer event of its key has made
        obsolete, "disconnect" ends the connection rather than lose events to
        a Gap. `more`: nothing comes before another subscribe() without it, so that several
        begin at one position. `fields`: only events of which each of these fields has one of its values, as far as the
        daemon's config declares such, say `{"shopId": [7, 8]}`. `replaces`: an id that subscribe() returned; the new
        subscription takes its place, without losing anything that has not been sent yet. Raises RequestError.
        """
        id, frame = self._session.subscribe(events, topics, since, snapshot, slow, more, fields, replaces)
        await self._request(id, frame, self._timeout)
        self._session.began(since)
        return id

    async def ack(self, position: Position | None = None) -> bool:
        """Acknowledges, as a named subscriber; see roombridge.Client.ack."""
        result = await self._request(*self._session.ack(position), self._timeout)
        assert isinstance(result, Result)
        return bool(result.durable)

    async def unsubscribe(self, subscription: int) -> None:
        """Takes a subscription off. Raises RequestError `unknown_subscription`."""
        await self._request(*self._session.unsubscribe(subscription), self._timeout)

    async def join(self, room: str, deadline: float = 10.0) -> str:
        """Holds a room; see roombridge.Client.join."""
        result = await self._request(*self._session.join(room, deadline), self._timeout + deadline)
        assert isinstance(result, Result)
        return result.state or ""

    async def leave(self, room: str) -> None:
        """Lets go of a room. Raises RequestError `room_not_held`."""
        await self._request(*self._session.leave(room), self._timeout)

    async def emit(self, event: str, *args: Any, ack: bool = False, deadline: float = 10.0) -> EmitResult:
        """Sends an event upstream; see roombridge.Client.emit."""
        return await self.emit_raw(event, make_arguments(args), ack=ack, deadline=deadline)

    async def emit_raw(
        self, event: str, arguments: Arguments, *, ack: bool = False, deadline: float = 10.0
    ) -> EmitResult:
        """As emit(), with the arguments' JSON array given as bytes, which reach the server unchanged."""
        id, frame = self._session.emit(event, arguments, ack, deadline)
        result = await self._request(id, frame, self._timeout + deadline)
        assert isinstance(result, Result)
        return EmitResult(result.outcome or "", result.arguments)

    async def call(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Calls a method of the daemon ("status", "rooms", …) and returns its result, parsed. Raises RequestError."""
        result = await self._request(*self._session.call(method, params), self._timeout)
        assert isinstance(result, Result)
        return parse_call_result(result.arguments.json)

    async def ping(self) -> None:
        """Returns when the daemon has answered. Raises RequestTimeout."""
        await self._request(*self._session.ping(self._timeout), self._timeout)

    async def receive(self, timeout: float | None = None) -> Message | None:
        """The next message, listeners told. Waits for ever, or `timeout` seconds: then None.

        Raises ConnectionClosed or ProtocolError when nothing more can come.
        """
        try:
            message: Message = await self._wait(self._session.take_message, timeout)
        except RequestTimeout:
            return None
        self._wake()
        self._tell(message)
        return message

    async def messages(self) -> AsyncIterator[Message]:
        """Every message, as receive() gives them, until this side closes."""
        while not self._left:
            try:
                message = await self.receive()
            except RoombridgeError:
                if self._left:
                    return
                raise
            if message is not None:
                yield message

    async def __aiter__(self) -> AsyncIterator[Event]:
        async for message in self.messages():
            if isinstance(message, Event):
                yield message

    async def _request(self, id: int, frame: bytes, timeout: float) -> Result | Pong:
        self._requests += 1
        try:
            await self._send(frame)
            self._wake()
            return await self._wait(lambda: self._session.take_result(id), timeout, bounded=True)
        finally:
            self._requests -= 1
            self._session.abandon(id)

    async def _wait(self, take: Callable[[], T | None], timeout: float | None, bounded: bool = False) -> T:
        try:
            async with asyncio.timeout(timeout):
                while True:
                    value = take()
                    if value is not None:
                        return value
                    if self._session.closed is not None:
                        raise self._session.closed.with_traceback(None)
                    if bounded and self._session.inbox_bytes > self._inbox_limit:
                        raise InboxFull(f"{self._session.inbox_bytes} bytes of events wait to be taken out")
                    await self._changed.wait()
        except TimeoutError:
            raise RequestTimeout("the daemon has not answered in time") from None

    async def _read(self) -> None:
        assert self._reader is not None
        while self._session.closed is None:
            if not self._may_read():
                await self._changed.wait()
                continue
            try:
                data = await self._reader.read(READ_SIZE)
            except OSError as error:
                self._session.close("eof", str(error), True)
                break
            self._session.receive(data)
            if answers := self._session.take_output():
                await self._send(answers)
            self._wake()
        self._wake()

    def _may_read(self) -> bool:
        limit = self._inbox_limit if self._requests else READ_AHEAD
        return self._session.inbox_bytes <= limit

    async def _send(self, data: bytes) -> None:
        if self._writer is None:
            raise RoombridgeError("not connected: use `async with Client() as bridge:` or connect()")
        # A broken pipe is not the story: the daemon said BYE before it closed, and the reader will find it.
        with contextlib.suppress(OSError):
            self._writer.write(data)
            await self._writer.drain()

    def _wake(self) -> None:
        # Whoever waits holds the old one; nobody can miss this or see it twice.
        self._changed.set()
        self._changed = asyncio.Event()
