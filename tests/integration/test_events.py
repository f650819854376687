# SPDX-License-Identifier: MIT
"""Events on their way from the real server to local programs, and back."""

from __future__ import annotations

import asyncio
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from roombridge import Arguments, Event, Position, RequestError, aio

from .harness import IntegrationTest, reservation
from .hostile import FLAT_HOSTILE, HOSTILE
from .processes import DEADLINE, OtherClient


class FanOutTest(IntegrationTest):
    def test_another_clients_update_reaches_two_filters_and_not_the_third(self) -> None:
        daemon = self.start_authenticated()
        by_shop = self.subscriber(daemon, "by shop", events=["reservation_update"], topics=["shop-7"])
        by_reservation = self.subscriber(daemon, "by reservation", topics=["reservation-4*"])
        elsewhere = self.subscriber(daemon, "elsewhere", events=["reservation_update"], topics=["shop-8"])
        other = OtherClient(self.server.url, self.token)
        self.addCleanup(other.close)
        self.assertEqual(other.emit("reservation_update", reservation(42, shop_id=7))[0]["ok"], True)
        # The marker proves the absence: it comes later and is the first that the third subscriber sees.
        other.emit("reservation_update", reservation(99, shop_id=8))
        for subscriber, topics in ((by_shop, True), (by_reservation, True)):
            event = subscriber.until_event("reservation_update")[-1]
            self.assertEqual(event.args, [reservation(42, shop_id=7)])
            self.assertEqual(set(event.topics), {"reservation-42", "shop-7", "user-3"})
            self.assertFalse(event.unexpected)
        self.assertEqual(elsewhere.until_event("reservation_update")[0].args, [reservation(99, shop_id=8)])

    def test_an_event_of_several_rooms_comes_once(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon, topics=["shop-7", "reservation-1", "user-*"])
        second = subscriber.client.subscribe(["reservation_update"])
        self.server.emit("reservation_update", reservation(1), room="shop-7")
        self.server.emit("marker")
        subscriber.client.subscribe(["marker"])
        self.server.emit("marker")
        names = [event.name for event in subscriber.until_event("marker")]
        self.assertEqual(names, ["reservation_update", "marker"])
        subscriber.client.unsubscribe(second)

    def test_an_update_that_the_server_sends_to_several_rooms_comes_once(self) -> None:
        rules = {"reservation_update": {"repeat_key": ["reservationId", "updateType", "timestamp"]}}
        daemon = self.start_authenticated(events={"rules": rules, "repeat_window": "1h"})
        subscriber = self.subscriber(daemon)
        for room in ("shop-7", "user-3", "shop-8"):
            self.server.emit("reservation_update", reservation(1), room=room)
        self.server.emit("reservation_update", reservation(1, updateType="cancelled"))
        events = [*subscriber.until_event("reservation_update"), *subscriber.until_event("reservation_update")]
        self.assertEqual([event.args[0]["updateType"] for event in events], ["confirmed", "cancelled"])
        self.assertEqual(self.peer(daemon).call("status")["counters"]["events_repeated"], 2)

    def test_the_time_from_receipt_to_the_socket_is_measured(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon)
        for name in ("one", "two"):
            self.server.emit(name)
            subscriber.until_event(name)
        watcher = self.peer(daemon)
        latency = watcher.call("status")["local"]["latency"]
        self.assertEqual(latency["events"], 2)
        self.assertTrue(0 < latency["p50_us"] <= latency["p99_us"] <= latency["max_us"], latency)
        self.assertEqual([each.get("latency") for each in watcher.call("subscribers")].count(latency), 1)

    def test_an_unexpected_event_is_delivered_and_marked(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon)
        self.server.emit("reservation_update", {"reservationId": 5})
        event = subscriber.until_event("reservation_update")[0]
        self.assertTrue(event.unexpected)
        self.assertEqual(event.topics, ("reservation-5",))
        self.assertEqual(subscriber.client.call("status")["counters"]["events_unexpected"], 1)
        daemon.logged("CAUSE=unexpected_event")

    def test_arguments_of_every_number(self) -> None:
        subscriber = self.subscriber(self.start_authenticated())
        self.server.emit("zero")
        self.server.emit("many", 1, "two", {"three": [3]}, None)
        self.server.emit("")
        events = subscriber.until_event("")
        self.assertEqual(
            [(event.name, event.args) for event in events],
            [("zero", []), ("many", [1, "two", {"three": [3]}, None]), ("", [])],
        )

    def test_names_of_authentication_and_rooms_are_not_delivered(self) -> None:
        subscriber = self.subscriber(self.start_authenticated())
        self.server.emit("join_room", {"roomId": "x"})
        self.server.emit("marker")
        self.assertEqual([event.name for event in subscriber.until_event("marker")], ["marker"])


class FieldFilterTest(IntegrationTest):
    def test_filters_by_fields(self) -> None:
        rules = {"reservation_update": {"fields": ["shopId", "updateType"]}, "payment_update": {}}
        daemon = self.start_authenticated(events={"rules": rules})
        wanted = {"shopId": [7, "8"], "updateType": ["cancelled"]}
        some = self.subscriber(daemon, "some", fields=wanted)
        both = self.subscriber(daemon, "both", events=["payment_update", "reservation_update"], fields={"shopId": [9]})
        self.server.emit("payment_update", {"shopId": 9})
        for shop, kind in ((7, "confirmed"), ("7", "cancelled"), (9, "cancelled"), (8, "cancelled")):
            self.server.emit("reservation_update", reservation(1, shop_id=shop, updateType=kind))
        events = [some.until_event("reservation_update")[-1] for _ in range(2)]
        self.assertEqual([event.args[0]["shopId"] for event in events], ["7", 8])
        self.assertEqual(both.until_event("reservation_update")[0].args[0]["shopId"], 9)
        with self.assertRaisesRegex(RequestError, "no rule of the config declares 'shopid'; there are: shopId, updateType"):
            some.client.subscribe(fields={"shopid": [7]})

    def test_a_replay_and_a_snapshot_by_fields(self) -> None:
        rules = {"reservation_update": {"retain_key": ["reservationId"], "fields": ["shopId"]}}
        daemon = self.start_authenticated(events={"rules": rules})
        first = self.subscriber(daemon, "first")
        for number, shop in ((1, 7), (2, 8), (3, 7)):
            self.server.emit("reservation_update", reservation(number, shop_id=shop))
            first.until_event("reservation_update")
        epoch = first.client.welcome.epoch
        late = self.subscriber(daemon, "late", since=Position(epoch, 0), snapshot=True, fields={"shopId": [7]})
        events = [late.until_event("reservation_update")[-1] for _ in range(4)]
        self.assertEqual(
            [(event.args[0]["reservationId"], event.retained) for event in events],
            [(1, True), (3, True), (1, False), (3, False)],
        )

    def test_a_reload_declares_a_field(self) -> None:
        daemon = self.start_authenticated(events={"rules": {"reservation_update": {}}})
        subscriber = self.subscriber(daemon, events=["marker"])
        with self.assertRaisesRegex(RequestError, "bad_request.*there are: none"):
            subscriber.client.subscribe(fields={"shopId": [7]})
        self.write_config(self.config(events={"rules": {"reservation_update": {"fields": ["shopId"]}}}))
        self.assertIn("events.rules", self.peer(daemon).call("reload")["changed"])
        subscriber.client.subscribe(fields={"shopId": [7]})
        self.server.emit("reservation_update", reservation(1, shop_id=7))
        subscriber.until_event("reservation_update")

    def test_a_subscription_is_changed_in_its_place(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon, topics=["shop-7"])
        changed = subscriber.client.subscribe(topics=["shop-8"], replaces=1)
        self.server.emit("reservation_update", reservation(1, shop_id=7))
        self.server.emit("reservation_update", reservation(2, shop_id=8))
        self.assertEqual(subscriber.until_event("reservation_update")[0].args[0]["reservationId"], 2)
        subscriber.client.unsubscribe(changed)
        with self.assertRaisesRegex(RequestError, "unknown_subscription"):
            subscriber.client.subscribe(replaces=changed)


class CompressionTest(IntegrationTest):
    """A server that compresses its messages (permessage-deflate, RFC 7692)."""

    def exchange(self, deflate: dict[str, Any], **upstream: Any) -> str:
        """Events of all sizes both ways; the extension that the server settled on."""
        self.server = self.start_server(options={"perMessageDeflate": deflate})
        daemon = self.start_authenticated(upstream={**self.config()["upstream"], **upstream})
        subscriber = self.subscriber(daemon)
        sent = [{"n": n, "text": "예약 " * n**3} for n in range(25)]
        for one in sent:
            self.server.emit("sized", one)
        self.server.emit("marker")
        self.assertEqual([event.args for event in subscriber.until_event("marker")], [[one] for one in sent] + [[]])
        reply = subscriber.client.emit("reservation_update", reservation(1), ack=True)
        self.assertEqual(reply.args[0]["ok"], True)
        extensions: str = self.server.seen("connection")[-1]["extensions"]
        return extensions

    def test_every_message_is_compressed(self) -> None:
        self.assertEqual(self.exchange({"threshold": 0}), "permessage-deflate")

    def test_every_message_is_compressed_by_itself(self) -> None:
        self.assertEqual(self.exchange({"threshold": 0, "serverNoContextTakeover": True}), "permessage-deflate")

    def test_a_server_that_names_both_windows(self) -> None:
        windows = {"threshold": 0, "clientMaxWindowBits": 10, "serverMaxWindowBits": 11}
        self.assertEqual(self.exchange(windows), "permessage-deflate")

    def test_only_large_messages_are_compressed(self) -> None:
        self.assertEqual(self.exchange({}), "permessage-deflate")

    def test_it_can_be_declined(self) -> None:
        self.assertEqual(self.exchange({"threshold": 0}, compression=False), "")


class EmitTest(IntegrationTest):
    def test_a_reservation_from_the_local_side_arrives_and_its_ack_comes_back(self) -> None:
        client = self.peer(self.start_authenticated())
        sent = reservation(42, data={"memo": "예약"})
        result = client.emit("reservation_update", sent, ack=True, deadline=DEADLINE)
        self.assertEqual((result.outcome, result.args), ("acked", [{"ok": True, "reservationId": 42, "by": 3}]))
        self.assertEqual(self.server.saw("reservation_update", ack=True)["update"], sent)

    def test_without_an_ack_the_outcome_is_not_known(self) -> None:
        client = self.peer(self.start_authenticated())
        self.assertEqual(client.emit("reservation_update", reservation(42)).outcome, "sent_unknown")
        self.server.saw("reservation_update", ack=False)

    def test_hostile_arguments_go_out_byte_for_byte(self) -> None:
        client = self.peer(self.start_authenticated())
        client.emit_raw("reservation_update", Arguments(b"[ " + FLAT_HOSTILE + b"\n]"))
        text = self.server.saw("message", text='2["reservation_update", ' + FLAT_HOSTILE.decode() + "\n]")["text"]
        self.assertIn("\\ud800", text)

    def test_binary_arguments_there_and_back(self) -> None:
        client = self.peer(self.start_authenticated())
        result = client.emit("echo", b"\x00\xff", {"in": b""}, "text", ack=True, deadline=DEADLINE)
        self.assertEqual(result.args, [b"\x00\xff", {"in": b""}, "text"])

    def test_an_ack_that_never_comes(self) -> None:
        client = self.peer(self.start_authenticated())
        with self.assertRaises(RequestError) as caught:
            client.emit("nobody listens", ack=True, deadline=0.05)
        self.assertEqual(
            (caught.exception.name, caught.exception.outcome, caught.exception.retry),
            ("ack_timeout", "sent_unknown", True),
        )

    def test_an_ack_that_the_connection_did_not_live_to_see(self) -> None:
        daemon = self.start_authenticated()
        client = self.peer(daemon)
        cutter = self.subscriber(daemon, "cutter")
        with ThreadPoolExecutor(1) as other:
            emitting = other.submit(client.emit, "nobody listens", ack=True, deadline=DEADLINE)
            self.server.saw("message", text='20["nobody listens"]')
            self.server.command(do="cut")
            with self.assertRaises(RequestError) as caught:
                emitting.result()
        self.assertEqual((caught.exception.name, caught.exception.outcome), ("connection_lost", "sent_unknown"))
        cutter.until_state("offline")

    def test_what_may_not_be_emitted(self) -> None:
        client = self.peer(self.start_authenticated())
        cases = [
            ("join_room", b"[]", "reserved_name"),
            ("connect", b"[]", "reserved_name"),
            ("x", b"{}", "bad_payload"),
            ("x", b"[", "bad_payload"),
        ]
        for event, payload, name in cases:
            with self.subTest(event, payload=payload), self.assertRaises(RequestError) as caught:
                client.emit_raw(event, Arguments(payload))
            self.assertEqual(caught.exception.name, name)

    def test_an_emit_above_the_servers_limit(self) -> None:
        server = self.start_server(options={"maxHttpBufferSize": 10_000})
        client = self.peer(self.start_daemon(upstream={**self.config()["upstream"], "url": server.url}))
        server.saw("join", room="shop-7")
        with self.assertRaises(RequestError) as caught:
            client.emit("x", "y" * 10_000)
        self.assertEqual((caught.exception.name, caught.exception.outcome), ("too_large_for_server", "not_sent"))
        self.assertIn("10000", caught.exception.text)
        client.emit("x", "y" * 9_000)
        server.saw("message")

    def test_an_emit_while_offline(self) -> None:
        self.token_file.unlink()
        client = self.peer(self.start_daemon())
        with self.assertRaises(RequestError) as caught:
            client.emit("x")
        self.assertEqual(
            (caught.exception.name, caught.exception.outcome, caught.exception.retry),
            ("not_connected", "not_sent", True),
        )


class AsyncioTest(IntegrationTest):
    def test_one_task_iterates_while_another_emits(self) -> None:
        daemon = self.start_authenticated()

        async def talk() -> tuple[list[Any], list[Any]]:
            async with aio.Client(str(daemon.socket), timeout=DEADLINE) as bridge:
                await bridge.subscribe(["reservation_update"], ["shop-7"])
                emitting = asyncio.create_task(
                    bridge.emit("reservation_update", reservation(42), ack=True, deadline=DEADLINE)
                )
                async for event in bridge:
                    return event.args, (await emitting).args
            raise AssertionError("the iteration ended without an event")

        event, answer = asyncio.run(talk())
        self.assertEqual((event, answer), ([reservation(42)], [{"ok": True, "reservationId": 42, "by": 3}]))


class HostilePayloadTest(IntegrationTest):
    def test_it_arrives_byte_for_byte_and_python_survives(self) -> None:
        subscriber = self.subscriber(self.start_authenticated())
        for name, payload in (("flat", FLAT_HOSTILE), ("hostile", HOSTILE), ("spaced", b' [ 1 ,\t"\\ud83d" ] ')):
            self.server.command(do="raw", text=f'2["{name}",' + payload.decode() + "]")
        self.server.emit("marker")
        flat, hostile, spaced, marker = subscriber.until_event("marker")
        self.assertEqual(flat.arguments.json, b"[" + FLAT_HOSTILE + b"]")
        self.assertEqual(flat.args[0]["integer"], 123456789012345678901234567890)
        self.assertEqual(flat.args[0]["surrogate"], "\ud800")
        self.assertEqual(hostile.arguments.json, b"[" + HOSTILE + b"]")
        self.assertEqual(hostile.args[0]["integer"], 123456789012345678901234567890)
        self.assertIn("[[[", repr(hostile.args), "what Python cannot hold is there as its text")
        self.assertEqual(spaced.arguments.json, b'[ [ 1 ,\t"\\ud83d" ] ]')
        self.assertEqual(marker.args, [])

    def test_a_name_that_is_no_text(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon)
        self.server.command(do="raw", text='2["\\ud800",1]')
        self.server.command(do="raw", text='2[42,"x"]')
        self.server.emit("marker")
        for event in subscriber.until_event("marker"):
            event.name.encode()

    def test_a_payload_too_large_for_a_local_frame_is_told_as_a_gap(self) -> None:
        subscriber = self.subscriber(self.start_authenticated())
        self.server.emit("picture", "x" * 1_100_000)
        self.server.emit("marker")
        messages = subscriber.until(lambda message: isinstance(message, Event))
        gap = messages[-2]
        self.assertEqual((gap.reason, gap.event, gap.count, gap.first), ("oversize", "picture", 1, gap.last))
        self.assertGreater(gap.bytes, 1_100_000)


class MalformedTest(IntegrationTest):
    def test_malformed_text_is_counted_and_dropped_and_the_session_stays(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon)
        broken = [
            '2["broken",{]',
            '2["broken"',
            '2{"not":"a list"}',
            "2[]",
            '2["too deep",' + "[" * 5000 + "]" * 5000 + "]",
            "9",
            "",
            "2",
        ]
        for text in broken:
            self.server.command(do="raw", text=text)
        self.server.command(do="frame", hex=b'42["bad utf-8","\xff"]'.hex())
        self.server.emit("marker")
        self.assertEqual([event.name for event in subscriber.until_event("marker")], ["marker"])
        counters = subscriber.client.call("status")["counters"]
        self.assertEqual(counters["events_malformed"] + counters["upstream_malformed"], len(broken) + 1)
        self.assertEqual(len(self.server.seen("connection")), 1)
        self.assertEqual(self.server.seen("disconnect"), [])
        daemon.logged("dropped")


class BinaryTest(IntegrationTest):
    def test_a_binary_event(self) -> None:
        subscriber = self.subscriber(self.start_authenticated())
        self.server.emit("picture", {"$hex": "00ff10"}, {"name": "예약.png", "empty": {"$hex": ""}})
        event = subscriber.until_event("picture")[0]
        self.assertEqual(event.arguments.attachments, (b"\x00\xff\x10", b""))
        self.assertEqual(event.args, [b"\x00\xff\x10", {"name": "예약.png", "empty": b""}])

    def test_a_placeholder_in_a_text_event_is_data(self) -> None:
        subscriber = self.subscriber(self.start_authenticated())
        self.server.emit("picture", {"_placeholder": True, "num": 0})
        event = subscriber.until_event("picture")[0]
        self.assertEqual((event.arguments.attachments, event.args), ((), [{"_placeholder": True, "num": 0}]))

    def test_large_attachments(self) -> None:
        subscriber = self.subscriber(self.start_authenticated())
        self.server.emit("picture", {"$hex": "ab" * 500_000}, {"$hex": "cd" * 70_000})
        event = subscriber.until_event("picture")[0]
        self.assertEqual(event.args, [b"\xab" * 500_000, b"\xcd" * 70_000])


if __name__ == "__main__":
    unittest.main()
