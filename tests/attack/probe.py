# SPDX-License-Identifier: MIT
"""Another user's programs: 1,000 subscriptions that see every event, and one connection that asks for PONG again and again.

usage: python3 -m tests.attack.probe SOCKET UID
Says "ready", waits for a line with seconds, and prints the round trips and the delays of events in that time, in ms.
"""

from __future__ import annotations

import json
import re
import selectors
import sys
import time

from tests.attack import wire

CONNECTIONS = 20
SUBSCRIPTIONS = 50  # of each
PAUSE = 0.002  # between a PONG and the next PING
SENT_AT = re.compile(rb'"t":(\d+)')


class Probe:
    def __init__(self, path: str) -> None:
        self.trips: list[float] = []
        self.delays: list[float] = []
        self._asked: float | None = None
        self._ask_at = 0.0
        self._selector = selectors.DefaultSelector()
        self._asking = wire.connect(path)
        self._selector.register(self._asking, selectors.EVENT_READ, bytearray())
        for connection in range(CONNECTIONS):
            sock = wire.connect(path)
            sock.setblocking(True)
            for each in range(1, SUBSCRIPTIONS):
                sock.sendall(wire.frame(wire.SUBSCRIBE, id=each, topics=[f"user-{connection}-{each}"]))
            sock.sendall(wire.frame(wire.SUBSCRIBE, id=SUBSCRIPTIONS, topics=["shop-7"]))
            sock.setblocking(False)
            self._selector.register(sock, selectors.EVENT_READ, bytearray())

    def run(self, seconds: float) -> None:
        """What is still awaited at the end counts with what it has waited by then."""
        self._look(0.5)
        self.trips.clear()
        self.delays.clear()
        begin = time.monotonic()
        self._look(seconds)
        if self._asked is not None:
            self.trips.append(time.monotonic() - max(self._asked, begin))

    def _look(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            if self._asked is None and now >= self._ask_at:
                self._asking.sendall(wire.frame(wire.PING, id=1))
                self._asked = now
            wait = until - now if self._asked is not None else min(until, self._ask_at) - now
            for key, _ in self._selector.select(max(0.0, wait)):
                data: bytearray = key.data
                data += key.fileobj.recv(1 << 18)  # type: ignore[union-attr]
                self._take(data)

    def _take(self, data: bytearray) -> None:
        now = time.monotonic()
        for kind, body in wire.frames(data):
            if kind == wire.PONG and self._asked is not None:
                self.trips.append(now - self._asked)
                self._asked = None
                self._ask_at = now + PAUSE
            elif kind == wire.EVENT and (found := SENT_AT.search(body)):
                self.delays.append(now - int(found[1]) / 1e9)


def summary(values: list[float]) -> dict[str, float]:
    ordered = sorted(values) or [float("nan")]
    return {
        "count": len(values),
        "p50": 1000 * ordered[len(ordered) // 2],
        "p99": 1000 * ordered[len(ordered) * 99 // 100],
        "worst": 1000 * ordered[-1],
    }


def main() -> int:
    path, user = sys.argv[1], int(sys.argv[2])
    wire.become(user)
    probe = Probe(path)
    print("ready", flush=True)
    probe.run(float(sys.stdin.readline()))
    print(json.dumps({"pings": summary(probe.trips), "events": summary(probe.delays)}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
