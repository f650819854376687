# SPDX-License-Identifier: MIT
"""A program's stay with the daemon as a machine without I/O, clock and randomness, over any number of connections:
bytes received in; messages, answers and bytes to send out.

The synchronous and the asyncio client are thin drivers of it. They call connected() when a socket is open, receive()
with what came, and lost() at the connection's end, which says when to come back. On the next connection the session
subscribes and joins again, goes on behind the last message that it received, and repeats what was asked meanwhile.

Invariants: an id is never used twice; an answer is kept only while somebody waits for it; `position` is that of the
last event, gap or Live that was taken out, whatever has been received behind it. Other messages have no place in the
stream. Beyond `inbox_limit` bytes nothing is kept: the
stream is cut there, and renewed behind its last message when the inbox is empty.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, Union

from .acks import Acks
from .backoff import LONGEST_DELAY, Backoff
from .errors import ConnectError, ConnectionClosed, ProtocolError, RequestTimeout, RoombridgeError
from .messages import (
    DISCONNECTED,
    Arguments,
    Bye,
    EmitResult,
    Event,
    Gap,
    Live,
    Message,
    Ping,
    Pong,
    Position,
    Problem,
    Result,
    Status,
    Welcome,
    parse_frame,
)
from .printable import has_control_character, printable
from .protocol import MAX_BODY, VERSION, FrameDecoder, FrameType, encode_frame
from .request import Request

DEFAULT_INBOX_LIMIT = 64 << 20
# While nobody waits for an answer, a client that reads by itself stops here: the daemon sees how slow the program is.
READ_AHEAD = 1 << 20
# What a message costs beside its payload, roughly: the bound on the inbox must hold for tiny events too.
MESSAGE_COST = 512
JOIN_DEADLINE = 10.0

T = TypeVar("T")

# Values of fields by which one subscribes: `{"shopId": [7, 8]}`.
Fields = Mapping[str, Iterable[Union[str, int, bool]]]


class Session:
    """See the module. Methods that make a request return it, to be waited for, and raise ValueError for what cannot be
    sent; what has to go out is in take_output(), also after receive() and connected()."""

    def __init__(
        self,
        name: str,
        subscriber: str | None = None,
        *,
        reconnect: bool = False,
        resumable: bool = True,
        inbox_limit: int = DEFAULT_INBOX_LIMIT,
    ) -> None:
        """`name` is cut to the 64 bytes that HELLO allows. `subscriber`: the name whose position the daemon keeps.

        `reconnect`: a connection that ended is followed by another. `resumable`: another one can be had at all.
        """
        self.inbox_bytes = 0
        self.welcome: Welcome | None = None
        self.status: Status | None = None
        self.position: Position | None = None
        self.away: RoombridgeError | None = None  # why there is no connection
        self.over: Exception | None = None  # why there will be none
        self.closed: RoombridgeError | None = None  # why this one has ended
        self.greeted = False  # this one
        self.left = False  # this side has closed
        self._name = name.encode(errors="replace")[:64].decode(errors="ignore")
        self._subscriber = subscriber
        self._reconnect = reconnect
        self._resumable = resumable
        self._inbox_limit = inbox_limit
        self._inbox: deque[tuple[Message, Position | None]] = deque()  # None: without a place
        self._received: Position | None = None  # the position of the last message in the inbox
        self._subscriptions: dict[int, dict[str, Any]] = {}  # what each wants
        self._slow = "gap"
        self._snapshot = False  # one was asked for, and is not complete
        self._more = False  # the program has said that another SUBSCRIBE follows
        self._rooms: dict[str, None] = {}
        self._open: dict[int, Request[Any]] = {}
        self._acks = Acks()
        self._backoff = Backoff()
        self._connected_at = 0
        self._next_id = 1
        self._cut = False
        self._began = False  # this connection has had a SUBSCRIBE
        self._decoder = FrameDecoder()
        self._output = bytearray()
        self._fatal: Problem | None = None

    # ---- connections ----

    def connected(self, now: int) -> None:
        """A socket is open: the first bytes are to be sent. `now` in µs since the Unix epoch."""
        self.closed = None
        self._connected_at = now
        self._cut = self._began = False
        self._decoder = FrameDecoder()
        self._output.clear()
        self._fatal = None
        head: dict[str, Any] = {"versions": [VERSION], "client": self._name}
        if self._subscriber is not None:
            head["subscriber"] = self._subscriber
        self._output += encode_frame(FrameType.HELLO, head)

    def receive(self, data: bytes) -> None:
        """Takes what was received, b"" for end of file. What it means is in take_message(), `status`, `closed` and the
        requests."""
        if self.closed is not None:
            return
        if not data:
            self.close("eof", "the daemon closed the connection", True)
            return
        self._decoder.feed(data)
        try:
            while self.closed is None and (frame := self._decoder.next_frame()) is not None:
                self._handle(parse_frame(frame))
        except ProtocolError as error:
            self.closed = error

    def close(self, reason: str, text: str, reconnect: bool) -> None:
        """This connection is over; the first reason stays."""
        if self.closed is None:
            self.closed = ConnectionClosed(reason, text, reconnect)

    def lost(self, error: RoombridgeError, now: int, draw: float) -> float | None:
        """The connection, or an attempt at one, has ended with `error`: in how many seconds to try again. None: never,
        and `over` says why. `now` in µs since the Unix epoch; `draw`: a random number from 0 to 1."""
        may_come_back = self._may_come_back(error)
        self.away = error
        if self.greeted and now - self._connected_at >= LONGEST_DELAY * 1_000_000:
            self._backoff.reset()  # not sooner: a daemon may greet, and end again and again
        if self.greeted and may_come_back:
            cause, text = (error.reason, error.text) if isinstance(error, ConnectionClosed) else ("", str(error))
            self._keep(Status(DISCONNECTED, now, cause=cause, text=text))
        self._drop_connection(error)
        if not may_come_back:
            self.finish(error)
            return None
        return self._backoff.next(draw)

    def finish(self, why: Exception) -> None:
        """There will be no connection any more; the first reason stays. What was received can still be taken out."""
        self.over = self.over or why
        self.greeted = self._began = False
        for request in self._open.values():
            request.fail(self.over)
        self._open.clear()

    @property
    def wants_renewal(self) -> bool:
        """The stream was cut and has been handed out up to there: the face is to end this connection, call renewed()
        and make another one at once."""
        irreplaceable = any(request.sent and not request.repeats and request.waits for request in self._open.values())
        return self._is_used_up and not irreplaceable

    @property
    def _is_used_up(self) -> bool:
        """Nothing more can come of this connection but answers."""
        return self._cut and not self._inbox

    def renewed(self) -> None:
        """The connection has been ended for its renewal."""
        self._drop_connection(ConnectionClosed("renewed", "the inbox was full", True))

    def take_output(self) -> bytes:
        """Bytes that must be sent now."""
        data = bytes(self._output)
        self._output.clear()
        return data

    # ---- what came ----

    @property
    def may_read_ahead(self) -> bool:
        """Whether to read though nobody waits for a message: for an answer, or as long as little waits here."""
        awaited = any(request.waits for request in self._open.values())
        return awaited or (self.inbox_bytes <= READ_AHEAD and not self._cut)

    def take_message(self) -> Message | None:
        """The next message of the inbox."""
        if not self._inbox:
            return None
        message, place = self._inbox.popleft()
        self.position = place or self.position
        self.inbox_bytes -= _cost(message)
        return message

    def abandon(self, request: Request[Any]) -> None:
        """Nobody waits for its answer any more. One that was sent may still be granted; another one never goes out."""
        request.abandoned = True
        if not request.sent:
            self._open.pop(request.id, None)

    # ---- requests ----

    def subscribe(
        self,
        events: Iterable[str],
        topics: Iterable[str],
        since: Position | None = None,
        snapshot: bool = False,
        slow: str = "gap",
        more: bool = False,
        fields: Fields | None = None,
        replaces: int | None = None,
    ) -> Request[int]:
        """SUBSCRIBE; its id names the subscription."""
        wanted = _wanted(events, topics, fields)
        head = wanted | _beginning(since, snapshot, slow, more)
        if replaces is not None:
            head["replaces"] = replaces
        request = self._make(FrameType.SUBSCRIBE, head, repeats=True)

        def granted() -> None:
            if replaces is not None:
                self._subscriptions.pop(replaces, None)
            self._subscriptions[request.id] = wanted
            self._more = more
            if not self._began:
                self._slow, self._snapshot = slow, snapshot
                self._begin(since)

        def answered() -> None:
            # The daemon begins the stream at one without `more`, be it refused.
            self._more = self._more and more

        request.answered, request.granted = answered, granted
        request.read = lambda answer: request.id
        return self._ask(request)

    def unsubscribe(self, subscription: int) -> Request[None]:
        """UNSUBSCRIBE."""
        request = self._make(FrameType.UNSUBSCRIBE, {"subscription": subscription}, repeats=True)
        request.granted = lambda: _forget(self._subscriptions, subscription)
        return self._ask(request)

    def join(self, room: str, deadline: float) -> Request[str]:
        """JOIN; `deadline` in seconds."""
        request = self._make(FrameType.JOIN, _room(room, deadline), repeats=True)
        request.patience = deadline
        request.granted = lambda: self._rooms.update({room: None})
        request.read = lambda answer: answer.state or ""
        return self._ask(request)

    def leave(self, room: str) -> Request[None]:
        """LEAVE."""
        request = self._make(FrameType.LEAVE, {"room": room}, repeats=True)
        request.granted = lambda: _forget(self._rooms, room)
        return self._ask(request)

    def ack(self, position: Position | None, now: float) -> None:
        """ACK, of `position` or of what has been taken out, that nobody waits for; a refusal becomes a Problem."""
        self._acks.add(self._acknowledged(position))
        self.send_acks(now)

    def send_acks(self, now: float | None) -> None:
        """Sends what is due; `now` as for Acks.next()."""
        position = self._acks.next(now) if self._began and not self._is_used_up else None
        if position is None:
            return
        request: Request[None] = self._make(FrameType.ACK, {"epoch": position.epoch, "seq": position.seq})

        def refused(error: Problem) -> None:
            self._acks.answered(request.id)
            self._keep(error)

        request.granted, request.refused = (lambda: self._acks.answered(request.id)), refused
        self._acks.sent(request.id, position)
        self._ask(request)

    @property
    def acks_outstanding(self) -> bool:
        """Whether the daemon may not have the newest acknowledgement yet."""
        return self._acks.outstanding

    def ack_and_wait(self, position: Position | None) -> Request[bool]:
        """ACK whose answer, whether it is durable, is waited for."""
        acknowledged = self._acknowledged(position)
        request = self._make(FrameType.ACK, {"epoch": acknowledged.epoch, "seq": acknowledged.seq}, repeats=True)
        request.read = lambda answer: bool(answer.durable)
        self.send_acks(None)
        return self._ask(request)

    def emit(self, event: str, arguments: Arguments, ack: bool, deadline: float) -> Request[EmitResult]:
        """EMIT; `deadline` in seconds."""
        _check_name("event", event)
        head: dict[str, Any] = {"event": event, "ack": ack, "deadline_ms": round(deadline * 1000)}
        if arguments.attachments:
            head["attachments"] = [len(item) for item in arguments.attachments]
        request = self._make(FrameType.EMIT, head, arguments.json + b"".join(arguments.attachments))
        request.patience, request.outcome = deadline, True
        request.read = lambda answer: EmitResult(answer.outcome or "", answer.arguments)
        return self._ask(request)

    def call(self, method: str, params: dict[str, Any] | None) -> Request[Any]:
        """CALL."""
        request = self._make(FrameType.CALL, {"method": method, "params": params or {}})
        # The daemon's own JSON.
        request.read = lambda answer: Arguments(b"[" + answer.arguments.json + b"]").parse()[0]
        return self._ask(request)

    def ping(self, deadline: float) -> Request[None]:
        """PING; `deadline` in seconds is a wish."""
        return self._ask(self._make(FrameType.PING, {"deadline_ms": round(deadline * 1000)}))

    def _make(self, type: FrameType, head: dict[str, Any], payload: bytes = b"", repeats: bool = False) -> Request[Any]:
        limit = self.welcome.body_limit if self.welcome else MAX_BODY
        frame = encode_frame(type, {"id": self._next_id, **head}, payload, limit)
        request: Request[Any] = Request(self._next_id, frame, repeats=repeats)
        self._next_id += 1
        return request

    def _ask(self, request: Request[T]) -> Request[T]:
        """Sends it now, or on the next connection."""
        self._open[request.id] = request
        if self.greeted and not self._is_used_up:
            self._output += request.frame
            request.sent = True
        return request

    def _acknowledged(self, position: Position | None) -> Position:
        acknowledged = position or self.position
        if self._subscriber is None:
            raise ValueError('ack() is for named subscribers: Client(subscriber="till-3")')
        if acknowledged is None:
            raise ValueError("nothing has been received yet")
        return acknowledged

    # ---- what a connection's end and beginning mean ----

    def _may_come_back(self, error: RoombridgeError) -> bool:
        if isinstance(error, ConnectionClosed):
            sensible = error.reconnect
        elif isinstance(error, ConnectError):
            sensible = error.may_pass or self.welcome is not None
        else:
            sensible = isinstance(error, RequestTimeout)  # else it breaks the protocol, and will again
        return self._reconnect and sensible

    def _drop_connection(self, error: RoombridgeError) -> None:
        self.greeted = self._began = False
        self._acks.lost()
        for request in list(self._open.values()):
            if request.sent and (not request.repeats or request.abandoned):
                request.fail(error)
                del self._open[request.id]
            request.sent = False

    def _welcomed(self, welcome: Welcome) -> None:
        self.welcome = welcome
        self.greeted = True
        self.away = None
        asked = list(self._open.values())
        if self._subscriptions:
            self._subscribe_again()
        else:
            self._begin_at(Position(welcome.epoch, welcome.newest))
        for room in self._rooms:
            request: Request[None] = self._make(FrameType.JOIN, _room(room, JOIN_DEADLINE))
            self._ask_again(request, self._rooms, room)
        for request in asked:
            self._ask(request)
        self.send_acks(None)

    def _subscribe_again(self) -> None:
        """All at one position, under the ids that the program knows."""
        self._began = True
        last = next(reversed(self._subscriptions))
        beginning = _beginning(self._received, self._snapshot, self._slow, False)
        for id, wanted in self._subscriptions.items():
            head = {"id": id, **wanted, **beginning}
            if id != last or self._more:
                head["more"] = True
            request: Request[None] = Request(id, encode_frame(FrameType.SUBSCRIBE, head))
            self._ask_again(request, self._subscriptions, id, bool(beginning))
            beginning = {}

    def _ask_again(self, request: Request[None], book: dict[Any, Any], key: Any, first: bool = False) -> None:
        """A refusal takes `key` out of the book, and is told like one that is revoked."""

        def refused(error: Problem) -> None:
            self._keep(replace(error, **{"room" if book is self._rooms else "subscription": key}))
            # The position went with the first one: the others have to begin there.
            self._cut = self._cut or (first and bool(book))

        request.refused = refused
        self._ask(request)

    def _begin(self, since: Position | None) -> None:
        """The first SUBSCRIBE of a connection that goes on from no other was granted: where the stream begins."""
        self._began = True
        begin = since or (self.welcome.position if self.welcome else None)
        if begin is not None:
            self._begin_at(begin)

    def _begin_at(self, begin: Position) -> None:
        """What comes from now on comes behind `begin`. While older messages wait, `position` stays: an ack() would pass
        over them. The first message of the new stream moves it."""
        self._received = begin
        if all(place is None for _, place in self._inbox):
            self.position = begin

    # ---- frames ----

    def _handle(self, message: Any) -> None:
        if isinstance(message, Event) and self.greeted:
            self._keep(message)  # nearly all that comes
        elif message is None:
            pass
        elif isinstance(message, Bye):
            text = f"{self._fatal.name}: {self._fatal.text}" if self._fatal else message.text
            self.close(message.reason, text, message.reconnect)
        elif isinstance(message, Problem) and message.fatal:
            self._fatal = message
        elif isinstance(message, Welcome):
            self._welcomed(message)
        elif not self.greeted:
            raise ProtocolError(102, "hello_expected", f"{type(message).__name__} before WELCOME")
        elif isinstance(message, Ping):
            self._output += encode_frame(FrameType.PONG, {"id": message.id})
        elif isinstance(message, (Result, Pong)):
            if (request := self._open.pop(message.id, None)) is not None:
                request.settle(message)
        else:
            self._keep(message)

    def _keep(self, message: Message) -> None:
        """Into the inbox, unless the stream is cut: then the next connection brings it again."""
        if isinstance(message, Status):
            self.status = message
        if isinstance(message, (Event, Gap, Live, Status)):
            if not self._fits(message):
                return
        elif isinstance(message, Problem):
            _forget(self._subscriptions, message.subscription)
            _forget(self._rooms, message.room)
        self._advance(message)
        self._inbox.append((message, self._received if isinstance(message, (Event, Gap, Live)) else None))
        self.inbox_bytes += _cost(message)

    def _fits(self, message: Message) -> bool:
        """A snapshot is kept whole, with the Live behind it: the daemon bounds it, and asked for again it would begin
        anew."""
        part_of_snapshot = message.retained if isinstance(message, Event) else self._snapshot
        full = self._resumable and self.inbox_bytes > self._inbox_limit and not part_of_snapshot
        self._cut = self._cut or full
        return not self._cut

    def _advance(self, message: Message) -> None:
        assert self._received is not None
        if isinstance(message, Gap):
            self._received = Position(message.epoch or self._received.epoch, message.last)
        elif isinstance(message, Live):
            self._received = Position(self._received.epoch, message.seq)
            self._snapshot = False
        elif isinstance(message, Event) and not message.retained:
            self._received = Position(self._received.epoch, message.seq)


def _wanted(events: Iterable[str], topics: Iterable[str], fields: Fields | None) -> dict[str, Any]:
    head: dict[str, Any] = {}
    for key, patterns in (("events", events), ("topics", topics)):
        if isinstance(patterns, str):
            raise ValueError(f"{key} is a list of patterns, not one text")
        if listed := list(patterns):
            head[key] = listed
    if fields:
        head["fields"] = {name: _field_values(name, values) for name, values in fields.items()}
    return head


def _beginning(since: Position | None, snapshot: bool, slow: str, more: bool) -> dict[str, Any]:
    head: dict[str, Any] = {}
    if since is not None:
        head["since"] = {"epoch": since.epoch, "seq": since.seq}
    if snapshot:
        head["snapshot"] = True
    if slow != "gap":
        head["slow"] = slow
    if more:
        head["more"] = True
    return head


def _check_name(of: str, name: str) -> None:
    """Of what goes to the server."""
    if has_control_character(name):
        raise ValueError(f"no {of} has a name with control characters: {printable(name)}")


def _room(room: str, deadline: float) -> dict[str, Any]:
    _check_name("room", room)
    return {"room": room, "deadline_ms": round(deadline * 1000)}


def _field_values(name: str, values: Iterable[str | int | bool]) -> list[str]:
    if isinstance(values, str):
        raise ValueError(f"{name} has a list of values, not one text")
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in values]


def _forget(book: dict[Any, Any], key: Any) -> None:
    book.pop(key, None)


def _cost(message: Message) -> int:
    if not isinstance(message, Event):
        return MESSAGE_COST
    return MESSAGE_COST + len(message.arguments.json) + sum(map(len, message.arguments.attachments))
