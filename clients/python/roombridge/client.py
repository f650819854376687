# SPDX-License-Identifier: MIT
"""The synchronous client: one Unix socket, driven only while one of its methods runs. Any thread may call them.

Invariants: of the threads that wait, one reads for all of them; callbacks run in the thread that takes the message,
with no lock held. A program that takes no messages reads none: the daemon then passes over it and tells it by a Gap.
What comes in while a request waits for its answer is kept, in order, and handed out by the next iteration.
"""

from __future__ import annotations

import inspect
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
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
    """A connection to the daemon; connects on entering `with`, or by connect().

    Iterating yields events and gaps and blocks between them. A gap says that events were lost, and which. The iteration
    ends when close() is called, in a callback or another thread. It raises RequestError when a subscription or a room
    was taken away (`revoked`) or an ack() refused.

    When the daemon is restarted the client comes back by itself, subscribes and joins again, and goes on behind the
    last message: what the daemon does not have any more is a gap. messages() tells of it by a Status "disconnected".
    While there is no connection, requests wait for it as long as they wait for an answer. An emit that was under way
    raises ConnectionClosed, since it may have happened. What cannot be mended is raised: ConnectionClosed where
    coming back makes no sense, ProtocolError. With `reconnect=False` so is everything else.
    """

    def _prepare(self) -> None:
        self._turn = threading.Condition()
        self._polling = False  # some thread waits at the socket, with the lock let go of
        self._socket: socket.socket | None = None
        self._output = bytearray()
        self._attempt_at: float | None = None  # when to connect next; None: not before connect()
        self._greeting_by = 0.0

    @classmethod
    def over(
        cls, connected: socket.socket, *, name: str | None = None, subscriber: str | None = None, timeout: float = 10.0
    ) -> Self:
        """A client on a socket that is connected already; the client owns it from now on.

        There is no other one to come back with: its end is raised, and `inbox_limit` bounds nothing.
        """
        self = cls(name=name, subscriber=subscriber, timeout=timeout)
        self._give(connected)
        return self

    # ---- a connection's life ----

    def connect(self) -> Welcome:
        """Connects and greets; begins anew, without subscriptions and rooms, after close() or an error.

        Waits for a daemon that is not there, or for the name that another program has (`subscriber_in_use`), and logs
        so, unless `reconnect` is off. Raises ConnectError (what waiting does not mend: permissions), ConnectionClosed
        (the daemon refused), ProtocolError, RequestTimeout.
        """
        with self._turn:
            if self._attempt_at is not None and self._session.over is None:
                raise RoombridgeError("connected already: close() comes first")
            session = self._session = self._new_session()
            self._attempt_at = time.monotonic()
        try:
            welcome = self._wait(session, lambda: session.welcome if session.greeted else None, None)
            assert welcome is not None
            return welcome
        except BaseException:
            with self._turn:
                if self._session is session:
                    self.close()
            raise

    def close(self) -> None:
        """Leaves, and waits up to 5 s for the newest ack() to reach the daemon. Harmless when repeated; safe in a
        callback, in another thread and in a signal's handler."""
        with self._turn:
            self._session.left = True
            if self._socket is not None:
                self._session.send_acks(None)
                self._hang_up(tell=self._session.acks_outstanding and self._session.over is None)
            if self._given is not None:
                self._given.close()
                self._given = None
            self._attempt_at = None
            self._session.finish(closed_here())
            self._turn.notify_all()

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fileno(self) -> int:
        """For select(): readable means that receive() may have something. Ask receive(0) until it has nothing more.

        Each connection has another one; ask for it after each receive(0). Raises RoombridgeError while there is none:
        then receive(0), called from time to time, connects when it is time to.
        """
        if self._socket is None:
            raise RoombridgeError("not connected: there is no descriptor")
        return self._socket.fileno()

    # ---- requests ----

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

        `since`, in the first one only: begin behind this position, which is `position` of an earlier client; what is
        not in the log any more is told by a Gap. `snapshot`, likewise: first the newest event of each thing whose
        state the daemon retains. `slow`, likewise: "latest" passes over what a newer event of its key has made
        obsolete, "disconnect" ends the connection rather than lose events to a Gap. `more`: nothing comes before
        another subscribe() without it, so that several begin at one position. `fields`: only events of which each of
        these fields has one of its values, as far as the daemon's config declares such, say `{"shopId": [7, 8]}`.
        `replaces`: an id that subscribe() returned; the new subscription takes its place, without losing anything
        that has not been sent yet. Raises RequestError.
        """
        return self._ask(
            lambda session: session.subscribe(events, topics, since, snapshot, slow, more, fields, replaces)
        )

    def unsubscribe(self, subscription: int) -> None:
        """Takes a subscription off. Raises RequestError `unknown_subscription`."""
        self._ask(lambda session: session.unsubscribe(subscription))

    def ack(self, position: Position | None = None, *, wait: bool = False) -> bool | None:
        """Of a named subscriber: everything up to `position`, by default that of the last message that was handed
        out, has been handled and need not come again, whatever ends.

        Returns at once. An ack goes out at once, too, unless one that went out less than 10 ms before is not answered:
        then the next one takes its place, or it goes out when the client has to wait, or at close(). A refusal comes as
        a Problem. `wait`: returns whether the daemon's journal has it (else it is kept in memory only), and raises
        RequestError. Raises ValueError without `subscriber`.
        """
        if wait:
            return self._ask(lambda session: session.ack_and_wait(position))
        with self._turn:
            self._expect_connect()
            self._session.ack(position, time.monotonic())
            self._flush()
        return None

    def join(self, room: str, deadline: float = JOIN_DEADLINE) -> str:
        """Holds a room until leave() or the end of the client, and returns how it stands.

        "joined"; "asked": likewise, of a server that gives no answers; "waiting": joined as soon as the daemon is
        authenticated; "joining": the server has not answered within `deadline` seconds. Raises RequestError:
        `room_refused` with the server's words, `not_permitted`, `too_many_rooms`.
        """
        return self._ask(lambda session: session.join(room, deadline))

    def leave(self, room: str) -> None:
        """Lets go of a room. Raises RequestError `room_not_held`."""
        self._ask(lambda session: session.leave(room))

    def emit(self, event: str, *args: Any, ack: bool = False, deadline: float = 10.0) -> EmitResult:
        """Sends an event upstream; bytes among the arguments go as binary attachments.

        Returns when the daemon has sent it. It does not wait for the server's acknowledgement, unless `ack` asks for
        that. `deadline`: seconds by which the outcome has to be known, also for an event that the daemon's config
        lets wait for the connection. Raises RequestError, RequestTimeout or ConnectionClosed, whose `outcome` tells
        whether trying again may do it twice; ValueError for arguments that are no JSON or too large, and
        for a name with control characters.
        """
        return self.emit_raw(event, make_arguments(args), ack=ack, deadline=deadline)

    def emit_raw(self, event: str, arguments: Arguments, *, ack: bool = False, deadline: float = 10.0) -> EmitResult:
        """As emit(), with the arguments' JSON array given as bytes, which reach the server unchanged."""
        return self._ask(lambda session: session.emit(event, arguments, ack, deadline))

    def call(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Calls a method of the daemon ("status", "rooms", …) and returns its result, parsed. Raises RequestError."""
        return self._ask(lambda session: session.call(method, params))

    def ping(self) -> None:
        """Returns when the daemon has answered. Raises RequestTimeout."""
        self._ask(lambda session: session.ping(self._timeout))

    # ---- messages ----

    def receive(self, timeout: float | None = None) -> Message | None:
        """The next message, callbacks told: an Event, Gap, Status, Live, Trace or Problem. Waits for ever, or `timeout`
        seconds: then None.

        Raises ConnectionClosed or ProtocolError when nothing more can come.
        """
        return self._receive(self._session, timeout)

    def _receive(self, session: Session, timeout: float | None = None) -> Message | None:
        message = self._wait(session, session.take_message, timeout)
        if message is not None and self._listeners:
            self._tell(message)
        return message

    def messages(self) -> Iterator[Message]:
        """Every message, as receive() gives them, until close()."""
        self._expect_connect()
        session = self._session
        while not session.left:
            try:
                message = self._receive(session)
            except ConnectionClosed:
                if session.left:
                    return
                raise
            if message is not None:
                yield message

    def __iter__(self) -> Iterator[Union[Event, Gap]]:
        for message in self.messages():
            if isinstance(message, Problem):
                raise message.error()
            if isinstance(message, (Event, Gap)):
                yield message

    def run(self) -> None:
        """Iterates for the callbacks alone, until close(). Raises RoombridgeError when there is none for gaps, and
        RequestError for a Problem when there is none for these."""
        self._expect_gap_listener()
        for message in self.messages():
            self._expect_heard(message)

    # ---- how it waits ----

    def _ask(self, make: Callable[[Session], Request[T]]) -> T:
        with self._turn:
            self._expect_connect()
            session = self._session
            request = make(session)
        timeout = self._timeout + request.patience
        try:
            done = self._wait(session, lambda: request if request.done else None, timeout)
        finally:
            with self._turn:
                session.abandon(request)
                # A thread that polls would wait for a byte of a connection from which nothing more is to come.
                if self._polling and self._session.wants_renewal:
                    self._renew()
        if done is None:
            raise request.timed_out(session.away)
        return request.value()

    def _wait(self, session: Session, take: Callable[[], T], timeout: float | None) -> T | None:
        """What `take` finds in `session`, which another thread may have ended and replaced meanwhile; None when the
        time is over, after one more look at what has come."""
        deadline = None if timeout is None else time.monotonic() + timeout
        late = False
        with self._turn:
            while (found := take()) is None:
                if session.over is not None:
                    raise session.over.with_traceback(None)
                if late:
                    return None
                late = deadline is not None and time.monotonic() >= deadline
                self._step(deadline)
            return found

    def _step(self, deadline: float | None) -> None:
        """One step towards whatever is waited for, at most until the deadline: connects, reads or waits."""
        self._expect_connect()
        if self._socket is None:
            self._come_back(deadline)
            return
        if self._session.wants_renewal:
            self._renew()
            return
        self._session.send_acks(None)
        self._flush()
        if self._polling:
            self._turn.wait(_left(deadline))
        elif self._socket is not None and not self._read():
            self._poll(deadline)

    def _renew(self) -> None:
        """Ends the connection, whose stream was cut; the next step makes another one."""
        self._hang_up(tell=True)
        self._session.renewed()
        self._attempt_at = time.monotonic()

    def _come_back(self, deadline: float | None) -> None:
        assert self._attempt_at is not None
        early = self._attempt_at - time.monotonic()
        if early > 0:
            left = _left(deadline)
            self._turn.wait(early if left is None else min(early, left))
            return
        try:
            self._socket = self._open()
        except RoombridgeError as error:
            self._end(error)
            return
        self._greeting_by = time.monotonic() + self._timeout
        self._output.clear()
        self._session.connected(now_us())
        self._flush()

    def _read(self) -> bool:
        """Takes what is there; False: nothing. Precondition: there is a socket."""
        assert self._socket is not None
        try:
            data = self._socket.recv(READ_SIZE)
        except BlockingIOError:
            return False
        except OSError as error:
            self._session.close("eof", error.strerror or str(error), True)
        else:
            self._session.receive(data)
            self._flush()
        if self._session.greeted:
            self._found()
        if self._session.closed is not None and self._socket is not None:  # else _flush() has ended it
            self._end(self._session.closed)
        self._turn.notify_all()
        return True

    def _poll(self, deadline: float | None) -> None:
        """Waits at the socket for all threads, with the lock let go of."""
        if not self._session.greeted:
            if time.monotonic() >= self._greeting_by:
                self._end(greeting_is_late())
                return
            deadline = self._greeting_by if deadline is None else min(deadline, self._greeting_by)
        left = _left(deadline)
        waiting = select.poll()
        waiting.register(self.fileno(), select.POLLIN)
        self._polling = True
        self._turn.release()
        try:
            waiting.poll(None if left is None else left * 1000)
        finally:
            self._turn.acquire()
            self._polling = False
            self._turn.notify_all()

    def _flush(self) -> None:
        """Sends what is to be sent; waits, with the lock, for a daemon that is slow to take it."""
        self._output += self._session.take_output()
        by = time.monotonic() + self._timeout if self._output else 0.0
        while self._output and self._socket is not None:
            try:
                del self._output[: self._socket.send(self._output)]
            except BlockingIOError:
                if not _ready(self._socket, select.POLLOUT, by):
                    self._session.close("eof", "the daemon does not read", True)
                    self._end(ConnectionClosed("eof", "the daemon does not read", True))
            except OSError:
                # The reason is still to be read: the daemon says BYE before it closes.
                self._output.clear()

    def _end(self, error: RoombridgeError) -> None:
        """The connection, or an attempt at one, has ended."""
        if self._socket is not None:
            self._hang_up(tell=False)
        delay = self._lost(error)
        self._attempt_at = time.monotonic() + (delay or 0.0)

    def _hang_up(self, tell: bool) -> None:
        """Closes the socket. `tell`: not before the daemon has read everything, and has closed its side."""
        assert self._socket is not None
        closing, by = self._socket, time.monotonic() + FAREWELL
        if tell:
            self._flush()
        self._socket = None
        try:
            # Wakes a thread that polls; closing alone would not.
            closing.shutdown(socket.SHUT_WR if tell else socket.SHUT_RDWR)
            while tell and _ready(closing, select.POLLIN, by) and closing.recv(READ_SIZE):
                pass
            closing.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the daemon has left already
        closing.close()

    def _expect_connect(self) -> None:
        if self._attempt_at is None:
            raise RoombridgeError("not connected: use `with Client() as bridge:` or connect()")

    # ---- callbacks ----

    def _tell(self, message: Message) -> None:
        failures = Failures()
        for listener in list(self._listeners):
            with failures:
                self._refuse_coroutine(listener.hear(message))
        failures.throw()

    def _check_callback(self, callback: Callable[[Any], Any]) -> None:
        super()._check_callback(callback)
        if inspect.iscoroutinefunction(callback):
            raise TypeError(f"{callback!r} is an `async def`, which only roombridge.aio.Client runs")

    @staticmethod
    def _refuse_coroutine(returned: Any) -> None:
        if inspect.iscoroutine(returned):
            returned.close()
            raise TypeError("a callback returned a coroutine, which only roombridge.aio.Client runs")


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(deadline - time.monotonic(), 0.0)


def _ready(waited_for: socket.socket, how: int, by: float) -> bool:
    waiting = select.poll()
    waiting.register(waited_for, how)
    return bool(waiting.poll(max(by - time.monotonic(), 0.0) * 1000))
