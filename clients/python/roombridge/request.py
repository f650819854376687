# SPDX-License-Identifier: MIT
"""A request to the daemon, from its bytes to what the program gets for it. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Optional, TypeVar, Union

from .errors import ConnectionClosed, RequestError, RequestTimeout, RoombridgeError
from .messages import Arguments, Pong, Problem, Result
from .protocol import encode_json


T = TypeVar("T")


@dataclass(eq=False)
class Request(Generic[T]):
    """`frame`: its bytes. `patience`: seconds that its answer may take beyond the client's own `timeout`.

    `repeats`: asking the next connection again does no harm. `outcome`: what becomes of it can be told, as of an EMIT.
    `read`: makes the program's value of the answer. `granted`, `refused`: what the session does at the answer;
    without `refused` whoever waits gets a RequestError.
    """

    id: int
    frame: bytes
    patience: float = 0.0
    repeats: bool = False
    outcome: bool = False
    read: Callable[[Any], Any] = lambda answer: None  # the T
    answered: Optional[Callable[[], None]] = None  # whatever the answer says
    granted: Optional[Callable[[], None]] = None
    refused: Optional[Callable[[Problem], None]] = None
    sent: bool = False
    abandoned: bool = False
    answer: Union[Result, Pong, None] = None
    failure: Optional[Exception] = None

    @property
    def waits(self) -> bool:
        """Whether the program waits for its answer."""
        return self.refused is None and not self.abandoned

    @property
    def done(self) -> bool:
        return self.answer is not None or self.failure is not None

    def value(self) -> T:
        """What the program gets, once it is done; raises what it gets instead."""
        if self.failure is not None:
            raise self.failure
        if isinstance(self.answer, Result) and (error := self.answer.error) is not None:
            raise RequestError(error.code, error.name, error.text, error.retry, self.answer.outcome)
        value: T = self.read(self.answer)
        return value

    def settle(self, answer: Result | Pong) -> None:
        """The answer has come."""
        self.answer = answer
        if self.answered is not None:
            self.answered()
        error = answer.error if isinstance(answer, Result) else None
        if error is not None and self.refused is not None:
            self.refused(error)
        if error is None and self.granted is not None:
            self.granted()

    def fail(self, why: Exception) -> None:
        """There will be no answer."""
        self.failure = why
        if isinstance(why, ConnectionClosed):
            self.failure = ConnectionClosed(why.reason, why.text, why.reconnect, self._fate())

    def timed_out(self, away: RoombridgeError | None) -> RequestTimeout:
        """The error for a program that has waited long enough; `away`: why there is no connection."""
        text = f"there was no connection to the daemon: {away}" if away else "the daemon has not answered in time"
        return RequestTimeout(text, self._fate())

    def _fate(self) -> str | None:
        if not self.outcome:
            return None
        return "sent_unknown" if self.sent else "not_sent"


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
