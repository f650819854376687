# SPDX-License-Identifier: MIT
"""A local program of its own, so that it can be stopped by a signal: counts numbered events and the gaps between them.

usage: counting_subscriber.py SOCKET EVENT
Prints JSON lines: "ready" once subscribed; at each event "sync" how many it has had and what it has lost; when that one
says "all", every number it has received.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "clients/python"))

from roombridge import Client, Event, Gap  # noqa: E402  (found by the line above)


def report(seen: str, **fields: Any) -> None:
    print(json.dumps({"seen": seen, **fields}), flush=True)


def main(path: str, name: str) -> None:
    received: list[tuple[int, int]] = []
    gaps: list[dict[str, Any]] = []
    markers = 0
    with Client(path, name="counting") as bridge:
        bridge.subscribe(events=[name, "sync"])
        report("ready")
        for message in bridge.messages():
            if isinstance(message, Gap):
                gaps.append(
                    {"first": message.first, "last": message.last, "count": message.count, "reason": message.reason}
                )
            elif isinstance(message, Event) and message.name == name:
                received.append((message.seq, message.args[0]["n"]))
            elif isinstance(message, Event):
                markers += 1
                report("sync", tag=message.args[0], markers=markers, gaps=gaps)
                if message.args[0] == "all":
                    report("all", received=received)


if __name__ == "__main__":
    main(*sys.argv[1:])
