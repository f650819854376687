# SPDX-License-Identifier: MIT
"""Every fault that the test upstream knows, at every step of a connection, against one daemon over real sockets.

While a fault lasts the daemon names its cause and makes no more attempts than its delays allow. Once it is over it is authenticated
again and in its rooms, on a connection that the fault did not touch, and an event that is then emitted reaches the subscriber exactly
once. At the end the daemon has the descriptors and the memory that it had at the beginning, and has not been busy.

usage: python3 -m tests.campaign.every_step [--sample] [--seed N] [--rounds N]
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path

from roombridge import Event, Message, Status

from tests.campaign.booking_server import BOOKING_SERVER, BookingServer
from tests.campaign.fault_table import MESSAGE_LIMIT, Case, cases
from tests.integration.harness import SANITIZED, IntegrationTest

ROOMS = {"user-42", "shop-7", "shop-8"}
SHORTEST_DELAY = 0.025
"""Half of the longest: seconds that lie between two attempts, once the delays have grown."""
FREE_ATTEMPTS = 3
"""While they still grow."""
MEMORY_SLACK = 4 << 20
TIMEOUTS = {"connect_timeout", "auth_timeout", "ping_timeout"}
"""By these a starved machine may end a session that the fault does not."""


class EveryStep(IntegrationTest):
    needed = (BOOKING_SERVER,)
    programs = ()
    seed = 0
    rounds = 0

    def start_server(self) -> BookingServer:  # type: ignore[override]
        server = BookingServer(self.token, "42", "--ping-interval", "150", "--ping-timeout", "450")
        self.addCleanup(server.close)
        return server

    def test_campaign(self) -> None:
        self.chance = random.Random(self.seed)
        self.server: BookingServer
        self.daemon = self.start_daemon(
            upstream={
                **self.config()["upstream"],
                "transports": self.chance.choice((["websocket"], ["websocket", "polling"])),
                "connect_timeout": "300ms",
                "receive_limit": MESSAGE_LIMIT,
                "reconnect": {"first": "10ms", "max": "50ms", "refused_max": "100ms", "quiet": "1s"},
            },
            auth={"timeout": "300ms"},
            rooms={"declared": ["shop-7", "shop-8"], "accepted": {"ok": True}},
        )
        self.local = self.subscriber(self.daemon, "healthy", events=["marker"])
        self.status = Status("")
        self.marker = 0
        self.recoveries: list[float] = []
        self.await_authenticated("the beginning")
        self.judge_delivery("the beginning")
        descriptors, memory = self.daemon.descriptors(), self.daemon.memory()
        begun, cpu = time.monotonic(), self.cpu_seconds()
        for round_, case in zip(range(self.rounds), self.order()):
            self.play(case, f"round {round_}, {case.name}")
        share = (self.cpu_seconds() - cpu) / (time.monotonic() - begun)
        self.assertEqual(self.daemon.descriptors(), descriptors)
        self.assert_flat(self.daemon, memory, MEMORY_SLACK)
        if not SANITIZED:
            self.assertLess(share, 0.5, "the daemon was busy")
        median, worst = statistics.median(self.recoveries), max(self.recoveries)
        print(
            f"every_step: {self.rounds} rounds survived, seed {self.seed}; from a fault's end to authenticated: median "
            f"{median * 1000:.0f} ms, worst {worst * 1000:.0f} ms; the daemon took {share:.1%} of a core",
            file=sys.stderr,
        )

    def order(self) -> Iterator[Case]:
        """All, again and again, each time in another order."""
        table = cases()
        while True:
            self.chance.shuffle(table)
            yield from table

    def play(self, case: Case, where: str) -> None:
        self.server.mark()
        begun = time.monotonic()
        self.server.command(f"fault {case.step} * {case.words}")
        if case.step == "established":
            self.server.command("emit * tick")
        else:
            # By another way than the one whose cause is waited for.
            self.server.command("kick" if "connection_lost" in case.causes else "drop")
            self.read_until(lambda status: status.state != "authenticated", f"the loss, {where}")
        fatal = bool(case.causes)
        again = fatal and case.step != "established"
        self.server.saw("struck", self.chance.randint(1, 2 if case.causes & TIMEOUTS else 6) if again else 1)
        seen = {""}
        if fatal:
            seen = self.read_until(
                lambda status: status.state != "authenticated" and status.cause in case.causes,
                f"one of {set(case.causes)}, {where}",
            )
        self.server.command("fault none")
        self.server.sync()
        healed = time.monotonic()
        struck = [report["client"] for report in self.server.reports("struck")]
        attempts = struck.count(0) + len(set(struck) - {0})
        self.assertLessEqual(attempts, FREE_ATTEMPTS + (healed - begun) / SHORTEST_DELAY, f"it spins, {where}")
        seen |= self.await_authenticated(where)
        self.recoveries.append(time.monotonic() - healed)
        self.judge_delivery(where)
        self.server.sync()
        if not fatal and not seen & TIMEOUTS:
            self.assertEqual({report["client"] for report in self.server.reports("joined")} - {struck[-1]}, set(), where)

    # ---- judging -------------------------------------------------------------------------------------------------------

    def await_authenticated(self, where: str) -> set[str]:
        """And in all rooms; the causes that were named meanwhile."""
        return self.read_until(
            lambda status: status.state == "authenticated" and ROOMS <= set(status.rooms), f"the recovery, {where}"
        )

    def read_until(self, wanted: Callable[[Status], bool], what: str) -> set[str]:
        """Reads on until the newest status is as wanted, which it may be already; the causes that were named meanwhile."""
        causes = set()

        def is_wanted(message: Message) -> bool:
            self.assertFalse(isinstance(message, Event), f"an event twice, before {what}")
            if isinstance(message, Status):
                self.status = message
                causes.add(message.cause)
            return wanted(self.status)

        if not wanted(self.status):
            self.local.until(is_wanted, what)
        return causes

    def judge_delivery(self, where: str) -> None:
        self.marker += 1
        self.server.command(f'emit shop-7 marker [{{"n":{self.marker}}}]')
        (event,) = self.local.until_event("marker")
        self.assertEqual(event.args[0]["n"], self.marker, where)

    def cpu_seconds(self) -> float:
        """Of the daemon, so far."""
        fields = Path(f"/proc/{self.daemon.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sample", action="store_true", help="the short run of CI")
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments.add_argument("--rounds", type=int)
    options = arguments.parse_args()
    EveryStep.seed = options.seed
    EveryStep.rounds = options.rounds or len(cases()) * (1 if options.sample else 5)
    print(f"every_step: {EveryStep.rounds} rounds of {len(cases())} cases, seed {EveryStep.seed}", file=sys.stderr)
    result = unittest.TextTestRunner(verbosity=2).run(unittest.TestLoader().loadTestsFromTestCase(EveryStep))
    return 0 if result.wasSuccessful() and not result.skipped else 1


if __name__ == "__main__":
    sys.exit(main())
