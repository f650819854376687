# SPDX-License-Identifier: MIT
"""The synchronous client: one Unix socket, driven only while one of its methods runs. For use by one thread.

Invariants: whatever comes in while a request waits for its answer is kept, in order, and handed out by the next
iteration; it is bounded by `inbox_limit` bytes. A program that does not iterate reads nothing: the daemon then passes
over it and tells it by a Gap.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

from .errors import ConnectError, InboxFull, RequestTimeout, RoombridgeError
from .messages import Arguments, EmitResult, Event, Gap, Message, Pong, Position, Result, Status, Welcome
from .session import Fields, Session, default_name, default_path, make_arguments

READ_SIZE = 65536
DEFAULT_INBOX_LIMIT = 64 << 20

T = TypeVar("T")


class Listener:
    """A callback that is called for messages of one kind until off()."""

    def __init__(
        self, listeners: list[Listener], wanted: Callable[[Message], bool], callback: Callable[[Any], None]
    ) -> None:
        self._listeners = listeners
        self._wanted = wanted
        self._callback = callback
        listeners.append(self)

    def off(self) -> None:
        """Takes the callback off again; it is not called afterwards. Harmless when repeated."""
        if self in self._listeners:
            self._listeners.remove(self)

    def hear(self, message: Message) -> None:
        """Calls the callback if it is still on and the message is of its kind."""
        if self in self._listeners and self._wanted(message):
            self._callback(message)


class Listening:
    """Per-event listeners; what the sync and the asyncio client share."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def on(self, event: str, callback: Callable[[Event], None]) -> Listener:
        """Calls `callback` for each event of this name while somebody iterates.

        What it raises ends that iteration step.
        """
        return Listener(self._listeners, lambda message: isinstance(message, Event) and message.name == event, callback)

    def on_status(self, callback: Callable[[Status], None]) -> Listener:
        """Calls `callback` for each change of the upstream connection's state, likewise."""
        return Listener(self._listeners, lambda message: isinstance(message, Status), callback)

    def on_gap(self, callback: Callable[[Gap], None]) -> Listener:
        """Calls `callback` for each loss, likewise."""
        return Listener(self._listeners, lambda message: isinstance(message, Gap), callback)

    def _tell(self, message: Message) -> None:
        for listener in list(self._listeners):
            listener.hear(message)


class Client(Listening):
    """A connection to the daemon; connects on entering `with`, or by connect().

    Iterating yields events and blocks between them; it ends when this side has called close(), and raises
    ConnectionClosed when the daemon has ended the connection, after everything received before has been handed out.
    It does not come back by itself: make a new Client (`error.reconnect` says whether that makes sense).
    """

    def __init__(
        self,
        path: str | None = None,
        *,
        name: str | None = None,
        subscriber: str | None = None,
        timeout: float = 10.0,
        inbox_limit: int = DEFAULT_INBOX_LIMIT,
    ) -> None:
        """`path`: the daemon's socket, by default $ROOMBRIDGE_SOCKET or /run/roombridge/roombridge.sock.

        `name`: shown to the operator, by default the program's. `subscriber`: a name of this user's under which the daemon
        keeps the position that ack() tells it, so that the next start of this program goes on there. `timeout`: seconds to
        wait for the greeting and for answers.
        """
        super().__init__()
        self._path = path or default_path()
        self._timeout = timeout
        self._inbox_limit = inbox_limit
        self._session = Session(name or default_name(), subscriber)
        self._socket: socket.socket | None = None
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
        self._socket = connected
        return self

    def connect(self) -> Welcome:
        """Connects and greets.

        Raises ConnectError, ConnectionClosed (the daemon refused), ProtocolError, RequestTimeout.
        """
        if self._socket is None:
            self._socket = _open(self._path, self._timeout)
        try:
            self._send(self._session.hello())
            return self._wait(lambda: self._session.welcome, self._timeout)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leaves. Harmless when repeated; safe in a callback."""
        self._left = True
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

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

    def fileno(self) -> int:
        """For select(): readable means that receive() may have something. Ask receive(0) until it has nothing more."""
        return self._connected().fileno()

    def subscribe(
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
        thing whose state the daemon retains. `slow`, likewise: "latest" passes over what a
        newer event of its key has made obsolete, "disconnect" ends the connection rather than lose events to a Gap.
        `more`: nothing comes before another subscribe() without it, so that several
        begin at one position. `fields`: only events of which each of these fields has one of its values, as far as the
        daemon's config declares such, say `{"shopId": [7, 8]}`. `replaces`: an id that subscribe() returned; the new
        subscription takes its place, without losing anything that has not been sent yet. Raises RequestError.
        """
        id, frame = self._session.subscribe(events, topics, since, snapshot, slow, more, fields, replaces)
        self._request(id, frame, self._timeout)
        self._session.began(since)
        return id

    def ack(self, position: Position | None = None) -> bool:
        """Of a named subscriber: everything up to `position`, by default that of the last message that was handed out, has
        been handled and need not come again. Returns whether the daemon's journal has it; else it is kept in memory only.
        Raises RequestError.
        """
        result = self._request(*self._session.ack(position), self._timeout)
        assert isinstance(result, Result)
        return bool(result.durable)

    def unsubscribe(self, subscription: int) -> None:
        """Takes a subscription off. Raises RequestError `unknown_subscription`."""
        self._request(*self._session.unsubscribe(subscription), self._timeout)

    def join(self, room: str, deadline: float = 10.0) -> str:
        """Holds a room until leave() or the end of the connection, and returns how it stands.

        "joined"; "waiting": joined as soon as the daemon is authenticated; "joining": the server has not answered within
        `deadline` seconds. Raises RequestError: `room_refused` with the server's words, `not_permitted`,
        `too_many_rooms`.
        """
        result = self._request(*self._session.join(room, deadline), self._timeout + deadline)
        assert isinstance(result, Result)
        return result.state or ""

    def leave(self, room: str) -> None:
        """Lets go of a room. Raises RequestError `room_not_held`."""
        self._request(*self._session.leave(room), self._timeout)

    def emit(self, event: str, *args: Any, ack: bool = False, deadline: float = 10.0) -> EmitResult:
        """Sends an event upstream; bytes among the arguments go as binary attachments.

        `ack`: wait for the server's acknowledgement. `deadline`: seconds by which the outcome has to be known, also for
        an event that the daemon's config lets wait for the connection. Raises RequestError, whose `outcome` tells whether
        trying again may do it twice; ValueError for arguments that are no JSON or too large.
        """
        return self.emit_raw(event, make_arguments(args), ack=ack, deadline=deadline)

    def emit_raw(self, event: str, arguments: Arguments, *, ack: bool = False, deadline: float = 10.0) -> EmitResult:
        """As emit(), with the arguments' JSON array given as bytes, which reach the server unchanged."""
        id, frame = self._session.emit(event, arguments, ack, deadline)
        result = self._request(id, frame, self._timeout + deadline)
        assert isinstance(result, Result)
        return EmitResult(result.outcome or "", result.arguments)

    def call(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Calls a method of the daemon ("status", "rooms", …) and returns its result, parsed. Raises RequestError."""
        result = self._request(*self._session.call(method, params), self._timeout)
        assert isinstance(result, Result)
        return parse_call_result(result.arguments.json)

    def ping(self) -> None:
        """Returns when the daemon has answered. Raises RequestTimeout."""
        self._request(*self._session.ping(self._timeout), self._timeout)

    def receive(self, timeout: float | None = None) -> Message | None:
        """The next message, listeners told: an Event, Gap, Status, Live, Trace or Problem. Waits for ever, or `timeout`
        seconds: then None.

        Raises ConnectionClosed or ProtocolError when nothing more can come.
        """
        try:
            message: Message = self._wait(self._session.take_message, timeout)
        except RequestTimeout:
            return None
        self._tell(message)
        return message

    def messages(self) -> Iterator[Message]:
        """Every message, as receive() gives them, until this side closes."""
        while not self._left:
            message = self.receive()
            if message is not None:
                yield message

    def __iter__(self) -> Iterator[Event]:
        return (message for message in self.messages() if isinstance(message, Event))

    def run(self) -> None:
        """Iterates for the listeners alone, until one of them calls close()."""
        for _ in self.messages():
            pass

    def _request(self, id: int, frame: bytes, timeout: float) -> Result | Pong:
        try:
            self._send(frame)
            return self._wait(lambda: self._session.take_result(id), timeout, bounded=True)
        finally:
            self._session.abandon(id)

    def _wait(self, take: Callable[[], T | None], timeout: float | None, bounded: bool = False) -> T:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            value = take()
            if value is not None:
                return value
            if self._session.closed is not None:
                raise self._session.closed.with_traceback(None)
            if bounded and self._session.inbox_bytes > self._inbox_limit:
                raise InboxFull(f"{self._session.inbox_bytes} bytes of events wait to be taken out")
            self._read(deadline)

    def _read(self, deadline: float | None) -> None:
        connected = self._connected()
        # A deadline that has passed still looks once, so that receive(0) finds what is there already.
        connected.settimeout(None if deadline is None else max(deadline - time.monotonic(), 1e-6))
        try:
            data = connected.recv(READ_SIZE)
        except TimeoutError:
            raise RequestTimeout("the daemon has not answered in time") from None
        except OSError as error:
            self._session.close("eof", str(error), True)
            return
        self._session.receive(data)
        if answers := self._session.take_output():
            self._send(answers)

    def _send(self, data: bytes) -> None:
        connected = self._connected()
        connected.settimeout(self._timeout)
        try:
            connected.sendall(data)
        except TimeoutError:
            # A part may have gone out: no frame could follow it.
            self._session.close("eof", "the daemon does not read", True)
        except OSError:
            # The reason is still to be read: the daemon says BYE before it closes.
            pass

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise RoombridgeError("not connected: use `with Client() as bridge:` or connect()")
        return self._socket


def _open(path: str, timeout: float) -> socket.socket:
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        opened.settimeout(timeout)
        opened.connect(path)
    except OSError as error:
        opened.close()
        raise ConnectError(path, error) from error
    return opened


def parse_call_result(payload: bytes) -> Any:
    """The result of a CALL, which is the daemon's own JSON. Raises PayloadError."""
    return Arguments(b"[" + payload + b"]").parse()[0]
