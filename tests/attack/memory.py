# SPDX-License-Identifier: MIT
"""What the programs of one user without rights can make the daemon hold, the kernel's buffers of its sockets included: the promise is PROMISE.

usage: python3 -m tests.attack.memory [--sample] [--seconds N] [ATTACK]...
Prints a table, in MiB more than at rest: what is promised, the daemon's peak while it is attacked and while the connections are ended, the
kernel's, and what the daemon still has afterwards. Fails when a promise is broken.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from roombridge import Client

from tests.attack.silence import USER_BUFFER, Process, configure, forget_peak, memory
from tests.attack.upstream import Upstream
from tests.integration.processes import DEADLINE, Daemon

USER = 21002
"""Without rights but to see events."""
UNRELATED = 4 << 20
"""Bytes by which the daemon may grow for all else, its log of LOG bytes aside."""
LOG = 4 << 20
ROOM = re.compile(r"skmem:\(r\d+,rb\d+,t(\d+),")


@dataclass(frozen=True)
class Row:
    text: str
    attack: str
    size: int = 0


ROWS = {
    "halves": Row("EMIT of 1 MiB that lacks its last byte", "halves", 1 << 20),
    "small": Row("EMIT of 40 KiB that lacks its last byte", "halves", 40 << 10),
    "large": Row("EMIT of 1 MiB that is refused", "large"),
    "mute": Row("call `subscribers`, never read", "mute"),
    "unread": Row("PING, never read", "unread"),
    "patterns": Row("16,384 patterns of 250 bytes", "patterns", 16_384),
    "snails": Row("calls and events of 20 KB, read 64 bytes at a time", "snails"),
    "everything": Row("patterns, calls that are never read, and half an EMIT of 1 MiB", "everything", 1 << 20),
}
SAMPLE = ("halves", "mute", "everything")
CONNECTIONS = (100, 147)


@dataclass(frozen=True)
class Found:
    """Bytes beyond what there is at rest."""

    peak: int
    kernel: int
    after: int


def promised(connections: int) -> int:
    return 2 * USER_BUFFER + connections * (16 << 10)


def kernel_memory(daemon: Daemon) -> int:
    """Bytes that wait in the daemon's sockets for those who have connected."""
    table = subprocess.run(["ss", "-xmpH"], capture_output=True, text=True, check=True).stdout
    own = (line for line in table.splitlines() if f"pid={daemon.pid}," in line)
    return sum(int(found[1]) for line in own for found in ROOM.finditer(line))


def wait_until_alone(daemon: Daemon) -> None:
    client = Client(str(daemon.socket), name="memory", timeout=DEADLINE)
    client.connect()
    try:
        until = time.monotonic() + DEADLINE
        while len(client.call("subscribers")) > 1:
            if time.monotonic() > until:
                raise AssertionError("connections of programs that have ended are still there")
            time.sleep(0.05)
    finally:
        client.close()


def measure(row: Row, connections: int, directory: Path, seconds: float) -> Found:
    upstream = Upstream(fill=0, rate=100, padding=20_000)
    daemon = Daemon(configure(directory, upstream.url, "4MiB"), directory / "s")
    try:
        wait_until_alone(daemon)
        attacker = Process("attacker", row.attack, daemon.socket, USER, connections, row.size, "", niceness=0)
        forget_peak(daemon.pid)
        resident = memory(daemon.pid, "VmRSS")
        kernel = 0
        try:
            attacker.tell("go")
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                kernel = max(kernel, kernel_memory(daemon))
                time.sleep(0.05)
        finally:
            attacker.end()
        wait_until_alone(daemon)
        if daemon.process.poll() is not None:
            raise AssertionError(f"the daemon has ended: {daemon.log}")
        return Found(memory(daemon.pid, "VmHWM") - resident, kernel, memory(daemon.pid, "VmRSS") - resident)
    finally:
        upstream.close()
        daemon.process.kill()
        daemon.process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", action="store_true", help="the short run of CI")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("attacks", nargs="*", metavar="ATTACK", help=", ".join(ROWS))
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("attack: other users can be played by root only", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    seconds = options.seconds or (2 if options.sample else 8)
    faults: list[str] = []
    print("| attack | connections | promised | peak | kernel | afterwards |\n|---|---|---|---|---|---|", flush=True)
    for name in options.attacks or (SAMPLE if options.sample else ROWS):
        for connections in CONNECTIONS[-1:] if options.sample else CONNECTIONS:
            directory = Path(tempfile.mkdtemp(prefix="roombridge-"))
            directory.chmod(0o755)
            try:
                found = measure(ROWS[name], connections, directory, seconds)
            finally:
                shutil.rmtree(directory)
            most = promised(connections)
            figures = (f"{each / 2**20:.1f}" for each in (most, found.peak, found.kernel, found.after))
            print(f"| {ROWS[name].text} | {connections} | {' | '.join(figures)} |", flush=True)
            if found.peak + found.kernel > most + LOG + UNRELATED:
                faults.append(f"{ROWS[name].text}, {connections} connections: more memory than is promised")
    for fault in faults:
        print(f"attack: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
