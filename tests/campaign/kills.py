# SPDX-License-Identifier: MIT
"""`kill -9` at random moments, at 5,000 events a second and more, one daemon's life after the other over one journal.

The judge is this process: it is the upstream, and so knows every event that left it, and it is every subscriber, and so knows every frame that arrived.
After each end and start: the epoch is the one before; a sequence number never comes with other bytes; who resumes with its position gets everything in
order and nothing twice; what it does not get lies within a GAP, and nothing that it gets does; an acknowledged position is there again and never moves
backwards; with `sync: always` every event that anybody saw is there. In some rounds the newest segment is torn, or a bit of it flipped, before the start.

usage: python3 -m tests.campaign.kills [--sample] [--seed N] [--rounds N]
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import shutil
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from roombridge.protocol import FrameDecoder, FrameType, encode_frame

from tests.campaign.stream import Stream
from tests.integration.processes import DEADLINE, Daemon

RATE = 8_000
"""Events a second."""
BATCH = 40
SYNC = ("never", "interval", "always")
SMALL = 20_000
"""A segment of so few bytes has just been begun."""


def arguments(number: int) -> str:
    """Of the event of this number; sizes differ."""
    return f'{{"n":{number},"fill":"{"x" * (50 + number * 7919 % 600)}"}}'


class Truth:
    """What any subscriber has ever been given, of the one epoch that there may be."""

    def __init__(self) -> None:
        self.epoch = ""
        self.given: dict[int, tuple[int, bytes]] = {}
        """By sequence number: the event's number, and a digest of the frame."""
        self.durable: set[int] = set()
        """What must be there for whoever asks."""

    def give(self, seq: int, head: bytes, payload: bytes) -> int:
        number = json.loads(payload)[0]["n"]
        assert payload == b"[" + arguments(number).encode() + b"]", f"{seq} is not what was sent"
        digest = hashlib.sha1(head + b"\0" + payload).digest()
        before = self.given.setdefault(seq, (number, digest))
        assert before == (number, digest), f"{seq} came with other content"
        return number


class Program:
    """One connection, judged frame by frame. `position`: behind what it begins; None: a named one, which goes on where it was."""

    def __init__(self, path: Path, truth: Truth, position: int | None, name: str | None = None, acknowledged: int = 0) -> None:
        self.truth = truth
        self.acknowledged = acknowledged
        self.live = False
        self.gaps: Counter[str] = Counter()
        self.got: set[int] = set()
        self.missing: list[tuple[int, int]] = []
        self.passed_over: list[tuple[int, int]] = []
        """By a reader that was too slow for the memory: they are there all the same."""
        self.oldest = 0
        self._decoder = FrameDecoder()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(DEADLINE)
        self._socket.connect(str(path))
        self._id = 1
        self._open: dict[int, int] = {}
        hello: dict[str, Any] = {"versions": [1], "client": "judge"}
        if name is not None:
            hello["subscriber"] = name
        self._socket.sendall(encode_frame(FrameType.HELLO, hello))
        self.welcome: dict[str, Any] = {}
        while not self.welcome:
            self._read_some()
        truth.epoch = truth.epoch or self.welcome["epoch"]
        assert self.welcome["epoch"] == truth.epoch, "another epoch"
        if name is not None:
            self._judge_kept(self.welcome.get("position"))
        self.position = self.welcome.get("position", {"seq": self.welcome["newest"]})["seq"] if position is None else position
        self.number = truth.given.get(self.position, (0, b""))[0]
        self.told = True  # of what may be missing before the next event
        request: dict[str, Any] = {"id": 1, "events": ["e"]}
        if position is not None:
            request["since"] = {"epoch": truth.epoch, "seq": position}
        self._socket.sendall(encode_frame(FrameType.SUBSCRIBE, request))

    def _judge_kept(self, kept: dict[str, Any] | None) -> None:
        if self.acknowledged:
            assert kept is not None and kept["epoch"] == self.truth.epoch, "the acknowledged position is gone"
            assert kept["seq"] >= self.acknowledged, f"the acknowledged position moved back from {self.acknowledged} to {kept['seq']}"

    def passes_over(self, seq: int) -> bool:
        return any(first <= seq <= last for first, last in self.passed_over)

    def acknowledge(self) -> None:
        self._id += 1
        self._open[self._id] = self.position
        with contextlib.suppress(OSError):
            self._socket.sendall(encode_frame(FrameType.ACK, {"id": self._id, "epoch": self.truth.epoch, "seq": self.position}))

    def read_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                if not self._read_some():
                    return
            except TimeoutError:
                return
        self._socket.settimeout(DEADLINE)

    def read_until_live(self) -> None:
        self._socket.settimeout(DEADLINE)
        while not self.live:
            assert self._read_some(), "the daemon has hung up"

    def read_the_rest(self) -> None:
        """What the kernel holds of a daemon that is dead."""
        with contextlib.suppress(ConnectionResetError):
            while self._read_some():
                pass
        self.close()

    def close(self) -> None:
        self._socket.close()

    def _read_some(self) -> bool:
        data = self._socket.recv(1 << 18)
        self._decoder.feed(data)
        while (what := self._decoder.next_frame()) is not None:
            self._judge(what.type, what.head, what.payload)
        return bool(data)

    def _judge(self, kind: int, head: dict[str, Any], payload: bytes) -> None:
        if kind == FrameType.WELCOME:
            self.welcome = head
        elif kind == FrameType.EVENT:
            self._judge_event(head, payload)
        elif kind == FrameType.GAP:
            self._judge_gap(head)
        elif kind == FrameType.LIVE:
            assert not self.live, "LIVE twice"
            self.live = True
            self.position = max(self.position, head["seq"])
        elif kind == FrameType.RESULT:
            assert head["ok"], head
            self.oldest = head.get("first", self.oldest)
            if head["id"] in self._open:
                self.acknowledged = max(self.acknowledged, self._open.pop(head["id"]) if head.get("durable") else 0)
        else:
            assert kind in (FrameType.STATUS, FrameType.BYE), kind

    def _judge_event(self, head: dict[str, Any], payload: bytes) -> None:
        seq = head["seq"]
        assert seq > self.position, f"{seq} came behind {self.position}"
        number = self.truth.give(seq, json.dumps(head).encode(), payload)
        if not self.told:
            assert seq == self.position + 1, f"nothing tells of {self.position + 1} to {seq - 1}"
            assert number == self.number + 1, f"nothing tells of the events {self.number + 1} to {number - 1}"
        assert number > self.number, f"event {number} came behind {self.number}"
        self.position, self.number, self.told = seq, number, False
        self.got.add(seq)

    def _judge_gap(self, head: dict[str, Any]) -> None:
        reason, first, last = head["reason"], head["first"], head["last"]
        assert reason in ("crash", "upstream", "expired", "slow"), head
        assert last > self.position, head
        assert first <= self.position + 1 or reason == "slow", f"nothing tells of {self.position + 1} to {first - 1}: {head}"
        if reason == "expired":
            self.oldest = last + 1
        if reason in ("crash", "expired"):
            self.missing.append((self.position + 1, last))
        if reason == "slow":
            self.passed_over.append((first, last))
        self.gaps[reason] += 1
        self.position, self.told = last, True


class Campaign:
    def __init__(self, directory: Path, seed: int) -> None:
        self.directory = directory
        self.chance = random.Random(seed)
        self.kept = directory / "journal"
        self.socket = directory / "s"
        self.upstream = Stream(arguments, RATE, BATCH)
        self.truth = Truth()
        self.counts: Counter[str] = Counter()
        self.gaps: Counter[str] = Counter()
        self.worst_start = 0.0
        self.position: int | None = None
        self.acknowledged = 0
        (directory / "token").write_text("secret\n", encoding="ascii")

    def start(self, sync: str) -> Daemon:
        config = {
            "upstream": {"url": self.upstream.url, "token": {"file": str(self.directory / "token")}, "reconnect": {"first": "10ms", "max": "50ms"}},
            "events": {"rules": {}},
            "local": {"socket": str(self.socket)},
            "log": {"capacity": "2MiB"},
            "journal": {"directory": str(self.kept), "capacity": "16MiB", "sync": sync, "sync_interval": "20ms"},
        }
        path = self.directory / "config.yaml"
        path.write_text(json.dumps(config), encoding="utf-8")
        begin = time.monotonic()
        daemon = Daemon(path, self.socket)
        self.worst_start = max(self.worst_start, time.monotonic() - begin)
        return daemon

    def segments(self) -> list[Path]:
        return sorted(self.kept.glob("*.segment"))

    def round(self) -> None:
        sync = self.chance.choice(SYNC)
        daemon = self.start(sync)
        try:
            named = Program(self.socket, self.truth, None, "till", self.acknowledged)
            back = Program(self.socket, self.truth, self.position) if self.position is not None else None
            self.judge_durable()
            for one in filter(None, (named, back)):
                one.read_until_live()
            end = time.monotonic() + self.chance.uniform(0.02, 0.35)
            at_rotation = self.chance.random() < 0.4
            before = len(self.segments())
            while time.monotonic() < end:
                named.read_for(0.01)
                named.acknowledge()
                if back is not None:
                    back.read_for(0.01)
                if at_rotation and len(self.segments()) > before:
                    break
        finally:
            daemon.process.kill()
            daemon.process.wait()
            daemon.output.join()
        self.judge_end(sync, named, back)

    def judge_durable(self) -> None:
        """Somebody who asks for everything gets all that must be there."""
        late = Program(self.socket, self.truth, 0)
        late.read_until_live()
        late.close()
        lost = [seq for seq in self.truth.durable if seq >= late.oldest and seq not in late.got and not late.passes_over(seq)]
        assert not lost, f"{len(lost)} events that were seen with `always` are gone, {min(lost)} to {max(lost)}"
        for first, last in late.missing:
            assert not any(first <= seq <= last for seq in late.got), f"a GAP {first} to {last} covers what came"
        self.gaps += late.gaps

    def judge_end(self, sync: str, named: Program, back: Program | None) -> None:
        for one in filter(None, (named, back)):
            one.read_the_rest()
            self.gaps += one.gaps
        self.acknowledged = named.acknowledged
        self.position = max(named.position, back.position if back is not None else 0)
        if sync == "always":
            self.truth.durable |= named.got | (back.got if back is not None else set())
        segments = self.segments()
        newest = segments[-1].stat().st_size if segments else 0
        self.counts["rounds"] += 1
        self.counts[f"sync {sync}"] += 1
        self.counts["at a rotation"] += newest < SMALL
        if segments and self.chance.random() < 0.25:
            self.tear(segments[-1], newest)

    def tear(self, path: Path, size: int) -> None:
        """The machine's end, as far as it can be played: what was written last is not as it was."""
        self.counts["torn"] += 1
        first = int(path.stem)
        self.truth.durable = {seq for seq in self.truth.durable if seq < first}
        if self.chance.random() < 0.5:
            os.truncate(path, self.chance.randrange(size + 1))
            return
        with path.open("r+b") as file:
            at = max(0, size - 1 - self.chance.randrange(300))
            file.seek(at)
            byte = file.read(1)
            file.seek(at)
            file.write(bytes([byte[0] ^ (1 << self.chance.randrange(8))]) if byte else b"")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", action="store_true", help="the short run of CI")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args()
    rounds = options.rounds or (10 if options.sample else 500)
    print(f"kills: {rounds} rounds, seed {options.seed}", file=sys.stderr)
    directory = Path(tempfile.mkdtemp(prefix="roombridge-"))
    campaign = Campaign(directory, options.seed)
    begin = time.monotonic()
    try:
        for number in range(rounds):
            try:
                campaign.round()
            except AssertionError as error:
                print(f"round {number} of seed {options.seed}: {error}; the files are in {directory}", file=sys.stderr)
                return 1
    except BaseException:
        shutil.rmtree(directory)
        raise
    shutil.rmtree(directory)
    print(
        f"{dict(campaign.counts)} in {time.monotonic() - begin:.0f} s; {campaign.upstream.sent} events left the upstream, {len(campaign.truth.given)} numbers "
        f"were seen; GAPs {dict(campaign.gaps)}; the slowest start took {campaign.worst_start * 1000:.0f} ms",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
