# SPDX-License-Identifier: MIT
"""The typed events of the booking backend."""

from __future__ import annotations

import json
import random
import secrets
import unittest
from typing import Any

from roombridge import Arguments, Event
from roombridge.booking import UPDATE_TYPES, Notification, ParseFailure, PaymentUpdate, ReservationUpdate, parse

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


def raw(name: str, payload: bytes) -> Event:
    return Event(1, 2, name, arguments=Arguments(payload))


class BookingTest(unittest.TestCase):
    def test_a_reservation(self) -> None:
        got = parse(event("reservation_update", RESERVATION, "more"))
        self.assertEqual(
            got,
            ReservationUpdate(RESERVATION, "r-42", "confirmed", 7, 3, "confirmed", "2026-01-01T00:00:00Z", "confirmed"),
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

    def test_an_update_type_of_tomorrow_is_unknown(self) -> None:
        for word in ("no_show", "", None, 7, ["created"], "CREATED"):
            with self.subTest(word):
                got = parse(event("reservation_update", {**RESERVATION, "updateType": word}))
                self.assertEqual((got.reservation_id, got.update_type), ("r-42", "unknown"))
                self.assertEqual(got.type_text, word if isinstance(word, str) else "")
                self.assertEqual(got.fields["updateType"], word)
        for known in UPDATE_TYPES:
            got = parse(event("reservation_update", {**RESERVATION, "updateType": known}))
            self.assertEqual(got.update_type, known)

    def test_what_is_of_another_type_is_empty(self) -> None:
        wrong = {"status": 1, "shopId": 1.5, "userId": True, "timestamp": {}, "updateType": "created"}
        got = parse(event("reservation_update", {"reservationId": 1, **wrong}))
        self.assertEqual((got.status, got.shop_id, got.user_id, got.timestamp), (None, None, None, None))
        note = parse(event("notification", {"id": 1, "type": [], "title": None, "body": 7}))
        self.assertEqual((note.type, note.title, note.body), (None, "", ""))

    def test_an_amount_is_a_finite_number(self) -> None:
        no_numbers = ("1e400", "-1e400", "9" * 4000, '"12"', "true", "null")
        for text, amount in (*((text, None) for text in no_numbers), ("0.1", 0.1), ("7", 7)):
            with self.subTest(text[:10]):
                got = parse(raw("payment_update", b'[{"paymentId":1,"amount":%b}]' % text.encode()))
                self.assertEqual(got.amount, amount)

    def test_texts_can_be_printed(self) -> None:
        got = parse(raw("notification", rb'[{"id":"\ud800","title":"a\udfffb","body":"\ud83d\ude00"}]'))
        self.assertEqual((got.id, got.title, got.body), ("\ufffd", "a\ufffdb", "\U0001f600"))
        f"{got.id}{got.title}{got.body}".encode()
        self.assertEqual(got.fields["title"], "a\udfffb")
        halves = parse(raw("notification", rb'[{"id":1,"title":"\udc00\ud800\u00e9x"}]'))
        self.assertEqual(halves.title, "\ufffd\ufffd\u00e9x")

    def test_an_id_of_any_length(self) -> None:
        for digits in ("1" + "0" * 30, "9" * 5000, "-" + "9" * 5000):
            got = parse(raw("reservation_update", b'[{"reservationId":%b}]' % digits.encode()))
            self.assertEqual(got.reservation_id, int(digits) if len(digits) < 4000 else digits)

    def test_an_event_without_its_object_or_its_id_is_a_failure_that_says_so(self) -> None:
        cases: list[tuple[str, str, tuple[Any, ...]]] = [
            ("the first argument is not an object", "reservation_update", ()),
            ("the first argument is not an object", "payment_update", ([],)),
            ("reservationId is missing, or", "reservation_update", ({"updateType": "created"},)),
            ("reservationId is missing, or", "reservation_update", ({"reservationId": True},)),
            ("reservationId is missing, or", "reservation_update", ({"reservationId": ""},)),
            ("paymentId is missing, or", "payment_update", ({"paymentId": 1.5},)),
            ("id is missing, or", "admin_notification", ({"id": None},)),
        ]
        for text, name, args in cases:
            with self.subTest(text, args=args):
                got = parse(event(name, *args))
                self.assertIsInstance(got, ParseFailure)
                self.assertTrue(got.text.startswith(f"{name}: {text}"), got.text)

    def test_a_part_that_python_cannot_hold_spoils_no_other(self) -> None:
        for part in (b"[" * 4000 + b"]" * 4000, b"9" * 5000):
            with self.subTest(part[:10]):
                got = parse(raw("payment_update", b'[{"paymentId":1,"status":%b,"amount":%b}]' % (part, part)))
                self.assertEqual((got.payment_id, got.status, got.amount), (1, None, None))

    def test_what_is_no_json_array_is_a_failure(self) -> None:
        for payload in (b'[{"id":NaN}]', b'[{"id":-Infinity}]', b"[", b"{}", b"[" * 4000, b'["\xff"]'):
            with self.subTest(payload[:20]):
                self.assertIsInstance(parse(raw("notification", payload)), ParseFailure)

    def test_nothing_that_a_server_sends_is_an_exception(self) -> None:
        seed = secrets.randbits(32)
        chance = random.Random(seed)
        names = ("reservation_update", "payment_update", "notification", "admin_notification")
        keys = ("reservationId", "paymentId", "id", "updateType", "amount", "timestamp", "status", "title", "shopId")
        values = (b"1", b'"x"', b"null", b"true", b"[]", b"{}", b"1e999", b"-0.0", b"9" * 400, rb'"\ud800"', b'""')
        with self.subTest(seed=seed):
            for _ in range(2000):
                chosen = (b'"%b":%b' % (key.encode(), chance.choice(values)) for key in chance.sample(keys, 6))
                got = parse(raw(chance.choice(names), b"[{%b}]" % b",".join(chosen)))
                self.assertIsInstance(got, (ReservationUpdate, PaymentUpdate, Notification, ParseFailure))


if __name__ == "__main__":
    unittest.main()
