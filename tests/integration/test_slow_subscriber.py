# SPDX-License-Identifier: MIT
"""A subscriber that stops reading: it harms nobody, costs no memory, and later learns exactly what it lost."""

from __future__ import annotations

import unittest

from .harness import IntegrationTest
from .processes import HERE, Reporter

SIZE = 1000
BATCH = 200
BATCHES = 60
"""60 × 200 × 1,000 bytes: the log of 2 MiB is overrun six times, and no batch alone overruns it."""


class Counting(Reporter):
    """counting_subscriber.py in a process of its own."""


class SlowSubscriberTest(IntegrationTest):
    def counting(self, daemon) -> Counting:
        process = Counting("/usr/bin/python3", HERE / "counting_subscriber.py", daemon.socket, "numbered")
        self.addCleanup(process.kill)
        process.saw("ready")
        return process

    def push(self, healthy: list[Counting], first: int, batches: int) -> int:
        """Sends batches, each after the healthy ones have confirmed the one before; returns the next number."""
        for batch in range(batches):
            self.server.command(do="series", event="numbered", first=first, count=BATCH, size=SIZE)
            first += BATCH
            self.server.emit("sync", first)
            for process in healthy:
                process.saw("sync", tag=first)
        return first

    def test_a_stopped_subscriber_among_healthy_ones(self) -> None:
        daemon = self.start_authenticated()
        healthy = [self.counting(daemon) for _ in range(2)]
        stopped = self.counting(daemon)
        # The log and every buffer once around, so that what grows afterwards is a leak.
        first = self.push([*healthy, stopped], 1, 15)
        before = daemon.memory()
        stopped.freeze()
        first = self.push(healthy, first, BATCHES)
        self.assert_flat(daemon, before)
        peers = {peer["pid"]: peer for peer in self.peer(daemon).call("subscribers")}
        self.assertGreater(peers[stopped.process.pid]["pending"], 0)
        stopped.thaw()
        self.server.emit("sync", "all")
        for process in healthy:
            everything = process.saw("all")["received"]
            self.assertEqual([number for _, number in everything], list(range(1, first)))
            self.assertEqual(process.saw("sync", tag="all")["gaps"], [])
        self.check_loss(stopped.saw("sync", tag="all"), stopped.saw("all")["received"], first - 1)

    def check_loss(self, summary: dict, received: list[list[int]], sent: int) -> None:
        gaps = summary["gaps"]
        self.assertGreater(len(gaps), 0)
        self.assertEqual({gap["reason"] for gap in gaps}, {"slow"})
        seqs = {seq for seq, _ in received}
        for gap in gaps:
            within = [seq for seq in seqs if gap["first"] <= seq <= gap["last"]]
            self.assertEqual(within, [])
        # The markers of the batches match the subscription, too: some of the loss is theirs.
        markers_sent = sent // BATCH + 1
        lost = sum(gap["count"] for gap in gaps)
        self.assertEqual(len(received) + summary["markers"] + lost, sent + markers_sent)

    def test_after_the_gap_nothing_is_missing(self) -> None:
        daemon = self.start_authenticated()
        healthy, stopped = self.counting(daemon), self.counting(daemon)
        stopped.freeze()
        first = self.push([healthy], 1, 20)
        stopped.thaw()
        self.server.emit("sync", "caught up")
        stopped.saw("sync", tag="caught up")
        last = self.push([healthy, stopped], first, 2)
        self.server.emit("sync", "all")
        numbers = [number for _, number in stopped.saw("all")["received"]]
        self.assertEqual(numbers[-2 * BATCH :], list(range(first, last)))
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_who_wants_the_latest_gets_it_of_each_thing(self) -> None:
        daemon = self.start_authenticated(events={"rules": {"numbered": {"retain_key": ["n"]}}})
        healthy = self.counting(daemon)
        display = self.subscriber(daemon, "display", events=["numbered", "end"], slow="latest")
        for batch in range(20):
            self.server.command(do="series", event="numbered", first=1, count=BATCH, size=SIZE)
            self.server.emit("sync", batch)
            healthy.saw("sync", tag=batch)
        self.server.emit("sync", "all")
        newest = {number: seq for seq, number in healthy.saw("all")["received"]}
        self.server.emit("end")
        got = display.until_event("end")[:-1]
        self.assertLess(len(got), 10 * BATCH, "most of it was obsolete before its turn came")
        self.assertEqual({event.args[0]["n"]: event.seq for event in got}, newest)


if __name__ == "__main__":
    unittest.main()
