# SPDX-License-Identifier: MIT
"""One measurement: a program and the load, on cores of their own. And rounds of them, in which the programs take turns."""
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from programs import LOAD_CORE, Program, Setup, pinned

NOBODY = 65534
PATIENCE = 180  # seconds


class Void(Exception):
    """A measurement that says nothing."""


@dataclass
class Workload:
    title: str
    subscribers: int
    load: list = field(default_factory=list)  # further arguments of bench_load


class Bench:
    def __init__(self, bin_dir: Path, rounds: int, seconds: float, quick: bool = False) -> None:
        self.bin_dir = bin_dir
        self.rounds = rounds
        self.seconds = seconds
        self.quick = quick
        # The daemon lets root and its own user see everything: rules speak of others.
        self.uid = NOBODY if os.geteuid() == 0 else None

    def once(self, program: Program, workload: Workload) -> dict:
        """What the load says of fresh processes."""
        with tempfile.TemporaryDirectory() as name:
            setup = Setup(Path(name), self.bin_dir, "", workload.subscribers, self.uid)
            setup.folder.chmod(0o711)
            load = pinned(LOAD_CORE, [self.bin_dir / "tests/bench/bench_load", "--program", program.name, *program.address(setup),
                                      "--subscribers", workload.subscribers, "--seconds", self.seconds, *self.only_for(program),
                                      *workload.load], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            setup.upstream = load.stdout.readline().strip()
            measured = program.start(setup)
            try:
                return self.measure(load, measured)
            except Void as why:
                raise Void(f"{program.name}, {workload.title}: {why}") from None
            finally:
                for process in (load, measured):
                    process.kill()
                    process.wait()

    def only_for(self, program: Program) -> list:
        if program.name != "daemon":
            return []
        warm_up = 1_000 if self.quick else 70_000  # once through a log of the default size
        return ["--warm-up", warm_up, *([] if self.uid is None else ["--uid", self.uid])]

    @staticmethod
    def measure(load: subprocess.Popen, measured: subprocess.Popen) -> dict:
        if load.stdout.readline().strip() != "connected":
            raise Void("it is not connected to the load")
        try:
            output, _ = load.communicate(f"{measured.pid}\n", timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise Void(f"not done within {PATIENCE} s: events got lost, or it is that slow") from None
        if load.returncode != 0:
            raise Void("the load gave up, see above")
        return json.loads(output)

    def medians(self, *pairs: tuple[Program, Workload]) -> list[dict | None]:
        """Of as many rounds, in which the pairs take turns. Nothing for a pair of which a round was void."""
        results: list[list[dict]] = [[] for _ in pairs]
        for _ in range(self.rounds):
            for got, (program, workload) in zip(results, pairs):
                try:
                    got.append(self.once(program, workload))
                except Void as why:
                    if program.name == "daemon":
                        raise
                    print(f"bench: void: {why}", file=sys.stderr)
        return [{key: statistics.median(one[key] for one in all_) for key in all_[0]} if len(all_) == self.rounds else None
                for all_ in results]
