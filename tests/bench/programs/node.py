# SPDX-License-Identifier: MIT
"""The bridge that one would write in Node.js: socket.io-client and net.Server."""
import subprocess
from pathlib import Path

from programs import MEASURED_CORE, Program, Setup, pinned

SCRIPT = Path(__file__).with_name("node_bridge.js")


class Node(Program):
    name = "node"
    executable = "node"

    def missing(self, bin_dir: Path) -> str | None:
        installed = (bin_dir / "node_modules/socket.io-client").is_dir()
        return super().missing(bin_dir) if installed else "not installed"

    def start(self, setup: Setup) -> subprocess.Popen:
        modules = {"NODE_PATH": str(setup.bin_dir / "node_modules")}
        return pinned(MEASURED_CORE, ["node", SCRIPT, f"http://127.0.0.1:{setup.upstream}", setup.socket], env=modules)
