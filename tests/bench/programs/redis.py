# SPDX-License-Identifier: MIT
"""Redis pub/sub on a Unix socket, which keeps nothing and cuts nobody off."""
import subprocess

from programs import MEASURED_CORE, Program, Setup, pinned


class Redis(Program):
    name = "redis"
    executable = "redis-server"

    def start(self, setup: Setup) -> subprocess.Popen:
        options = {"port": "0", "unixsocket": str(setup.socket), "unixsocketperm": "777", "save": "", "appendonly": "no", "dir": str(setup.folder),
                   "maxclients": "15000", "client-output-buffer-limit": "pubsub 0 0 0", "daemonize": "no", "logfile": str(setup.folder / "log")}
        file = setup.folder / "redis.conf"
        file.write_text("".join(f"{key} {value or chr(34) * 2}\n" for key, value in options.items()))
        return pinned(MEASURED_CORE, ["redis-server", file])
