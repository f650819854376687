# SPDX-License-Identifier: MIT
"""The floor: reads 64 KiB, writes once per read and subscriber, parses nothing."""
import subprocess

from programs import MEASURED_CORE, Program, Setup, pinned


class Copier(Program):
    name = "copier"

    def start(self, setup: Setup) -> subprocess.Popen:
        command = [setup.bin_dir / "tests/bench/raw_copier", setup.upstream, setup.socket, setup.subscribers]
        return pinned(MEASURED_CORE, command, stdout=subprocess.DEVNULL)
