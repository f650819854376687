# SPDX-License-Identifier: MIT
"""The typed events of the booking backend."""

from __future__ import annotations

import json
import unittest
from typing import Any

from roombridge import Arguments, Event, PayloadError
from roombridge.booking import BookingError, Notification, PaymentUpdate, ReservationUpdate, parse

RESERVATION = {
    "reservationId": "r-42",
    "status": "confirmed",
    "shopId": 7,
    "userId": 3,
    "updateType": "confirmed",
    "timestamp": "2026-01-01T00:00:00Z",
    "data": {"seat": 4},
}


def event(name: str, *args: Any) -> Event:
    return Event(1, 2, name, arguments=Arguments(json.dumps(args).encode()))


class BookingTest(unittest.TestCase):
    def test_a_reservation(self) -> None:
        got = parse(event("reservation_update", RESERVATION, "more"))
        self.assertEqual(
            got, ReservationUpdate(RESERVATION, "r-42", "confirmed", 7, 3, "confirmed", "2026-01-01T00:00:00Z")
        )
        self.assertEqual(got.fields["data"], {"seat": 4})

    def test_a_payment(self) -> None:
        fields = {"paymentId": 1, "reservationId": 42, "status": "paid", "amount": 12.5, "timestamp": 1764000000000}
        self.assertEqual(
            parse(event("payment_update", fields)), PaymentUpdate(fields, 1, 42, "paid", 12.5, 1764000000000)
        )

    def test_notifications(self) -> None:
        fields = {"id": "n", "type": "info", "title": "예약 알림", "body": "예약이 확정되었습니다!", "timestamp": 1}
        expected = Notification(fields, "n", "info", "예약 알림", "예약이 확정되었습니다!", 1)
        for name in ("notification", "admin_notification"):
            self.assertEqual(parse(event(name, fields)), expected)

    def test_what_is_not_needed_may_be_missing(self) -> None:
        got = parse(event("reservation_update", {"reservationId": 1, "updateType": "created"}))
        self.assertEqual((got.status, got.shop_id, got.user_id, got.timestamp), (None, None, None, None))

    def test_other_events_have_no_type(self) -> None:
        self.assertIsNone(parse(event("settings_update", {})))

    def test_wrong_shapes_are_named(self) -> None:
        cases: list[tuple[str, tuple[Any, ...]]] = [
            ("the first argument is not an object", ()),
            ("the first argument is not an object", ([],)),
            ("reservationId is missing", ({"updateType": "created"},)),
            ("reservationId is of the wrong type", ({"reservationId": True, "updateType": "created"},)),
            ("updateType is 'paid', not one of created, ", ({**RESERVATION, "updateType": "paid"},)),
            ("shopId is of the wrong type", ({**RESERVATION, "shopId": 1.5},)),
        ]
        for text, args in cases:
            with self.subTest(text), self.assertRaisesRegex(BookingError, f"^reservation_update: {text}"):
                parse(event("reservation_update", *args))

    def test_a_payload_that_does_not_parse(self) -> None:
        with self.assertRaises(PayloadError):
            parse(Event(1, 2, "notification", arguments=Arguments(b"[" * 2000 + b"]" * 2000)))


if __name__ == "__main__":
    unittest.main()
