# SPDX-License-Identifier: MIT
"""What the journal asks of a flash disk, by policy and rate: writes and syncs a minute, and bytes on the disk for each event. Nothing is judged.

usage: python3 -m tests.campaign.flash [--seconds N] [--payload BYTES]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from roombridge import Client

from tests.campaign.stream import Stream
from tests.integration.processes import DEADLINE, Daemon

RATES = (10, 2000)
POLICIES = ("never", "interval", "always")


def measure(directory: Path, policy: str, rate: int, seconds: float, payload: int) -> dict[str, float]:
    empty = len('[{"n":,"fill":""}]')
    stream = Stream(lambda n: f'{{"n":{n},"fill":"{"x" * (payload - empty - len(str(n)))}"}}', rate, 1)
    kept = directory / f"journal-{policy}-{rate}"
    (directory / "token").write_text("secret\n", encoding="ascii")
    config = {
        "upstream": {"url": stream.url, "token": {"file": str(directory / "token")}},
        "events": {"rules": {}},
        "local": {"socket": str(directory / "s"), "access": []},
        "journal": {"directory": str(kept), "sync": policy},
    }
    path = directory / "config.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")
    daemon = Daemon(path, directory / "s")
    caller = Client(str(daemon.socket), name="flash", timeout=DEADLINE)
    caller.connect()

    def counters() -> dict[str, Any]:
        found: dict[str, Any] = caller.call("status")["counters"]
        return found

    while counters()["journal_written"] == 0:
        pass
    before, begin = counters(), time.monotonic()
    time.sleep(seconds)
    after, spent = counters(), time.monotonic() - begin
    stream.close()
    caller.close()
    daemon.process.terminate()
    daemon.process.wait(DEADLINE)
    events = after["journal_written"] - before["journal_written"]
    stored = sum(file.stat().st_size for file in kept.glob("*.segment"))
    return {
        "events": events,
        "writes": (after["journal_writes"] - before["journal_writes"]) / spent * 60,
        "syncs": (after["journal_syncs"] - before["journal_syncs"]) / spent * 60,
        "bytes": stored / max(1, stream.sent),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--payload", type=int, default=256)
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="roombridge-"))
    print(f"| events/s, {options.payload} B payload | `journal.sync` | writes a minute | syncs a minute | bytes on disk for each event |\n|---|---|---|---|---|")
    try:
        for rate in RATES:
            for policy in POLICIES:
                found = measure(directory, policy, rate, options.seconds, options.payload)
                print(f"| {rate:,} | {policy} | {found['writes']:,.0f} | {found['syncs']:,.0f} | {found['bytes']:.0f} |", flush=True)
    finally:
        shutil.rmtree(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
