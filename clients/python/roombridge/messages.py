# SPDX-License-Identifier: MIT
"""What the daemon says, as immutable values (proto/PROTOCOL.md sections 5 and 6). No I/O.

Payloads stay bytes. They are parsed only when somebody asks for `args`; see payload.py for what Python cannot hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Union

from .errors import PayloadError, ProtocolError, RequestError
from .payload import parse_json
from .protocol import MAX_INTEGER, Frame, FrameType


DISCONNECTED = "disconnected"
"""The one state that no daemon tells: this program has no connection to it."""
STATES = ("offline", "connecting", "connected", "authenticating", "authenticated")
ROOM_STATES = ("waiting", "joining", "asked", "joined")


@dataclass(frozen=True)
class Arguments:
    """The arguments of an event or of an acknowledgement: the JSON array as it was written, and its binary
    attachments."""

    json: bytes = b"[]"
    attachments: tuple[bytes, ...] = ()

    def parse(self) -> list[Any]:
        """The arguments as Python values, attachments in their places as bytes.

        A part that Python cannot hold, since it nests too deep or is an integer too long, is an Unparsed: its text. A
        lone surrogate becomes a str that cannot be encoded as UTF-8; printing its repr() is safe. Raises PayloadError
        for what is no JSON array, which a daemon does not send.
        """
        try:
            value = parse_json(self.json.decode(), self._place if self.attachments else None)
        except (ValueError, RecursionError) as error:
            raise PayloadError(f"the payload is no JSON: {error}") from error
        if not isinstance(value, list):
            raise PayloadError("the payload is not a JSON array")
        return value

    def _place(self, value: dict[str, Any]) -> Any:
        number: Any = value.get("num")
        usable = _fits(number, int) and number < len(self.attachments)
        return self.attachments[number] if usable and value.get("_placeholder") is True else value


@dataclass(frozen=True)
class Sight:
    """Events that may be seen: those with one of these names and one of these topics, as patterns."""

    events: tuple[str, ...]
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Permissions:
    """What the daemon's access rules let this program do; `hold` (rooms) and `emit` (events) are patterns."""

    see: tuple[Sight, ...] = ()
    hold: tuple[str, ...] = ()
    emit: tuple[str, ...] = ()


@dataclass(frozen=True)
class Position:
    """A place in the daemon's log: that of the last record which somebody has handled. Two values, easily stored."""

    epoch: str
    seq: int


@dataclass(frozen=True)
class Welcome:
    """The daemon's greeting. `newest`: the newest seq in its log; `body_limit`: the largest body in bytes.

    `may`: None where the daemon does not say it. `position`: of a named subscriber, up to where it has acknowledged;
    None for one that is new.
    """

    version: int
    server: str
    epoch: str
    newest: int
    body_limit: int
    may_control: bool
    may: Permissions | None = None
    position: Position | None = None


@dataclass(frozen=True)
class Event:
    """An event. `time`: µs since the Unix epoch, when the daemon received it.

    `unexpected`: not what its profile expects. `retained`: it came before, and is part of a snapshot.
    """

    seq: int
    time: int
    name: str
    topics: tuple[str, ...] = ()
    unexpected: bool = False
    arguments: Arguments = field(default_factory=Arguments)
    retained: bool = False

    @cached_property
    def args(self) -> list[Any]:
        """The arguments, parsed at the first use; see Arguments.parse. `arguments.json` has the bytes in any case."""
        return self.arguments.parse()


@dataclass(frozen=True)
class Status:
    """The state of the daemon's connection to the server; `since` and `next_attempt` are µs since the Unix epoch.

    The state "disconnected" is this program's own: it has lost the daemon, and is trying to come back. `cause` is the
    daemon's reason then ("shutdown", …, or "eof"). When it has come back, the daemon tells its own state.

    `cause` and `text` say why the last connection ended or an attempt failed; empty when nothing did, and when
    authenticated. `transport`: "websocket" or "polling", empty while offline.
    """

    state: str
    since: int = 0
    rooms: tuple[str, ...] = ()
    cause: str = ""
    text: str = ""
    next_attempt: int | None = None
    transport: str = ""

    @property
    def summary(self) -> str:
        """One of three words for people: "offline", "connected" or "authenticated"."""
        return {"authenticated": "authenticated", "connected": "connected", "authenticating": "connected"}.get(
            self.state, "offline"
        )


@dataclass(frozen=True)
class Live:
    """What follows is live; events up to `seq` lie before the subscription."""

    seq: int


@dataclass(frozen=True)
class Gap:
    """Events that this client did not get: within `first`..`last` lay `count` that its subscriptions match (None:
    unknown).

    `reason`: "slow"; "oversize" (`event` and `bytes` say which); "upstream" (between the times `from_time` and
    `until`, µs); "expired" (the log does not reach back to the position that was asked for); "crash" (the daemon
    ended without warning, or its disk failed; between the times, where they are known); "epoch" (`epoch` begins:
    another user, another server, another life of the daemon).
    """

    first: int
    last: int
    count: int | None
    reason: str
    event: str | None = None
    bytes: int | None = None
    from_time: int | None = None
    until: int | None = None
    epoch: str | None = None


@dataclass(frozen=True)
class Trace:
    """One line of what passes between the daemon and the server, while a call of `trace` is open. `time`: µs since
    the Unix epoch; `line`: the frame's other fields."""

    time: int
    line: dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """What was wrong: alone a mistake that answers no request (an ERROR frame). When `fatal`, the daemon closes.

    When it is `revoked`: the id of the subscription that has ended, or the room that has been let go of. So it is when
    the daemon, after a restart, refused what it had granted before.
    """

    code: int
    name: str
    text: str
    retry: bool
    fatal: bool
    subscription: int | None = None
    room: str | None = None

    def error(self) -> RequestError:
        """As an exception."""
        return RequestError(self.code, self.name, self.text, self.retry)


@dataclass(frozen=True)
class Result:
    """The answer to request `id`; `error` is None when it was granted. `outcome` is an EMIT's, `state` a JOIN's,
    `durable` an ACK's."""

    id: int
    error: Problem | None = None
    outcome: str | None = None
    arguments: Arguments = field(default_factory=Arguments)
    state: str | None = None
    durable: bool | None = None


@dataclass(frozen=True)
class Bye:
    """The daemon's last words. `reconnect`: coming back makes sense."""

    reason: str
    text: str
    reconnect: bool


@dataclass(frozen=True)
class Ping:
    """Asks for a Pong with the same id."""

    id: int


@dataclass(frozen=True)
class Pong:
    """The answer to our ping `id`."""

    id: int


@dataclass(frozen=True)
class EmitResult:
    """The outcome of an emit that did not fail: "acked" with the acknowledgement's arguments, or "sent_unknown"."""

    outcome: str
    arguments: Arguments

    @cached_property
    def args(self) -> list[Any]:
        """The acknowledgement's arguments, parsed at the first use; see Arguments.parse."""
        return self.arguments.parse()


Message = Union[Event, Gap, Status, Live, Problem, Trace]
"""What a client hands out to whoever iterates over everything."""


def parse_frame(frame: Frame) -> Welcome | Message | Result | Bye | Ping | Pong | None:
    """The daemon's frame as a value; None for a type to be skipped.

    Raises ProtocolError `bad_head` or `bad_payload`.
    """
    parser = _PARSERS.get(frame.type)
    return parser(_Head(frame)) if parser else None


class _Head:
    """Reads fields with their types checked, so that a wrong one is a named error and not a surprise later."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._fields = frame.head

    def get(self, name: str, kind: type, default: Any = None) -> Any:
        value = self._fields.get(name)
        if value is None:
            return default
        if not _fits(value, kind):
            raise self.bad(name)
        return value

    def need(self, name: str, kind: type) -> Any:
        value = self.get(name, kind)
        if value is None:
            raise self.bad(name)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.get(name, list, [])
        if not all(isinstance(item, str) for item in value):
            raise self.bad(name)
        return tuple(value)

    def arguments(self) -> Arguments:
        sizes = self.get("attachments", list, [])
        payload = self._frame.payload
        if not all(type(size) is int and size >= 0 for size in sizes) or sum(sizes) > len(payload):
            raise ProtocolError(207, "bad_payload", "the attachments do not fit into the payload")
        begin = end = len(payload) - sum(sizes)
        attachments = []
        for size in sizes:
            attachments.append(payload[begin : begin + size])
            begin += size
        return Arguments(payload[:end] or b"[]", tuple(attachments))

    def inside(self, name: str) -> _Head:
        return _Head(Frame(self._frame.type, self.need(name, dict)))

    def others(self, *names: str) -> dict[str, Any]:
        return {name: value for name, value in self._fields.items() if name not in names}

    def each_inside(self, name: str) -> list[_Head]:
        value = self.need(name, list)
        if not all(isinstance(item, dict) for item in value):
            raise self.bad(name)
        return [_Head(Frame(self._frame.type, item)) for item in value]

    def bad(self, name: str) -> ProtocolError:
        return ProtocolError(
            106, "bad_head", f'"{name}" in {FrameType(self._frame.type).name} is missing or of a wrong type'
        )


def _fits(value: Any, kind: type) -> bool:
    # bool is an int in Python, not in JSON.
    if kind is int:
        return type(value) is int and 0 <= value <= MAX_INTEGER
    return isinstance(value, kind)


def _epoch(head: _Head, text: str | None) -> Any:
    if text is not None and not re.fullmatch("[0-9a-f]{16}", text):
        raise head.bad("epoch")
    return text


def _welcome(head: _Head) -> Welcome:
    return Welcome(
        version=head.need("version", int),
        server=head.need("server", str),
        epoch=_epoch(head, head.need("epoch", str)),
        newest=head.need("newest", int),
        body_limit=head.inside("limits").need("body", int),
        may_control=head.inside("may").need("control", bool),
        may=_permissions(head.inside("may")),
        position=_position(head),
    )


def _position(head: _Head) -> Position | None:
    if head.get("position", dict) is None:
        return None
    inner = head.inside("position")
    return Position(_epoch(inner, inner.need("epoch", str)), inner.need("seq", int))


def _permissions(head: _Head) -> Permissions | None:
    if head.get("see", list) is None:
        return None
    see = tuple(Sight(each.texts("events"), each.texts("topics")) for each in head.each_inside("see"))
    return Permissions(see, head.texts("hold"), head.texts("emit"))


def _event(head: _Head) -> Event:
    return Event(
        seq=head.need("seq", int),
        time=head.need("time", int),
        name=head.need("event", str),
        topics=head.texts("topics"),
        unexpected=head.get("unexpected", bool, False),
        arguments=head.arguments(),
        retained=head.get("retained", bool, False),
    )


def _status(head: _Head) -> Status:
    state = head.need("state", str)
    if state not in STATES:
        raise head.bad("state")
    return Status(
        state=state,
        since=head.need("since", int),
        rooms=head.texts("rooms"),
        cause=head.get("cause", str, ""),
        text=head.get("text", str, ""),
        next_attempt=head.get("next_attempt", int),
        transport=head.get("transport", str, ""),
    )


def _gap(head: _Head) -> Gap:
    return Gap(
        first=head.need("first", int),
        last=head.need("last", int),
        count=head.get("count", int),
        reason=head.need("reason", str),
        event=head.get("event", str),
        bytes=head.get("bytes", int),
        from_time=head.get("from", int),
        until=head.get("until", int),
        epoch=_epoch(head, head.get("epoch", str)),
    )


def _result(head: _Head) -> Result:
    ok = head.need("ok", bool)
    state = head.get("state", str)
    if state is not None and state not in ROOM_STATES:
        raise head.bad("state")
    return Result(
        id=head.need("id", int),
        error=None if ok else _problem(head.inside("error")),
        outcome=head.get("outcome", str),
        arguments=head.arguments(),
        state=state,
        durable=head.get("durable", bool),
    )


def _problem(head: _Head) -> Problem:
    return Problem(
        code=head.need("code", int),
        name=head.need("name", str),
        text=head.get("text", str, ""),
        retry=head.get("retry", bool, False),
        fatal=head.get("fatal", bool, False),
        subscription=head.get("subscription", int),
        room=head.get("room", str),
    )


def _bye(head: _Head) -> Bye:
    return Bye(head.need("reason", str), head.get("text", str, ""), head.get("reconnect", bool, False))


_PARSERS: dict[int, Any] = {
    FrameType.WELCOME: _welcome,
    FrameType.EVENT: _event,
    FrameType.STATUS: _status,
    FrameType.LIVE: lambda head: Live(head.need("seq", int)),
    FrameType.GAP: _gap,
    FrameType.RESULT: _result,
    FrameType.ERROR: _problem,
    FrameType.BYE: _bye,
    FrameType.TRACE: lambda head: Trace(head.need("time", int), head.others("time")),
    FrameType.PING: lambda head: Ping(head.need("id", int)),
    FrameType.PONG: lambda head: Pong(head.need("id", int)),
}
