# SPDX-License-Identifier: MIT
"""The Python client beside a daemon that is stopped, killed and started again, and under a backlog."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from roombridge import Client, Event, Gap, Live, Position, RoombridgeError, Status, aio

from .harness import IntegrationTest, JournaledTest, reservation
from .hostile import DEEP
from .processes import DEADLINE, ROOT, Daemon, Output

ASYNCIO = """
import asyncio
from roombridge import Gap
from roombridge.aio import Client

async def main():
    async with Client() as bridge:
        await bridge.subscribe(events=["reservation_update"], topics=["shop-7"])
        async for message in bridge:
            if isinstance(message, Gap):
                print("perhaps missed:", message, flush=True)
            else:
                print(message.name, message.args, flush=True)

asyncio.run(main())
"""


def readme_program() -> str:
    """The ten lines of README.md."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^## A subscriber in ten lines$.*?^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


class ClientTest(IntegrationTest):
    def started(self, program: str) -> Output:
        """A Python program beside the test, whose daemon is this test's; what it prints."""
        told = {"PYTHONPATH": str(ROOT / "clients/python"), "ROOMBRIDGE_SOCKET": str(self.directory / "s")}
        process = subprocess.Popen(
            [sys.executable, "-B", "-u", "-W", "error", "-c", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **told},
        )
        assert process.stdout is not None
        self.addCleanup(process.wait, DEADLINE)
        self.addCleanup(process.kill)
        self.process = process
        return Output(process.stdout)

    def until_subscribed(self, daemon: Daemon) -> None:
        caller = self.peer(daemon)
        self.eventually(
            lambda: any(each["subscriptions"] for each in caller.call("subscribers")), "the program's subscription"
        )
        caller.close()

    def numbered(self, output: Output) -> list[int]:
        """The reservations that the program has printed."""
        return [int(found[1]) for line in output.lines if (found := re.search(r"'reservationId': (\d+)", line))]

    def send(self, *numbers: int) -> None:
        for number in numbers:
            self.server.emit("reservation_update", reservation(number), room="shop-7")


class RestartTest(ClientTest, JournaledTest):
    def survives(self, program: str) -> None:
        output = self.started(program)
        output.line("cannot connect")  # it is there before its daemon
        daemon = self.start_authenticated(journal={"sync": "always"})
        self.until_subscribed(daemon)
        self.send(1)
        output.line("'reservationId': 1,")
        hostile = json.dumps(reservation(100))[:-1] + f', "deep": {DEEP.decode()}}}'
        self.server.command(do="raw", text=f'2["reservation_update",{hostile}]')
        output.line("'reservationId': 100,")
        for number, end in ((2, self.stop), (3, self.kill), (4, self.stop)):
            end(daemon)
            daemon = self.start_authenticated(journal={"sync": "always"})
            self.send(number)
            output.line(f"'reservationId': {number},")
        self.assertIsNone(self.process.poll())
        self.assertEqual(self.numbered(output), [1, 100, 2, 3, 4])

    def test_the_ten_lines_of_readme_survive_every_end_of_the_daemon(self) -> None:
        self.survives(readme_program())

    def test_so_do_those_of_asyncio(self) -> None:
        self.survives(ASYNCIO)

    def test_rooms_are_held_again_and_requests_wait_for_the_daemon(self) -> None:
        daemon = self.start_authenticated()
        with Client(str(daemon.socket), timeout=DEADLINE) as bridge, ThreadPoolExecutor(1) as other:
            self.assertEqual(bridge.join("table-1", deadline=DEADLINE), "asked")
            self.server.saw("join", room="table-1")
            self.stop(daemon)
            calling = other.submit(lambda: [bridge.receive(0), bridge.call("status")])
            daemon = self.start_authenticated()
            self.assertEqual(calling.result()[1]["pid"], daemon.pid)
            self.server.saw("join", room="table-1")

    def test_a_named_subscriber_gets_each_event_once_over_restarts(self) -> None:
        daemon = self.start_authenticated(journal={"sync": "always"})
        numbers: list[int] = []
        with Client(str(daemon.socket), subscriber="printer", timeout=DEADLINE) as bridge:
            bridge.subscribe(events=["reservation_update"])
            messages = bridge.messages()
            for last, end in ((3, self.stop), (6, self.kill), (9, None)):
                self.send(*range(last - 2, last + 1))
                for message in messages:
                    if isinstance(message, Event):
                        numbers.append(message.args[0]["reservationId"])
                        bridge.ack()
                        if numbers[-1] == last:
                            break
                if end is not None:
                    end(daemon)
                    daemon = self.start_authenticated(journal={"sync": "always"})
            position = bridge.position
        self.assertEqual(numbers, list(range(1, 10)))
        with Client(str(daemon.socket), subscriber="printer", timeout=DEADLINE) as bridge:
            assert bridge.welcome is not None
            self.assertEqual(bridge.welcome.position, position, "close() has waited for the last ack()")

    def test_a_gap_reaches_the_iteration_when_the_history_is_lost(self) -> None:
        daemon = self.start_authenticated()
        with Client(str(daemon.socket), timeout=DEADLINE) as bridge:
            bridge.subscribe()
            messages = bridge.messages()
            next(message for message in messages if isinstance(message, Live))
            self.kill(daemon)
            self.assertEqual(next(messages).state, "disconnected")
            for each in self.kept.iterdir():
                each.unlink()
            daemon = self.start_authenticated()
            gap = next(iter(bridge))
            self.assertEqual((type(gap), gap.reason), (Gap, "epoch"))

    def test_a_client_is_used_again(self) -> None:
        daemon = self.start_authenticated()
        bridge = Client(str(daemon.socket), timeout=DEADLINE, reconnect=False)
        for end in (self.stop, self.kill):
            with bridge, self.assertRaises(RoombridgeError):
                bridge.subscribe()
                end(daemon)
                list(bridge)
            with self.assertRaisesRegex(RoombridgeError, "not connected"):
                list(bridge)
            daemon = self.start_authenticated()
        with bridge:
            bridge.subscribe(events=["marker"])
            self.server.emit("marker", 1)
            self.assertEqual(next(iter(bridge)).args, [1])


class BacklogTest(ClientTest, JournaledTest):
    COUNT = 3000
    LIMIT = 256 << 10

    def backlog(self) -> Daemon:
        """A daemon from which the subscriber `printer` has not taken anything of what came since."""
        daemon = self.start_authenticated(emits={"rate": 1_000_000})
        with Client(str(daemon.socket), subscriber="printer", timeout=DEADLINE) as bridge:
            bridge.subscribe(events=["number"])
            position = next(message for message in bridge.messages() if isinstance(message, Live)).seq
            assert bridge.welcome is not None
            bridge.ack(Position(bridge.welcome.epoch, position), wait=True)
        witness = self.subscriber(daemon, events=["marker"])
        self.server.command(do="series", event="number", first=1, count=self.COUNT, size=300)
        self.server.emit("marker")
        witness.until_event("marker")
        return daemon

    def taken(self, message: Any) -> int | None:
        self.assertNotIsInstance(message, Gap)
        return message.args[0]["n"] if isinstance(message, Event) else None

    def test_each_event_is_acknowledged_by_itself(self) -> None:
        daemon = self.backlog()
        numbers = []
        with Client(str(daemon.socket), subscriber="printer", timeout=DEADLINE, inbox_limit=self.LIMIT) as bridge:
            bridge.subscribe(events=["number"])
            for message in bridge:
                numbers.append(self.taken(message))
                bridge.ack(wait=len(numbers) % 50 == 0)
                if numbers[-1] == self.COUNT:
                    break
        self.assertEqual(numbers, list(range(1, self.COUNT + 1)))
        self.assertEqual(self.peer(daemon).call("named_subscribers")[0]["behind"], 1, "the marker")

    def test_each_event_is_answered_upstream_within_the_inbox_limit(self) -> None:
        daemon = self.backlog()
        numbers, most = [], 0
        with Client(str(daemon.socket), subscriber="printer", timeout=DEADLINE, inbox_limit=self.LIMIT) as bridge:
            bridge.subscribe(events=["number"])
            for message in bridge:
                numbers.append(self.taken(message))
                bridge.emit("printed", numbers[-1])
                bridge.ack()
                most = max(most, bridge._session.inbox_bytes)
                if numbers[-1] == self.COUNT:
                    break
        self.assertEqual(numbers, list(range(1, self.COUNT + 1)))
        self.assertGreater(most, self.LIMIT // 2, "the inbox was never full: the test tried nothing")
        self.assertLess(most, self.LIMIT + 4096)

    def test_so_it_is_with_asyncio(self) -> None:
        daemon = self.backlog()

        async def work() -> tuple[list[Any], int]:
            numbers, most = [], 0
            options = {"subscriber": "printer", "timeout": DEADLINE, "inbox_limit": self.LIMIT}
            async with aio.Client(str(daemon.socket), **options) as bridge:
                await bridge.subscribe(events=["number"])
                asking = asyncio.create_task(self.ask_on(bridge))
                async for message in bridge:
                    numbers.append(self.taken(message))
                    await bridge.emit("printed", numbers[-1])
                    await bridge.ack()
                    most = max(most, bridge._session.inbox_bytes)
                    if numbers[-1] == self.COUNT:
                        break
                self.assertFalse(asking.done(), "its answers were lost")
                asking.cancel()
            return numbers, most

        numbers, most = asyncio.run(work())
        self.assertEqual(numbers, list(range(1, self.COUNT + 1)))
        self.assertGreater(most, self.LIMIT // 2, "the inbox was never full: the test tried nothing")
        self.assertLess(most, self.LIMIT + 4096)
        peer = self.peer(daemon)
        self.eventually(lambda: peer.call("named_subscribers")[0]["behind"] == 1, "the last acknowledgement")


    async def ask_on(self, bridge: aio.Client) -> None:
        """A task that knows nothing of the others' backlog."""
        while True:
            await bridge.call("status")


class ThreadsTest(ClientTest):
    def test_threads_emit_while_another_iterates(self) -> None:
        daemon = self.start_authenticated()
        with Client(str(daemon.socket), timeout=DEADLINE) as bridge:
            bridge.subscribe(events=["reservation_update"])
            numbers: list[int] = []

            def iterate() -> None:
                for message in bridge:
                    numbers.append(message.args[0]["reservationId"])
                    if len(numbers) == 40:
                        return

            iterating = threading.Thread(target=iterate)
            iterating.start()

            def emit(number: int) -> Any:
                return bridge.emit("reservation_update", reservation(number), ack=True, deadline=DEADLINE).args[0]

            with ThreadPoolExecutor(4) as others:
                answers = list(others.map(emit, range(40)))
            iterating.join(DEADLINE)
            self.assertFalse(iterating.is_alive())
        self.assertEqual([answer["reservationId"] for answer in answers], list(range(40)))
        self.assertEqual(sorted(numbers), list(range(40)))


if __name__ == "__main__":
    unittest.main()
