# SPDX-License-Identifier: MIT
"""The events of the booking backend as typed values. The daemon knows nothing of them: they belong to its default
profile.

Reading is tolerant, as in the C++ client: what is absent or of another type is empty, what is not known is `unknown`,
other fields are in `fields`. Nothing that a server sends is an exception: an event without its object or without its
own id is a ParseFailure, to be handled or passed over like any other value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal, Union

from .errors import PayloadError
from .messages import Event
from .payload import Unparsed

Id = Union[str, int]
UpdateType = Literal["unknown", "created", "confirmed", "cancelled", "modified", "completed"]
UPDATE_TYPES: tuple[UpdateType, ...] = ("created", "confirmed", "cancelled", "modified", "completed")
"""Those that are known."""


@dataclass(frozen=True)
class ParseFailure:
    """An event of the profile that has not the shape which the profile promises. `text` is for people."""

    text: str


@dataclass(frozen=True)
class BookingEvent:
    """`fields`: the whole object as the server sent it, also what has no name here.

    Texts here can be printed: a lone surrogate, which has no UTF-8, is U+FFFD in them (and as it was in `fields`).
    """

    fields: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class ReservationUpdate(BookingEvent):
    """`reservation_update`: something happened to a reservation. `type_text`: the server's word for what, also where
    `update_type` is "unknown"."""

    reservation_id: Id
    status: str | None
    shop_id: Id | None
    user_id: Id | None
    update_type: UpdateType
    timestamp: str | int | float | None
    type_text: str = ""


@dataclass(frozen=True)
class PaymentUpdate(BookingEvent):
    """`payment_update`: a payment changed its state; `amount` in the backend's currency unit, a finite number."""

    payment_id: Id
    reservation_id: Id | None
    status: str | None
    amount: int | float | None
    timestamp: str | int | float | None


@dataclass(frozen=True)
class Notification(BookingEvent):
    """`notification` and `admin_notification`: to be shown to a person."""

    id: Id
    type: str | None
    title: str
    body: str
    timestamp: str | int | float | None


Update = Union[ReservationUpdate, PaymentUpdate, Notification]


class _Fields:
    """Of an event's first argument. What is not of the wanted kind is None."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        return _without_surrogates(value) if type(value) is str else None

    def number(self, name: str) -> int | float | None:
        value = self.values.get(name)
        # bool is an int in Python, not in JSON.
        return value if isinstance(value, (int, float)) and type(value) is not bool and _is_double(value) else None

    def id(self, name: str) -> Id | None:
        """An empty text names nothing; an integer that Python cannot hold is its digits."""
        value = self.values.get(name)
        if isinstance(value, Unparsed) and value.lstrip("-").isdecimal():
            return str(value)
        return value if type(value) is int else self.text(name) or None

    def time(self, name: str) -> str | int | float | None:
        text = self.text(name)
        return self.number(name) if text is None else text


def _reservation(source: _Fields) -> ReservationUpdate | str:
    reservation_id = source.id("reservationId")
    if reservation_id is None:
        return "reservationId"
    said = source.text("updateType")
    known: UpdateType = next((known for known in UPDATE_TYPES if known == said), "unknown")
    return ReservationUpdate(
        fields=source.values,
        reservation_id=reservation_id,
        status=source.text("status"),
        shop_id=source.id("shopId"),
        user_id=source.id("userId"),
        update_type=known,
        timestamp=source.time("timestamp"),
        type_text=said or "",
    )


def _payment(source: _Fields) -> PaymentUpdate | str:
    payment_id = source.id("paymentId")
    if payment_id is None:
        return "paymentId"
    return PaymentUpdate(
        fields=source.values,
        payment_id=payment_id,
        reservation_id=source.id("reservationId"),
        status=source.text("status"),
        amount=source.number("amount"),
        timestamp=source.time("timestamp"),
    )


def _notification(source: _Fields) -> Notification | str:
    own = source.id("id")
    if own is None:
        return "id"
    return Notification(
        fields=source.values,
        id=own,
        type=source.text("type"),
        title=source.text("title") or "",
        body=source.text("body") or "",
        timestamp=source.time("timestamp"),
    )


_READERS: dict[str, Callable[[_Fields], Update | str]] = {
    "reservation_update": _reservation,
    "payment_update": _payment,
    "notification": _notification,
    "admin_notification": _notification,
}


def parse(event: Event) -> Update | ParseFailure | None:
    """The event as a typed value; None for events that have no type here. Raises nothing, whatever the server sent."""
    reader = _READERS.get(event.name)
    if reader is None:
        return None
    try:
        args = event.args
    except PayloadError as error:
        return ParseFailure(f"{event.name}: {error}; its text is in event.arguments")
    if not args or not isinstance(args[0], dict):
        return ParseFailure(f"{event.name}: the first argument is not an object")
    read = reader(_Fields(args[0]))
    if isinstance(read, str):
        return ParseFailure(f"{event.name}: {read} is missing, or neither a text nor an integer")
    return read


def _without_surrogates(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_double(value: int | float) -> bool:
    try:
        return isfinite(value)
    except OverflowError:
        return False
