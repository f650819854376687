# SPDX-License-Identifier: MIT
"""The asyncio client against a scripted peer."""

from __future__ import annotations

import asyncio
import unittest

from roombridge import (
    ConnectError,
    ConnectionClosed,
    Event,
    Gap,
    InboxFull,
    ProtocolError,
    RequestError,
    RequestTimeout,
    RoombridgeError,
    Status,
)
from roombridge.aio import READ_AHEAD, Client
from roombridge.protocol import HEADER, Frame, FrameType

from .peer import Peer


class AioClientTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.peer = Peer()
        self.addCleanup(self.peer.close)

    async def connected(self, timeout: float = 30, **options: int) -> Client:
        client = Client("", name="t", timeout=timeout, **options)
        client._given = self.peer.client_end
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
        seqs = []
        async for event in client:
            seqs.append(event.seq)
            if event.seq == 12:
                break
        self.assertEqual(seqs, [8, 12])
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

    async def test_the_inbox_is_bounded_while_a_request_waits(self) -> None:
        client = await self.connected(inbox_limit=2000)
        for seq in range(1, 5):
            self.peer.event(seq)
        with self.assertRaises(InboxFull):
            await client.call("status")
        self.assertEqual([(await client.receive(30)).seq for _ in range(4)], [1, 2, 3, 4])
        self.peer.result(2, b"1")
        self.assertEqual(await client.call("status"), 1)

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

    async def test_not_there(self) -> None:
        with self.assertRaisesRegex(ConnectError, "cannot connect to /nowhere/x.sock"):
            await Client("/nowhere/x.sock").connect()

    async def test_not_connected(self) -> None:
        with self.assertRaisesRegex(RoombridgeError, "not connected"):
            await Client("/nowhere").call("status")

    async def test_a_silent_peer(self) -> None:
        with self.assertRaises(RequestTimeout):
            await Client.over(self.peer.client_end, timeout=0.01).connect()


if __name__ == "__main__":
    unittest.main()
