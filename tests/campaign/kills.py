# SPDX-License-Identifier: MIT
"""`kill -9` at random moments, at 5,000 events a second and more, one daemon's life after the other over one journal.

The judge is this process: it is the upstream, and so knows every event that left it, and it is every subscriber, and so knows every frame that arrived.
After each end and start: the epoch is the one before; a sequence number never comes with other bytes; who resumes with its position gets everything in
order and nothing twice; what it does not get lies within a GAP, and nothing that it gets does; with `sync: always` every event that anybody saw is there.
Named subscribers acknowledge at random moments: each is listed again, at a position that it has acknowledged and not before the last one that was answered
as durable, and what comes begins right behind it. In some rounds the newest segment is torn, or a bit of it flipped, or 100 bytes anywhere in one are damaged, before the start.

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
from collections.abc import Callable
from pathlib import Path
from typing import Any

from roombridge.protocol import FrameDecoder, FrameType, encode_frame

from tests.campaign.named import Named
from tests.campaign.stream import Stream
from tests.integration.processes import DEADLINE, Daemon

RATE = 8_000
"""Events a second."""
BATCH = 40
LIFE = 4_000
"""Events at most in one life: on a slow machine no more than on a fast one."""
SYNC = ("never", "interval", "always")
MOMENTS = ("any moment", "a rotation", "an answer")
"""Of the end: the last one is when an acknowledgement has just been answered."""
OPEN = 100
"""Acknowledgements that may wait for their answers."""
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

    def __init__(self, path: Path, truth: Truth, position: int | None, named: Named | None = None) -> None:
        self.truth = truth
        self.named = named
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
        self._handled: list[int] = []
        self._results: dict[int, Any] = {}
        hello: dict[str, Any] = {"versions": [1], "client": "judge"}
        if named is not None:
            hello["subscriber"] = named.name
        self._socket.sendall(encode_frame(FrameType.HELLO, hello))
        self.welcome: dict[str, Any] = {}
        while not self.welcome:
            self._read_some()
        truth.epoch = truth.epoch or self.welcome["epoch"]
        assert self.welcome["epoch"] == truth.epoch, "another epoch"
        kept = self.welcome.get("position")
        if named is not None:
            named.judge(kept, truth.epoch)
        self.is_new = position is None and kept is None
        self.seamless = not self.is_new  # the next record has the next number, or something tells why not
        self.position = position if position is not None else kept["seq"] if kept is not None else self.welcome["newest"]
        self.number = truth.given.get(self.position, (0, b""))[0]
        self.told = self.is_new or self.number == 0  # of events that may be missing before the next one
        request: dict[str, Any] = {"id": 1, "events": ["e"]}
        if position is not None:
            request["since"] = {"epoch": truth.epoch, "seq": position}
        self._socket.sendall(encode_frame(FrameType.SUBSCRIBE, request))

    def passes_over(self, seq: int) -> bool:
        return any(first <= seq <= last for first, last in self.passed_over)

    def acknowledge(self, seq: int) -> None:
        assert self.named is not None
        with contextlib.suppress(OSError):
            self._id += 1
            self._socket.sendall(encode_frame(FrameType.ACK, {"id": self._id, "epoch": self.truth.epoch, "seq": seq}))
            self._open[self._id] = seq
            self.named.acknowledge(seq)

    def acknowledge_all(self) -> None:
        """Returns when that has been answered."""
        self.acknowledge(self.position)
        wanted = self._id  # more are sent meanwhile
        self._read_until(lambda: wanted not in self._open)

    def call(self, method: str) -> Any:
        self._id += 1
        self._socket.sendall(encode_frame(FrameType.CALL, {"id": self._id, "method": method}))
        wanted = self._id
        self._read_until(lambda: wanted in self._results)
        return self._results.pop(wanted)

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
        self._read_until(lambda: self.live)

    def read_the_rest(self) -> None:
        """What the kernel holds of a daemon that is dead."""
        with contextlib.suppress(ConnectionResetError):
            while self._read_some():
                pass
        self.close()

    def close(self) -> None:
        self._socket.close()

    def _read_until(self, done: Callable[[], bool]) -> None:
        self._socket.settimeout(DEADLINE)
        while not done():
            assert self._read_some(), "the daemon has hung up"

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
            self._judge_live(head["seq"])
        elif kind == FrameType.RESULT:
            assert head["ok"], head
            self.oldest = head.get("first", self.oldest)
            if head["id"] in self._open:
                assert self.named is not None
                self.named.answer(self._open.pop(head["id"]), head["durable"])
            elif payload:
                self._results[head["id"]] = json.loads(payload)
        else:
            assert kind in (FrameType.STATUS, FrameType.BYE), kind

    def _judge_event(self, head: dict[str, Any], payload: bytes) -> None:
        seq = head["seq"]
        assert seq > self.position, f"{seq} came behind {self.position}"
        number = self.truth.give(seq, json.dumps(head).encode(), payload)
        if self.seamless:
            assert seq == self.position + 1, f"nothing tells of {self.position + 1} to {seq - 1}"
        if not self.told:
            assert number == self.number + 1, f"nothing tells of the events {self.number + 1} to {number - 1}"
        assert number > self.number, f"event {number} came behind {self.number}"
        self.number, self.told, self.seamless = number, False, True
        self.got.add(seq)
        self._handle(seq)

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
        self.told, self.seamless = True, reason != "slow"
        self._handle(last)

    def _judge_live(self, seq: int) -> None:
        assert not self.live, "LIVE twice"
        self.live = True
        if self.seamless:
            assert seq == self.position, f"nothing tells of {self.position + 1} to {seq}"
        if self.is_new and self.named is not None:
            self.named.begin_at(seq)
        self.seamless = True
        self._handle(seq)

    def _handle(self, position: int) -> None:
        self.position = position
        if self.named is None:
            return
        self._handled.append(position)
        if self.named.wants_to_acknowledge() and len(self._open) < OPEN:
            self.acknowledge(self.named.choose(self._handled))


class Campaign:
    def __init__(self, directory: Path, seed: int) -> None:
        self.directory = directory
        self.chance = random.Random(seed)
        self.kept = directory / "journal"
        self.socket = directory / "s"
        self.upstream = Stream(arguments, RATE, BATCH, LIFE)
        self.truth = Truth()
        self.counts: Counter[str] = Counter()
        self.gaps: Counter[str] = Counter()
        self.worst_start = 0.0
        self.position: int | None = None
        self.till = Named("till", 100, seed)
        self.desk = Named("desk", 1000, seed)
        (directory / "token").write_text("secret\n", encoding="ascii")

    def start(self, sync: str) -> Daemon:
        config = {
            "upstream": {"url": self.upstream.url, "token": {"file": str(self.directory / "token")}, "reconnect": {"first": "10ms", "max": "50ms"}},
            "events": {"rules": {}},
            "local": {"socket": str(self.socket), "access": []},
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
        moment = self.chance.choice(MOMENTS)
        seconds = self.chance.uniform(0.02, 0.35)
        with_desk = self.chance.random() < 0.5
        try:
            programs = [Program(self.socket, self.truth, None, self.till)]
            if with_desk:
                programs.append(Program(self.socket, self.truth, None, self.desk))
            elif self.position is not None:
                programs.append(Program(self.socket, self.truth, self.position))
            self.judge_kept()
            for one in programs:
                one.read_until_live()
            end = time.monotonic() + seconds
            before = len(self.segments())
            while time.monotonic() < end and not (moment == "a rotation" and len(self.segments()) > before):
                for one in programs:
                    one.read_for(0.01)
            if moment == "an answer":
                programs[0].acknowledge_all()
        finally:
            daemon.process.kill()
            daemon.process.wait()
            daemon.output.join()
        # Then it says itself that not all of what it shows is on the disk.
        overflowed = "slower than events come" in daemon.log
        self.judge_end("overflowed" if overflowed else sync, moment, programs)

    def judge_kept(self) -> None:
        """Somebody who asks for everything gets all that must be there, and all names."""
        late = Program(self.socket, self.truth, 0)
        listed = {each["name"]: each["position"] for each in late.call("named_subscribers")}
        for one in (self.till, self.desk):
            if one.durable:
                one.judge(listed.get(one.name), self.truth.epoch)
        late.read_until_live()
        late.close()
        lost = [seq for seq in self.truth.durable if seq >= late.oldest and seq not in late.got and not late.passes_over(seq)]
        assert not lost, f"{len(lost)} events that were seen with `always` are gone, {min(lost)} to {max(lost)}"
        for first, last in late.missing:
            assert not any(first <= seq <= last for seq in late.got), f"a GAP {first} to {last} covers what came"
        self.gaps += late.gaps

    def judge_end(self, sync: str, moment: str, programs: list[Program]) -> None:
        for one in programs:
            one.read_the_rest()
            self.gaps += one.gaps
            if sync == "always":
                self.truth.durable |= one.got
        self.position = max(one.position for one in programs)
        segments = self.segments()
        newest = segments[-1].stat().st_size if segments else 0
        self.counts["rounds"] += 1
        self.counts[f"sync {sync}"] += 1
        self.counts["at an answer"] += moment == "an answer"
        self.counts["at a rotation"] += newest < SMALL
        if segments and self.chance.random() < 0.25:
            self.tear(segments[-1], newest)
        elif segments and self.chance.random() < 0.1:
            self.damage(segments, self.chance.randrange(len(segments)))

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


    def damage(self, segments: list[Path], which: int) -> None:
        """The disk's work: bytes anywhere in a file are not as they were. Its header may be among them."""
        self.counts["damaged"] += 1
        first = int(segments[which].stem)
        end = int(segments[which + 1].stem) if which + 1 < len(segments) else sys.maxsize
        self.truth.durable = {seq for seq in self.truth.durable if not first <= seq < end}
        with segments[which].open("r+b") as file:
            file.seek(self.chance.randrange(segments[which].stat().st_size))
            file.write(self.chance.randbytes(100))


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
        f"were seen; {campaign.till.answered + campaign.desk.answered} positions were answered as durable; GAPs {dict(campaign.gaps)}; "
        f"the slowest start took {campaign.worst_start * 1000:.0f} ms",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
