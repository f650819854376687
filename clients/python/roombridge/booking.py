# SPDX-License-Identifier: MIT
"""The events of the booking backend as typed values. The daemon knows nothing of them: they belong to its default
profile.

A server may leave out or add fields. `parse` is strict about the types of what it names and keeps the rest in `fields`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Self

from .errors import RoombridgeError
from .messages import Event

Id = str | int
UpdateType = Literal["created", "confirmed", "cancelled", "modified", "completed"]
UPDATE_TYPES: tuple[UpdateType, ...] = ("created", "confirmed", "cancelled", "modified", "completed")


class BookingError(RoombridgeError):
    """An event of the profile has not the shape that the profile promises; the text names the field."""


@dataclass(frozen=True)
class BookingEvent:
    """`fields`: the whole object as the server sent it, also what has no name here."""

    fields: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class ReservationUpdate(BookingEvent):
    """`reservation_update`: something happened to a reservation."""

    reservation_id: Id
    status: str | None
    shop_id: Id | None
    user_id: Id | None
    update_type: UpdateType
    timestamp: str | int | float | None

    @classmethod
    def _read(cls, source: _Fields) -> Self:
        update_type = source.need("updateType", str)
        if update_type not in UPDATE_TYPES:
            raise BookingError(f"{source.event}: updateType is {update_type!r}, not one of {', '.join(UPDATE_TYPES)}")
        return cls(
            fields=source.values,
            reservation_id=source.need("reservationId", str, int),
            status=source.get("status", str),
            shop_id=source.get("shopId", str, int),
            user_id=source.get("userId", str, int),
            update_type=update_type,
            timestamp=source.get("timestamp", str, int, float),
        )


@dataclass(frozen=True)
class PaymentUpdate(BookingEvent):
    """`payment_update`: a payment changed its state; `amount` in the backend's currency unit."""

    payment_id: Id
    reservation_id: Id | None
    status: str | None
    amount: int | float | None
    timestamp: str | int | float | None

    @classmethod
    def _read(cls, source: _Fields) -> Self:
        return cls(
            fields=source.values,
            payment_id=source.need("paymentId", str, int),
            reservation_id=source.get("reservationId", str, int),
            status=source.get("status", str),
            amount=source.get("amount", int, float),
            timestamp=source.get("timestamp", str, int, float),
        )


@dataclass(frozen=True)
class Notification(BookingEvent):
    """`notification` and `admin_notification`: to be shown to a person."""

    id: Id
    type: str | None
    title: str
    body: str
    timestamp: str | int | float | None

    @classmethod
    def _read(cls, source: _Fields) -> Self:
        return cls(
            fields=source.values,
            id=source.need("id", str, int),
            type=source.get("type", str),
            title=source.get("title", str) or "",
            body=source.get("body", str) or "",
            timestamp=source.get("timestamp", str, int, float),
        )


class _Fields:
    def __init__(self, event: str, values: Any) -> None:
        if not isinstance(values, dict):
            raise BookingError(f"{event}: the first argument is not an object")
        self.event = event
        self.values: dict[str, Any] = values

    def get(self, name: str, *kinds: type) -> Any:
        value = self.values.get(name)
        # bool is an int in Python, not in JSON.
        if value is not None and (not isinstance(value, kinds) or isinstance(value, bool)):
            raise BookingError(f"{self.event}: {name} is of the wrong type")
        return value

    def need(self, name: str, *kinds: type) -> Any:
        value = self.get(name, *kinds)
        if value is None:
            raise BookingError(f"{self.event}: {name} is missing")
        return value


_KINDS: dict[str, type[ReservationUpdate] | type[PaymentUpdate] | type[Notification]] = {
    "reservation_update": ReservationUpdate,
    "payment_update": PaymentUpdate,
    "notification": Notification,
    "admin_notification": Notification,
}


def parse(event: Event) -> ReservationUpdate | PaymentUpdate | Notification | None:
    """The event as a typed value; None for events that have no type here. Raises BookingError and PayloadError."""
    kind = _KINDS.get(event.name)
    if kind is None:
        return None
    args = event.args
    return kind._read(_Fields(event.name, args[0] if args else None))
