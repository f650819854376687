# SPDX-License-Identifier: MIT
"""One conversation with the daemon as a machine without I/O: bytes received in; messages, answers and bytes to send
out.

The sync and the asyncio client are thin drivers of it. Invariants: an id is never used twice; an answer is kept only
while somebody waits for it; after Bye, an error or end of file nothing more is understood, and `closed` says why.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import ConnectionClosed, ProtocolError, RequestError
from .messages import Arguments, Bye, Event, Gap, Live, Message, Ping, Pong, Position, Problem, Result, Status, Welcome, parse_frame
from .protocol import MAX_BODY, VERSION, FrameDecoder, FrameType, encode_frame, encode_json

DEFAULT_SOCKET = "/run/roombridge/roombridge.sock"
# What a message costs beside its payload, roughly: the bound on the inbox must hold for tiny events too.
MESSAGE_COST = 512

# Values of fields by which one subscribes: `{"shopId": [7, 8]}`.
Fields = Mapping[str, Iterable[str | int | bool]]


def default_path() -> str:
    """Where the daemon listens when nothing is said: $ROOMBRIDGE_SOCKET, else the packaged place."""
    return os.environ.get("ROOMBRIDGE_SOCKET") or DEFAULT_SOCKET


def default_name() -> str:
    """The program's name, for people who look at the daemon's subscribers."""
    return os.path.basename(sys.argv[0] if sys.argv else "") or "python"


class Session:
    """See the module.

    Methods that make a request return `(id, bytes to send)` and raise ValueError for what cannot be sent.
    """

    def __init__(self, name: str, subscriber: str | None = None) -> None:
        """`name` is cut to the 64 bytes that HELLO allows. `subscriber`: the name whose position the daemon keeps."""
        self.inbox: deque[Message] = deque()
        self.inbox_bytes = 0
        self.welcome: Welcome | None = None
        self.status: Status | None = None
        self.position: Position | None = None
        self.closed: ConnectionClosed | ProtocolError | None = None
        self._name = name.encode(errors="replace")[:64].decode(errors="ignore")
        self._subscriber = subscriber
        self._subscribed = False
        self._decoder = FrameDecoder()
        self._output = bytearray()
        self._next_id = 1
        self._waiting: set[int] = set()
        self._results: dict[int, Result | Pong] = {}
        self._fatal: Problem | None = None

    def hello(self) -> bytes:
        """The first bytes to send."""
        head: dict[str, Any] = {"versions": [VERSION], "client": self._name}
        if self._subscriber is not None:
            head["subscriber"] = self._subscriber
        return encode_frame(FrameType.HELLO, head)

    def receive(self, data: bytes) -> None:
        """Takes what was received, b"" for end of file. What it means is in `inbox`, `status`, `closed` and
        take_result()."""
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
        """Ends the session; the first reason stays."""
        if self.closed is None:
            self.closed = ConnectionClosed(reason, text, reconnect)

    def take_output(self) -> bytes:
        """Bytes that must be sent now: answers to the daemon's pings."""
        data = bytes(self._output)
        self._output.clear()
        return data

    def take_message(self) -> Message | None:
        """The next message of the inbox."""
        if not self.inbox:
            return None
        message = self.inbox.popleft()
        self.inbox_bytes -= _cost(message)
        self._advance(message)
        return message

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
    ) -> tuple[int, bytes]:
        """SUBSCRIBE; its id names the subscription."""
        head: dict[str, Any] = {}
        for key, patterns in (("events", events), ("topics", topics)):
            if isinstance(patterns, str):
                raise ValueError(f"{key} is a list of patterns, not one text")
            if listed := list(patterns):
                head[key] = listed
        if fields:
            head["fields"] = {name: _field_values(name, values) for name, values in fields.items()}
        if since is not None:
            head["since"] = {"epoch": since.epoch, "seq": since.seq}
        if snapshot:
            head["snapshot"] = True
        if slow != "gap":
            head["slow"] = slow
        if more:
            head["more"] = True
        if replaces is not None:
            head["replaces"] = replaces
        return self._request(FrameType.SUBSCRIBE, head)

    def began(self, since: Position | None) -> None:
        """A SUBSCRIBE was granted: the first one says where the stream begins."""
        first, self._subscribed = not self._subscribed, True
        kept = self.welcome.position if self.welcome else None
        if since is not None:
            self.position = since
        elif first and kept is not None:
            self.position = kept

    def ack(self, position: Position | None) -> tuple[int, bytes]:
        """ACK, of `position` or of what has been taken out of the inbox."""
        acknowledged = position or self.position
        if acknowledged is None:
            raise ValueError("nothing has been received yet")
        return self._request(FrameType.ACK, {"epoch": acknowledged.epoch, "seq": acknowledged.seq})

    def unsubscribe(self, subscription: int) -> tuple[int, bytes]:
        """UNSUBSCRIBE."""
        return self._request(FrameType.UNSUBSCRIBE, {"subscription": subscription})

    def join(self, room: str, deadline: float) -> tuple[int, bytes]:
        """JOIN; `deadline` in seconds."""
        return self._request(FrameType.JOIN, {"room": room, "deadline_ms": round(deadline * 1000)})

    def leave(self, room: str) -> tuple[int, bytes]:
        """LEAVE."""
        return self._request(FrameType.LEAVE, {"room": room})

    def emit(self, event: str, arguments: Arguments, ack: bool, deadline: float) -> tuple[int, bytes]:
        """EMIT; `deadline` in seconds."""
        head: dict[str, Any] = {"event": event, "ack": ack, "deadline_ms": round(deadline * 1000)}
        if arguments.attachments:
            head["attachments"] = [len(item) for item in arguments.attachments]
        return self._request(FrameType.EMIT, head, arguments.json + b"".join(arguments.attachments))

    def call(self, method: str, params: dict[str, Any] | None) -> tuple[int, bytes]:
        """CALL."""
        return self._request(FrameType.CALL, {"method": method, "params": params or {}})

    def ping(self, deadline: float) -> tuple[int, bytes]:
        """PING; `deadline` in seconds is a wish."""
        return self._request(FrameType.PING, {"deadline_ms": round(deadline * 1000)})

    def take_result(self, id: int) -> Result | Pong | None:
        """The answer to a request, once it is there. Raises RequestError when it is a refusal."""
        result = self._results.pop(id, None)
        if isinstance(result, Result) and (error := result.error) is not None:
            raise RequestError(error.code, error.name, error.text, error.retry, result.outcome)
        return result

    def abandon(self, id: int) -> None:
        """Nobody waits for this answer any more."""
        self._waiting.discard(id)
        self._results.pop(id, None)

    def _request(self, type: FrameType, head: dict[str, Any], payload: bytes = b"") -> tuple[int, bytes]:
        limit = self.welcome.body_limit if self.welcome else MAX_BODY
        frame = encode_frame(type, {"id": self._next_id, **head}, payload, limit)
        id = self._next_id
        self._next_id += 1
        self._waiting.add(id)
        return id, frame

    def _advance(self, message: Message) -> None:
        assert self.position is not None
        if isinstance(message, Gap):
            self.position = Position(message.epoch or self.position.epoch, message.last)
        elif isinstance(message, Live) or (isinstance(message, Event) and not message.retained):
            self.position = Position(self.position.epoch, message.seq)

    def _handle(self, message: Any) -> None:
        if message is None:
            return
        if isinstance(message, Bye):
            text = f"{self._fatal.name}: {self._fatal.text}" if self._fatal else message.text
            self.close(message.reason, text, message.reconnect)
        elif isinstance(message, Problem) and message.fatal:
            self._fatal = message
        elif isinstance(message, Welcome):
            self.welcome = message
            self.position = Position(message.epoch, message.newest)
        elif self.welcome is None:
            raise ProtocolError(102, "hello_expected", f"{type(message).__name__} before WELCOME")
        elif isinstance(message, Ping):
            self._output += encode_frame(FrameType.PONG, {"id": message.id})
        elif isinstance(message, (Result, Pong)):
            if message.id in self._waiting:
                self._waiting.remove(message.id)
                self._results[message.id] = message
        else:
            if isinstance(message, Status):
                self.status = message
            self.inbox.append(message)
            self.inbox_bytes += _cost(message)


def make_arguments(values: tuple[Any, ...]) -> Arguments:
    """The arguments of an emit: anything that json.dumps takes, and bytes, which become attachments.

    Raises ValueError.
    """
    attachments: list[bytes] = []

    def place(value: Any) -> Any:
        if isinstance(value, (bytes, bytearray, memoryview)):
            attachments.append(bytes(value))
            return {"_placeholder": True, "num": len(attachments) - 1}
        if isinstance(value, dict):
            return {key: place(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [place(item) for item in value]
        return value

    try:
        placed = place(values)
    except RecursionError as error:
        raise ValueError("the arguments nest too deep") from error
    return Arguments(encode_json(placed), tuple(attachments))


def _field_values(name: str, values: Iterable[str | int | bool]) -> list[str]:
    if isinstance(values, str):
        raise ValueError(f"{name} has a list of values, not one text")
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in values]


def _cost(message: Message) -> int:
    if not isinstance(message, Event):
        return MESSAGE_COST
    return MESSAGE_COST + len(message.arguments.json) + sum(map(len, message.arguments.attachments))
