# SPDX-License-Identifier: MIT
"""The asyncio client. One task connects, reads and comes back; it fills the inbox and wakes whoever waits.

    async with Client() as bridge:
        await bridge.subscribe(events=["reservation_update"])
        async for message in bridge:
            print(message)

Invariants: while no request waits, the task stops at `READ_AHEAD` bytes of untaken messages, so that the daemon sees a
slow reader as slow and tells it a Gap; while one waits, it goes on, as the answer lies behind them.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, Union

from .errors import ConnectionClosed, RoombridgeError
from .face import FAREWELL, READ_SIZE, Face, closed_here, greeting_is_late, now_us
from .listening import Failures
from .messages import Arguments, EmitResult, Event, Gap, Message, Position, Problem, Welcome
from .request import Request, make_arguments
from .session import JOIN_DEADLINE, Fields, Session

if TYPE_CHECKING:
    from typing import Self

T = TypeVar("T")


class Client(Face):
    """As roombridge.Client, with coroutines; several tasks of one event loop may make requests while one iterates.

    Callbacks may be `async def`: they are awaited one after the other by whoever takes the message.
    """

    def _prepare(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._waiters: set[asyncio.Future[None]] = set()
        self._interrupt: asyncio.Future[None] | None = None  # ends the read that is under way

    @classmethod
    def over(
        cls, connected: socket.socket, *, name: str | None = None, subscriber: str | None = None, timeout: float = 10.0
    ) -> Self:
        """See roombridge.Client.over."""
        self = cls(name=name, subscriber=subscriber, timeout=timeout)
        self._give(connected)
        return self

    # ---- a connection's life ----

    async def connect(self) -> Welcome:
        """Connects and greets; see roombridge.Client.connect."""
        if self._task is not None and self._session.over is None:
            raise RoombridgeError("connected already: close() comes first")
        await self._stop()
        self._loop = asyncio.get_running_loop()
        session = self._session = self._new_session()
        self._task = asyncio.create_task(self._drive(), name="roombridge")
        try:
            welcome = await self._wait(session, lambda: session.welcome if session.greeted else None, None)
            assert welcome is not None
            return welcome
        except BaseException:
            if self._session is session:
                await self.close()
            raise

    async def close(self) -> None:
        """Leaves, and waits up to 5 s for the newest ack() to reach the daemon; whoever waits gets
        ConnectionClosed, an iteration ends. Harmless when repeated."""
        self._session.left = True
        self._session.send_acks(None)
        self._flush()
        tell = self._session.acks_outstanding and self._session.over is None
        self._session.finish(closed_here())
        self._wake()
        await self._stop(tell)
        if self._given is not None:
            self._given.close()
            self._given = None

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # ---- requests ----

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
        """Adds a subscription and returns its id; see roombridge.Client.subscribe."""
        self._expect_connect()
        return await self._ask(
            self._session.subscribe(events, topics, since, snapshot, slow, more, fields, replaces)
        )

    async def unsubscribe(self, subscription: int) -> None:
        """Takes a subscription off. Raises RequestError `unknown_subscription`."""
        self._expect_connect()
        await self._ask(self._session.unsubscribe(subscription))

    async def ack(self, position: Position | None = None, *, wait: bool = False) -> bool | None:
        """Acknowledges, as a named subscriber, at once or with the next one; see roombridge.Client.ack."""
        self._expect_connect()
        if wait:
            durable: bool = await self._ask(self._session.ack_and_wait(position))
            return durable
        self._session.ack(position, time.monotonic())
        self._flush()
        return None

    async def join(self, room: str, deadline: float = JOIN_DEADLINE) -> str:
        """Holds a room; see roombridge.Client.join."""
        self._expect_connect()
        return await self._ask(self._session.join(room, deadline))

    async def leave(self, room: str) -> None:
        """Lets go of a room. Raises RequestError `room_not_held`."""
        self._expect_connect()
        await self._ask(self._session.leave(room))

    async def emit(self, event: str, *args: Any, ack: bool = False, deadline: float = 10.0) -> EmitResult:
        """Sends an event upstream, without waiting for the server's acknowledgement unless `ack` asks for that; see
        roombridge.Client.emit."""
        return await self.emit_raw(event, make_arguments(args), ack=ack, deadline=deadline)

    async def emit_raw(
        self, event: str, arguments: Arguments, *, ack: bool = False, deadline: float = 10.0
    ) -> EmitResult:
        """As emit(), with the arguments' JSON array given as bytes, which reach the server unchanged."""
        self._expect_connect()
        return await self._ask(self._session.emit(event, arguments, ack, deadline))

    async def call(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Calls a method of the daemon ("status", "rooms", …) and returns its result, parsed. Raises RequestError."""
        self._expect_connect()
        return await self._ask(self._session.call(method, params))

    async def ping(self) -> None:
        """Returns when the daemon has answered. Raises RequestTimeout."""
        self._expect_connect()
        await self._ask(self._session.ping(self._timeout))

    # ---- messages ----

    async def receive(self, timeout: float | None = None) -> Message | None:
        """The next message, callbacks told and awaited. Waits for ever, or `timeout` seconds: then None.

        Raises ConnectionClosed or ProtocolError when nothing more can come.
        """
        self._expect_connect()
        return await self._receive(self._session, timeout)

    async def _receive(self, session: Session, timeout: float | None = None) -> Message | None:
        message = await self._wait(session, session.take_message, timeout)
        if message is not None:
            self._wake()
            self._interrupt_read()
            if self._listeners:
                await self._tell(message)
        return message

    async def messages(self) -> AsyncIterator[Message]:
        """Every message, as receive() gives them, until close()."""
        self._expect_connect()
        session = self._session
        while not session.left:
            try:
                message = await self._receive(session)
            except ConnectionClosed:
                if session.left:
                    return
                raise
            if message is not None:
                yield message

    async def __aiter__(self) -> AsyncIterator[Union[Event, Gap]]:
        async for message in self.messages():
            if isinstance(message, Problem):
                raise message.error()
            if isinstance(message, (Event, Gap)):
                yield message

    async def run(self) -> None:
        """Iterates for the callbacks alone; see roombridge.Client.run."""
        self._expect_gap_listener()
        async for message in self.messages():
            self._expect_heard(message)

    # ---- how it waits ----

    async def _ask(self, request: Request[T]) -> T:
        session = self._session
        try:
            self._flush()
            self._wake()  # the task may have to read on, for the answer
            done = await self._wait(session, lambda: request if request.done else None, self._timeout + request.patience)
        finally:
            session.abandon(request)
            self._interrupt_read()
        if done is None:
            raise request.timed_out(session.away)
        return request.value()

    async def _wait(self, session: Session, take: Callable[[], T], timeout: float | None) -> T | None:
        """What `take` finds in `session`, which another task may have ended and replaced meanwhile; None when the
        time is over."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (found := take()) is None:
            if session.over is not None:
                raise session.over.with_traceback(None)
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return None
            self._session.send_acks(None)
            self._flush()
            await self._pause(left)
        return found

    async def _pause(self, seconds: float | None) -> None:
        """Until something changes, or so long."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        timer = None if seconds is None else loop.call_later(seconds, _release, waiter)
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        for waiter in self._waiters:
            _release(waiter)

    def _flush(self) -> None:
        """Hands over what is to be sent, whole: whoever is cancelled afterwards leaves no half of a frame."""
        if self._writer is not None and (data := self._session.take_output()):
            self._writer.write(data)

    def _expect_connect(self) -> None:
        if self._task is None:
            raise RoombridgeError("not connected: use `async with Client() as bridge:` or connect()")
        if self._loop is not asyncio.get_running_loop():
            raise RoombridgeError(
                "this client belongs to another event loop: asyncio.run_coroutine_threadsafe() asks there"
            )

    # ---- the task ----

    async def _drive(self) -> None:
        """Connects, reads, and comes back, until it is over."""
        try:
            await self._come_and_go()
        except Exception as fault:
            # Not to be lost in a task: whoever waits gets it.
            self._session.finish(fault)
            self._wake()

    async def _come_and_go(self) -> None:
        while self._session.over is None:
            renewing = False
            try:
                renewing = await self._converse()
                error = self._session.closed
            except RoombridgeError as failure:
                error = failure
            delay: float | None = 0.0
            if renewing:
                self._flush()
                self._session.renewed()
            elif error is not None:
                delay = self._lost(error)
            self._wake()
            await self._hang_up(tell=renewing)
            if delay:
                await asyncio.sleep(delay)

    async def _converse(self) -> bool:
        """One connection, from its begin to its end. True: it is to be renewed."""
        opened = self._open()
        self._reader, self._writer = await asyncio.open_unix_connection(sock=opened, limit=READ_SIZE)
        self._session.connected(now_us())
        self._flush()
        greeting_by = time.monotonic() + self._timeout
        while self._session.closed is None and self._session.over is None:
            if self._session.wants_renewal:
                return True
            if not self._session.greeted:
                await self._read(greeting_by)
            elif self._session.may_read_ahead:
                await self._read(None)
            else:
                await self._pause(None)
        return False

    async def _read(self, by: float | None) -> None:
        assert self._reader is not None
        reading = asyncio.ensure_future(self._reader.read(READ_SIZE))
        interrupt = self._interrupt = asyncio.get_running_loop().create_future()
        try:
            left = None if by is None else max(by - time.monotonic(), 0)
            await asyncio.wait({reading, interrupt}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done() and interrupt.done():
                return
            data = await asyncio.wait_for(reading, 0 if by is not None else None)
        except asyncio.TimeoutError:
            raise greeting_is_late() from None
        except OSError as error:
            self._session.close("eof", error.strerror or str(error), True)
            return
        finally:
            self._interrupt = None
            if not reading.done():
                reading.cancel()
                await asyncio.wait([reading])
        self._session.receive(data)
        if self._session.greeted:
            self._found()
        self._flush()
        self._wake()

    def _interrupt_read(self) -> None:
        """Where nothing more is to come of this connection the task must not wait for its next byte."""
        if self._interrupt is not None and self._session.wants_renewal:
            _release(self._interrupt)

    async def _hang_up(self, tell: bool) -> None:
        """Closes the connection. `tell`: not before the daemon has read everything, and has closed its side."""
        if self._writer is None or self._reader is None:
            return
        reader, writer = self._reader, self._writer
        self._reader = self._writer = None
        try:
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                if tell:
                    writer.write_eof()
                    await asyncio.wait_for(_read_to_end(reader), FAREWELL)
                writer.close()
                await asyncio.wait_for(writer.wait_closed(), FAREWELL)
        finally:
            writer.transport.abort()

    async def _stop(self, tell: bool = False) -> None:
        """Ends the task, and its connection."""
        task, self._task = self._task, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.wait([task])
        await self._hang_up(tell)

    # ---- callbacks ----

    async def _tell(self, message: Message) -> None:
        failures = Failures()
        for listener in list(self._listeners):
            with failures:
                returned = listener.hear(message)
                if inspect.isawaitable(returned):
                    await returned
        failures.throw()


def _release(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


async def _read_to_end(reader: asyncio.StreamReader) -> None:
    while await reader.read(READ_SIZE):
        pass
