# SPDX-License-Identifier: MIT
"""What one user's programs can do to another's: each attack on a daemon of its own, while another user's programs ask and listen.

usage: python3 -m tests.attack.silence [--sample] [--seconds N] [ATTACK]...
  --sample   the short run of CI, which prints times and judges none: other machines, and other work on them, make others
Prints a table, in ms: the round trips of PING, the delays of events, the CPU time that the daemon took of the time, and by how much its memory grew at most.
Fails when a promise is broken: see PROMISE_ONE, PROMISE_TEN and most_memory(). The daemon runs on one core, all else on the others.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roombridge import Client

from tests.attack.upstream import Upstream
from tests.integration.processes import DEADLINE, Daemon, Output

FIRST_USER = 21001
PROBE_USER = 21000
PROMISE_ONE = {"p99": 50.0, "worst": 250.0}
"""Of what one hostile user does to others, in ms."""
PROMISE_TEN = {"worst": 1000.0}
"""Of what ten of them do."""


USER_BUFFER = 8 << 20
"""`local.user_buffer`, bytes."""
LOG = 16 << 20
"""`log.capacity`, bytes: what an attack's time of events may fill."""
UNRELATED = 4 << 20
"""Bytes by which the daemon grows in the same time without any attack, at most."""


@dataclass(frozen=True)
class Row:
    text: str
    attack: str = ""
    connections: int = 0
    size: int = 0
    users: int = 1
    fill: int = 0
    rate: float = 100
    padding: int = 0
    capacity: str = "16MiB"


ROWS = {
    "none": Row("nobody"),
    "colliding": Row("30,000 patterns of one hash; 60 connections subscribe and unsubscribe 64 more", "colliding", 60, 30_000),
    "calls": Row("calls `rooms` and `status` on 60 connections, 248 rooms held", "calls", 60),
    "status": Row("call `status` on 64 connections", "status", 64),
    "replays": Row("two connections, 15,360 patterns each that never match, `since` 0", "replays", 2, 15_360, fill=40_000),
    "sleepers": Row("two connections, 16,000 patterns each, that never read while the log goes round", "sleepers", 2, 16_000, rate=4000, padding=1000),
    "pings": Row("PING on 64 connections", "pings", 64),
    "crowd": Row("PING on 1,000 connections", "pings", 1000),
    "unread": Row("PING on 64 connections that never read", "unread", 64),
    "visits": Row("64 connections that come, are welcomed and go, again and again", "visits", 64),
    "large": Row("EMIT of 1 MiB that is refused, on 64 connections", "large", 64),
    "status10": Row("call `status` on 64 connections of each of ten users", "status", 64, users=10),
    "pings10": Row("PING on 64 connections of each of ten users", "pings", 64, users=10),
    "replays10": Row("as above with `since` 0, of each of ten users", "replays", 2, 15_360, users=10, fill=40_000),
}
SAMPLE = ("none", "colliding", "status", "replays", "unread")


class Process:
    """One of the programs beside this file."""

    def __init__(self, module: str, *arguments: Any, niceness: int) -> None:
        command = ["nice", "-n", str(niceness), sys.executable, "-B", "-m", f"tests.attack.{module}", *map(str, arguments)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.output = Output(self.process.stdout)
        self.output.line("ready")

    def tell(self, text: str) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(text.encode() + b"\n")
            self.process.stdin.flush()

    def end(self) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.output.join()


def configure(directory: Path, url: str, capacity: str) -> Path:
    (directory / "token").write_text("secret\n", encoding="ascii")
    (directory / "token").chmod(0o600)
    everything: dict[str, Any] = {"everyone": True, "events": ["*"], "topics": ["*"]}
    config = {
        "upstream": {"url": url, "token": {"file": str(directory / "token")}},
        "events": {"rules": {"e": {"topics": ["shop-{shopId}"]}}},
        "log": {"capacity": capacity},
        "local": {
            "socket": str(directory / "s"),
            "mode": "0666",
            "access": [everything, {"users": [str(FIRST_USER)], "rooms": ["*"]}],
        },
    }
    path = directory / "config.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, name: str) -> int:
    """Bytes: VmRSS, or VmHWM, the most since forget_peak()."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) << 10
    raise AssertionError(f"no {name} of process {pid}")


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def most_memory(row: Row) -> int:
    """What all attackers of a row may make the daemon take, in bytes."""
    return row.users * (2 * USER_BUFFER + row.connections * (16 << 10)) + LOG + UNRELATED


def filled(daemon: Daemon, count: int) -> str:
    """Waits until the log has so many records; the epoch."""
    with contextlib.closing(Client(str(daemon.socket), name="silence", timeout=DEADLINE)) as client:
        client.connect()
        while (found := client.call("status"))["log"]["newest"] <= count:
            time.sleep(0.05)
        return str(found["epoch"])


def measure(row: Row, directory: Path, seconds: float) -> dict[str, Any]:
    upstream = Upstream(row.fill, row.rate, row.padding)
    daemon = Daemon(configure(directory, upstream.url, row.capacity), directory / "s")
    os.sched_setaffinity(daemon.pid, {max(os.sched_getaffinity(0))})
    with contextlib.suppress(PermissionError):  # root in a container may not
        os.setpriority(os.PRIO_PROCESS, daemon.pid, -15)
    running: list[Process] = []
    try:
        epoch = filled(daemon, row.fill)
        probe = Process("probe", daemon.socket, PROBE_USER, niceness=-15)
        running.append(probe)
        forget_peak(daemon.pid)
        resident = memory(daemon.pid, "VmRSS")
        for user in range(row.users if row.attack else 0):
            running.append(Process("attacker", row.attack, daemon.socket, FIRST_USER + user, row.connections, row.size, epoch, niceness=0))
        before, begin = cpu_seconds(daemon.pid), time.monotonic()
        probe.tell(str(seconds))
        for attacker in running[1:]:
            attacker.tell("go")
        found: dict[str, Any] = json.loads(probe.output.line('"pings"'))
        found["cpu"] = (cpu_seconds(daemon.pid) - before) / (time.monotonic() - begin)
        if daemon.process.poll() is not None:
            raise AssertionError(f"the daemon has ended: {daemon.log}")
        found["memory"] = memory(daemon.pid, "VmHWM") - resident
        return found
    finally:
        for each in reversed(running):
            each.end()
        upstream.close()
        daemon.process.kill()
        daemon.process.wait()


def broken(row: Row, found: dict[str, Any], alone: bool) -> list[str]:
    """`alone`: the machine does nothing else; otherwise, as where CI runs, times say nothing and memory is judged."""
    promise = (PROMISE_ONE if row.users == 1 else PROMISE_TEN) if alone else {}
    grown, most = found["memory"] / 2**20, most_memory(row) / 2**20
    of_memory = [] if grown <= most else [f"{row.text}: {grown:.0f} MiB more memory, promised are {most:.0f}"]
    return of_memory + [
        f"{row.text}: {what} {key} {found[what][key]:.0f} ms, promised are {most:.0f}"
        for what in ("pings", "events")
        for key, most in promise.items()
        if not found[what][key] <= most
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("attacks", nargs="*", metavar="ATTACK", help=", ".join(ROWS))
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("attack: other users can be played by root only", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    seconds = options.seconds or (2 if options.sample else 10)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:-1] or os.sched_getaffinity(0))
    faults: list[str] = []
    print("| attack | PING p50 | p99 | worst | event p50 | p99 | worst | CPU | memory |\n|---|---|---|---|---|---|---|---|---|", flush=True)
    for name in options.attacks or (SAMPLE if options.sample else ROWS):
        row = ROWS[name]
        directory = Path(tempfile.mkdtemp(prefix="roombridge-"))
        directory.chmod(0o755)
        try:
            found = measure(row, directory, seconds)
        finally:
            shutil.rmtree(directory)
        figures = [f"{found[what][key]:,.1f}" for what in ("pings", "events") for key in ("p50", "p99", "worst")]
        print(f"| {row.text} | {' | '.join(figures)} | {100 * found['cpu']:.0f} % | +{found['memory'] / 2**20:.0f} MiB |", flush=True)
        faults += broken(row, found, alone=not options.sample)
    for fault in faults:
        print(f"attack: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
