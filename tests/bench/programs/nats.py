# SPDX-License-Identifier: MIT
"""nats-server; it listens on TCP only."""
import socket
import subprocess

from programs import MEASURED_CORE, Program, Setup, pinned


class Nats(Program):
    name = "nats"
    executable = "nats-server"

    def address(self, setup: Setup) -> list:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        return ["--port", self.port]

    def start(self, setup: Setup) -> subprocess.Popen:
        command = ["nats-server", "--addr", "127.0.0.1", "--port", self.port, "--log", setup.folder / "log"]
        return pinned(MEASURED_CORE, command)
