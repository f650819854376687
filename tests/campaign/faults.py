# SPDX-License-Identifier: MIT
"""Random faults, one after the other, against one daemon between the real Socket.IO server and real subscribers.

After each fault is over, within the harness's deadline: the daemon is authenticated, its rooms are joined, and a marker event that the server then
emits reaches every healthy subscriber, each exactly once and in the order of their sequence numbers. What came before the fault and was complete was
delivered. At the end the daemon has as many descriptors as at the beginning and no more memory than its log may take.

usage: python3 -m tests.campaign.faults [--sample] [--seed N] [--rounds N]
"""

from __future__ import annotations

import argparse
import random
import socket
import struct
import sys
import time
import unittest
from collections.abc import Callable

from roombridge import Client, Event, Gap

from tests.integration.harness import DEADLINE, IntegrationTest, Server, Subscriber

SUBSCRIBERS = 3
CAPACITY = 2 << 20
MEMORY_SLACK = 6 << 20


class Faults(IntegrationTest):
    """Each fault is a method `fault_…` that returns when it is over; recovery is judged in one place."""

    seed = 0
    rounds = 0

    def test_campaign(self) -> None:
        self.chance = random.Random(self.seed)
        self.daemon = self.start_authenticated()
        self.subscribers = [self.subscriber(self.daemon, f"healthy {n}", events=["tick", "marker"]) for n in range(SUBSCRIBERS)]
        self.last_seq = [0] * SUBSCRIBERS
        self.number = 0
        self.judge_recovery(-1, "nothing")
        descriptors = self.daemon.descriptors()
        memory = self.daemon.memory()
        faults: list[Callable[[], None]] = [getattr(self, name) for name in sorted(dir(self)) if name.startswith("fault_")]
        counts = dict.fromkeys((fault.__name__ for fault in faults), 0)
        for round_ in range(self.rounds):
            fault = self.chance.choice(faults)
            counts[fault.__name__] += 1
            self.traffic()
            fault()
            self.judge_recovery(round_, fault.__name__)
        self.judge_descriptors(descriptors)
        self.assertLess(self.daemon.memory(), memory + CAPACITY + MEMORY_SLACK)
        print(f"{self.rounds} rounds survived, seed {self.seed}: {counts}", file=sys.stderr)

    # ---- judging -----------------------------------------------------------------------------------------------------------------------

    def traffic(self) -> None:
        """Some events on their way when the fault strikes."""
        for _ in range(self.chance.randrange(20)):
            self.number += 1
            self.server.emit("tick", {"n": self.number, "fill": "x" * self.chance.randrange(2000)})

    def judge_recovery(self, round_: int, fault: str) -> None:
        caller = self.peer(self.daemon)
        deadline = time.monotonic() + DEADLINE
        watcher = Subscriber(self.daemon, "watcher", events=["marker"])
        # STATUS comes at once with the present state: no state is missed.
        watcher.until(lambda message: getattr(message, "state", None) == "authenticated", f"recovery in round {round_} after {fault}")
        self.assertLess(time.monotonic(), deadline)
        watcher.client.close()
        rooms = {room["room"] for room in caller.call("rooms") if room["state"] in ("asked", "joined")}
        self.assertLessEqual({"user-3", "shop-7", "shop-8"}, rooms, f"round {round_} after {fault}")
        caller.close()
        self.number += 1
        marker = self.number
        self.server.emit("marker", {"n": marker})
        for index, subscriber in enumerate(self.subscribers):
            self.judge_stream(index, subscriber, marker, f"round {round_} after {fault}")

    def judge_stream(self, index: int, subscriber: Subscriber, marker: int, where: str) -> None:
        def is_marker(message: object) -> bool:
            return isinstance(message, Event) and message.name == "marker" and message.args[0]["n"] == marker

        last = 0
        for message in subscriber.until(is_marker, f"marker {marker}, {where}"):
            if isinstance(message, Gap):
                self.assertEqual(message.reason, "upstream", where)
            if not isinstance(message, (Event, Gap)):
                continue
            seq = message.seq if isinstance(message, Event) else message.last
            self.assertGreater(seq, self.last_seq[index], where)
            self.last_seq[index] = seq
            if isinstance(message, Event):
                self.assertGreater(message.args[0]["n"], last, where)
                last = message.args[0]["n"]

    def judge_descriptors(self, before: int) -> None:
        # Connections that were closed on the other side are gone from `subscribers` as soon as the daemon has seen it.
        caller = self.peer(self.daemon)
        deadline = time.monotonic() + DEADLINE
        while len(caller.call("subscribers")) > SUBSCRIBERS + 1:
            self.assertLess(time.monotonic(), deadline, "closed connections are kept")
        caller.close()
        self.assertLessEqual(self.daemon.descriptors(), before + 1)

    # ---- faults ------------------------------------------------------------------------------------------------------------------------

    def fault_server_dies(self) -> None:
        port = self.server.port
        self.server.kill()
        for subscriber in self.subscribers:
            subscriber.until(lambda message: getattr(message, "state", None) == "offline", "offline")
        self.server = self.start_server(port)

    def fault_connection_is_cut(self) -> None:
        self.lose_connection("cut")

    def fault_kick(self) -> None:
        self.lose_connection("kick")

    def lose_connection(self, command: str) -> None:
        before = len(self.server.seen("disconnect"))
        self.server.command(do=command)
        self.server.output.wait(lambda _: len(self.server.seen("disconnect")) > before or None, "a disconnect")
        self.subscribers[0].until(lambda message: getattr(message, "state", None) in ("offline", "connecting"), "the loss")

    def fault_token_vanishes(self) -> None:
        self.token_file.unlink()
        self.subscribers[0].until(lambda message: getattr(message, "state", None) == "offline", "the logout")
        self.write_token(self.token)

    def fault_token_expires(self) -> None:
        self.server.command(do="expire", token=self.token)
        self.subscribers[0].until(lambda message: getattr(message, "cause", None) == "token_refused", "the refusal")
        self.token = self.new_token()
        self.server.command(do="grant", token=self.token, user={"userId": 3})
        self.write_token(self.token)

    def fault_reconnect_is_asked(self) -> None:
        caller = self.peer(self.daemon)
        caller.call("reconnect")
        caller.close()
        self.subscribers[0].until(lambda message: getattr(message, "state", None) in ("offline", "connecting"), "the reconnection")

    def fault_reload(self) -> None:
        rooms = ["shop-7", "shop-8"] + (["shop-9"] if self.chance.random() < 0.5 else [])
        self.write_config(self.config(rooms={"declared": rooms}))
        caller = self.peer(self.daemon)
        caller.call("reload")
        caller.close()

    def fault_server_sends_garbage(self) -> None:
        # Counted and dropped; the session stays.
        text = self.chance.choice(['42["broken",{]', "4", "42", "49", '42["x"', "451-", "z", '43999["nobody waits"]'])
        caller = self.peer(self.daemon)
        self.server.command(do="raw", text=text[1:] if text.startswith("4") else text)
        caller.close()

    def fault_local_garbage(self) -> None:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(self.daemon.socket))
            peer.sendall(self.chance.randbytes(self.chance.randrange(1, 200)))

    def fault_local_frame_of_4_gib(self) -> None:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(self.daemon.socket))
            peer.sendall(struct.pack("<IBBH", 0xFFFFFFFF, 1, 0, 0))
            while peer.recv(4096):
                pass

    def fault_subscriber_that_never_reads(self) -> None:
        client = Client(str(self.daemon.socket), name="deaf", timeout=DEADLINE)
        client.connect()
        client.subscribe([], [])
        self.number += 1
        self.server.command(do="series", event="noise", first=1, count=self.chance.randrange(200, 1500), size=1000)
        client.close()


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sample", action="store_true", help="the short run of CI")
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments.add_argument("--rounds", type=int)
    options = arguments.parse_args()
    Faults.seed = options.seed
    Faults.rounds = options.rounds or (200 if options.sample else 2000)
    print(f"faults: {Faults.rounds} rounds, seed {Faults.seed}", file=sys.stderr)
    result = unittest.TextTestRunner(verbosity=2).run(unittest.TestLoader().loadTestsFromTestCase(Faults))
    return 0 if result.wasSuccessful() and not result.skipped else 1


if __name__ == "__main__":
    sys.exit(main())
