# SPDX-License-Identifier: MIT
"""The asyncio client against a scripted peer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
import unittest

from roombridge import (
    ConnectError,
    ConnectionClosed,
    Event,
    Gap,
    ProtocolError,
    RequestError,
    RequestTimeout,
    RoombridgeError,
    Status,
)
from roombridge.aio import Client
from roombridge.protocol import HEADER, Frame, FrameType
from roombridge.session import READ_AHEAD

from .peer import WELCOME, Peer


class AioClientTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.peer = Peer()
        self.addCleanup(self.peer.close)

    async def connected(self, timeout: float = 30, **options: int) -> Client:
        client = Client(name="t", timeout=timeout, **options)
        client._give(self.peer.client_end)
        self.addAsyncCleanup(client.close)
        self.peer.welcome()
        await client.connect()
        self.assertEqual(self.peer.heard(), Frame(FrameType.HELLO, {"versions": [1], "client": "t"}))
        return client

    async def test_subscribe_and_iterate(self) -> None:
        client = await self.connected()
        self.peer.result(1)
        self.peer.say(FrameType.STATUS, {"state": "offline", "since": 1})
        self.peer.event(8, "reservation_update", b'[{"reservationId":42}]')
        self.peer.say(FrameType.GAP, {"first": 9, "last": 11, "count": 2, "reason": "slow"})
        self.peer.event(12)
        self.assertEqual(await client.subscribe(["reservation_update"]), 1)
        got = []
        async for message in client:
            got.append(message)
            if len(got) == 3:
                break
        self.assertEqual([got[0].seq, got[1], got[2].seq], [8, Gap(9, 11, 2, "slow"), 12])
        self.assertEqual(client.status, Status("offline", 1))

    async def test_messages_in_order(self) -> None:
        client = await self.connected()
        self.peer.say(
            FrameType.GAP, {"first": 9, "last": 11, "count": None, "reason": "upstream", "from": 1, "until": 2}
        )
        self.peer.event(12)
        self.assertEqual(await client.receive(30), Gap(9, 11, None, "upstream", from_time=1, until=2))
        self.assertIsInstance(await client.receive(30), Event)
        self.assertIsNone(await client.receive(0))

    async def test_requests_while_another_task_iterates(self) -> None:
        client = await self.connected()
        seen: asyncio.Queue[int] = asyncio.Queue()

        async def iterate() -> None:
            async for event in client:
                seen.put_nowait(event.seq)

        task = asyncio.create_task(iterate())
        self.peer.event(1)
        self.assertEqual(await seen.get(), 1)
        # The answers come in another order than the questions.
        asking = asyncio.gather(client.emit("e", ack=True), client.call("status"))
        await asyncio.sleep(0)
        self.assertEqual([self.peer.heard().type, self.peer.heard().type], [FrameType.EMIT, FrameType.CALL])
        self.peer.event(2)
        self.peer.result(2, b'"two"')
        self.peer.result(1, b"[1]", outcome="acked")
        emitted, called = await asking
        self.assertEqual((emitted.outcome, emitted.args, called), ("acked", [1], "two"))
        self.assertEqual(await seen.get(), 2)
        await client.close()
        await task

    async def test_refusals(self) -> None:
        client = await self.connected()
        error = {"code": 205, "name": "not_permitted", "text": "no", "retry": False}
        self.peer.say(FrameType.RESULT, {"id": 1, "ok": False, "error": error})
        with self.assertRaises(RequestError) as caught:
            await client.call("reload")
        self.assertEqual((caught.exception.code, caught.exception.outcome), (205, None))

    async def test_join_and_leave(self) -> None:
        client = await self.connected()
        self.peer.result(1, state="joined")
        self.assertEqual(await client.join("shop-9"), "joined")
        self.peer.result(2)
        await client.leave("shop-9")
        heard = [self.peer.heard() for _ in range(2)]
        self.assertEqual([(frame.type, frame.head["room"]) for frame in heard], [(4, "shop-9"), (5, "shop-9")])

    async def test_unsubscribe_and_ping(self) -> None:
        client = await self.connected()
        self.peer.result(1)
        await client.unsubscribe(7)
        self.peer.say(FrameType.PONG, {"id": 2})
        await client.ping()

    async def test_a_late_answer_is_nobodys(self) -> None:
        client = await self.connected()
        client._timeout = 0.01
        with self.assertRaises(RequestTimeout):
            await client.call("status")
        client._timeout = 30
        self.peer.result(1, b'"late"')
        self.peer.result(2, b'"mine"')
        self.assertEqual(await client.call("status"), "mine")

    async def test_pings_are_answered(self) -> None:
        client = await self.connected()
        self.peer.say(FrameType.PING, {"id": 9})
        self.peer.event(1)
        await client.receive(30)
        self.assertEqual(self.peer.heard(), Frame(FrameType.PONG, {"id": 9}))

    async def test_what_was_received_comes_before_the_end(self) -> None:
        client = await self.connected()
        self.peer.event(1)
        self.peer.say(FrameType.BYE, {"reason": "shutdown", "text": "", "reconnect": True})
        self.peer.hang_up()
        got = []
        with self.assertRaises(ConnectionClosed) as caught:
            async for event in client:
                got.append(event.seq)
        self.assertEqual((got, caught.exception.reason, caught.exception.reconnect), ([1], "shutdown", True))

    async def test_whoever_waits_learns_of_the_end(self) -> None:
        client = await self.connected()
        waiting = asyncio.create_task(client.receive())
        calling = asyncio.create_task(client.call("status"))
        await asyncio.sleep(0)
        self.peer.hang_up()
        for task in (waiting, calling):
            with self.assertRaises(ConnectionClosed):
                await task

    async def test_a_broken_frame(self) -> None:
        client = await self.connected()
        self.peer.event(1)
        self.peer.say_bytes(HEADER.pack(1, 0x42, 0, 2))
        self.assertEqual((await client.receive()).seq, 1)
        with self.assertRaises(ProtocolError):
            await client.receive()

    async def test_listeners(self) -> None:
        client = await self.connected()
        heard: list[int] = []
        listener = client.on("a", lambda event: heard.append(event.seq))
        self.peer.event(1, "a")
        self.peer.event(2, "b")
        self.peer.event(3, "a")
        await client.receive()
        await client.receive()
        listener.off()
        await client.receive()
        self.assertEqual(heard, [1])

    async def test_a_reader_that_is_not_asked_stops_reading_and_goes_on(self) -> None:
        client = await self.connected()
        payload = b'["%b"]' % (b"x" * 60_000)
        offered = 4 * READ_AHEAD // len(payload)
        pushing = asyncio.create_task(self.peer.push(offered, payload))
        # Far more turns than the reader would need to swallow everything.
        for _ in range(2000):
            await asyncio.sleep(0)
            self.assertLess(client._session.inbox_bytes, READ_AHEAD + 2 * len(payload))
        self.assertGreater(client._session.inbox_bytes, READ_AHEAD)
        for seq in range(1, offered + 1):
            self.assertEqual((await client.receive(30)).seq, seq)
        await pushing

    async def test_a_cancelled_receive_loses_nothing(self) -> None:
        client = await self.connected()
        for seq in range(1, 50):
            task = asyncio.create_task(client.receive())
            await asyncio.sleep(0)
            self.peer.event(seq)
            for _ in range(seq % 7):
                await asyncio.sleep(0)
            task.cancel()
            try:
                message = await task
            except asyncio.CancelledError:
                message = await client.receive(30)
            self.assertEqual(message.seq, seq)

    async def test_coroutines_are_awaited_in_turn(self) -> None:
        client = await self.connected()
        heard: list[object] = []

        async def slowly(event: Event) -> None:
            await asyncio.sleep(0)
            heard.append(event.seq)

        async def gap(gap: Gap) -> None:
            heard.append(gap.reason)
            await client.close()

        client.on("e", slowly)
        client.on("e", lambda event: heard.append("plain"))
        client.on_gap(gap)
        for seq in (1, 2):
            self.peer.event(seq)
        self.peer.say(FrameType.GAP, {"first": 9, "last": 9, "reason": "slow"})
        await client.run()
        self.assertEqual(heard, [1, "plain", 2, "plain", "slow"])

    async def test_a_coroutine_that_fails_is_raised_and_keeps_no_other_from_hearing(self) -> None:
        client = await self.connected()
        heard: list[int] = []

        async def fails(event: Event) -> None:
            raise KeyError(event.seq)

        client.on("e", fails)
        client.on("e", lambda event: heard.append(event.seq))
        self.peer.event(1)
        with self.assertRaises(KeyError):
            await client.receive()
        self.assertEqual(heard, [1])

    async def test_callbacks_alone_have_to_hear_of_gaps(self) -> None:
        client = await self.connected()
        with self.assertRaisesRegex(RoombridgeError, r"on_gap\(\)"):
            await client.run()

    async def test_another_event_loop_is_refused_by_name(self) -> None:
        client = await self.connected()

        def elsewhere() -> str:
            try:
                asyncio.run(client.emit("e"))
            except RoombridgeError as error:
                return str(error)
            return ""

        self.assertIn("another event loop", await asyncio.to_thread(elsewhere))

    async def test_an_ack_does_not_wait_and_close_delivers_it(self) -> None:
        client = Client(name="t", subscriber="till")
        client._give(self.peer.client_end)
        self.peer.welcome()
        await client.connect()
        self.peer.result(1)
        await client.subscribe()
        for seq in range(8, 58):
            self.peer.event(seq)
        for _ in range(50):
            await client.receive()
            self.assertIsNone(await client.ack())
        self.peer.hang_up()
        await client.close()
        heard = []
        with contextlib.suppress(EOFError):
            while True:
                heard.append(self.peer.heard())
        acks = [frame.head["seq"] for frame in heard if frame.type == FrameType.ACK]
        self.assertEqual((acks[0], acks[-1]), (8, 57))

    async def test_it_waits_for_a_daemon_and_comes_back_to_the_next_one(self) -> None:
        with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as listener:
            path = f"{directory}/s"
            client = Client(path, name="t", timeout=30)
            self.addAsyncCleanup(client.close)
            with self.assertLogs("roombridge") as logged:
                connecting = asyncio.create_task(client.connect())
                while not logged.output:
                    await asyncio.sleep(0)
                self.assertIn(f"cannot connect to {path}: No such file", logged.output[0])
                listener.bind(path)
                listener.listen()
                for since in ({}, {"since": {"epoch": WELCOME["epoch"], "seq": 8}}):
                    accepted, _ = await asyncio.to_thread(listener.accept)
                    peer = Peer(accepted)
                    self.addCleanup(peer.close)
                    self.assertEqual((await asyncio.to_thread(peer.heard)).type, FrameType.HELLO)
                    peer.welcome()
                    if not since:
                        await connecting
                        subscribing = asyncio.create_task(client.subscribe(["a"]))
                    expected = Frame(FrameType.SUBSCRIBE, {"id": 1, "events": ["a"], **since})
                    self.assertEqual(await asyncio.to_thread(peer.heard), expected)
                    peer.result(1)
                    peer.event(9 if since else 8)
                    await subscribing
                    if not since:
                        peer.close_end()
                got = [await client.receive() for _ in range(3)]
                self.assertEqual((got[0].seq, got[1].state, got[2].seq), (8, "disconnected", 9))

    async def test_a_request_that_is_given_up_does_not_hold_a_stream_that_was_cut(self) -> None:
        with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as listener:
            path = f"{directory}/s"
            listener.bind(path)
            listener.listen()
            listener.settimeout(30)
            client = Client(path, inbox_limit=3000, timeout=30)
            self.addAsyncCleanup(client.close)
            connecting = asyncio.create_task(client.connect())
            accepted, _ = await asyncio.to_thread(listener.accept)
            peer = Peer(accepted)
            self.addCleanup(peer.close)
            peer.welcome()
            await connecting
            peer.result(1)
            await client.subscribe()
            emitting = asyncio.create_task(client.emit("a"))
            for frame in ("HELLO", "SUBSCRIBE", "EMIT"):
                self.assertEqual((await asyncio.to_thread(peer.heard)).type, FrameType[frame])
            for seq in range(8, 18):
                peer.event(seq, payload=b'["' + b"x" * 1000 + b'"]')
            first = await client.receive()
            assert isinstance(first, Event)
            receiving = asyncio.create_task(client.receive())
            while not client._session.wants_renewal:
                if receiving.done():
                    receiving = asyncio.create_task(client.receive())
                if client._session._is_used_up:
                    emitting.cancel()
                await asyncio.sleep(0)
            accepted, _ = await asyncio.to_thread(listener.accept)  # the daemon need not say another word
            Peer(accepted).close_end()
            receiving.cancel()

    async def test_a_client_is_used_again(self) -> None:
        client = await self.connected()
        await client.close()
        with self.assertRaisesRegex(RoombridgeError, "not connected"):
            await client.receive()
        with self.assertRaisesRegex(RoombridgeError, "connects once"):
            await client.connect()

    async def test_not_there(self) -> None:
        with self.assertRaisesRegex(ConnectError, "cannot connect to /nowhere/x.sock"):
            await Client("/nowhere/x.sock", reconnect=False).connect()

    async def test_not_connected(self) -> None:
        with self.assertRaisesRegex(RoombridgeError, "not connected"):
            await Client("/nowhere").call("status")

    async def test_a_silent_peer(self) -> None:
        with self.assertRaises(RequestTimeout):
            await Client.over(self.peer.client_end, timeout=0.01).connect()


if __name__ == "__main__":
    unittest.main()
