# SPDX-License-Identifier: MIT
"""The measured programs, one module each: the daemon, its floor, and what else a user might pick.

A class has a `name` that bench_load knows, `missing`, which says why the program cannot be measured here, `address`, where it will serve, as
arguments of bench_load, and `start`, which comes after that.
"""
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))
MEASURED_CORE, LOAD_CORE = CORES[0], CORES[-1]


@dataclass
class Setup:
    """What one measurement is made with."""
    folder: Path  # of its own, and gone afterwards
    bin_dir: Path
    upstream: str  # port of the load's server, if the program has an upstream
    subscribers: int
    uid: int | None  # whose connections the subscribers are; None: of the user who runs this

    @property
    def socket(self) -> Path:
        return self.folder / "socket"


class Program:
    name: str
    executable = ""  # in PATH

    def missing(self, bin_dir: Path) -> str | None:
        return None if not self.executable or shutil.which(self.executable, path=PATH) else "not installed"

    def address(self, setup: Setup) -> list:
        return ["--socket", setup.socket]

    def start(self, setup: Setup) -> subprocess.Popen:
        raise NotImplementedError


# Where Debian puts brokers is not in every user's path.
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])


def pinned(core: int, command: list, **options) -> subprocess.Popen:
    """Runs it on this core, with as many descriptors as may be had (run has raised the limit)."""
    options["env"] = {**os.environ, "PATH": PATH, **options.get("env", {})}
    return subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], **options)
