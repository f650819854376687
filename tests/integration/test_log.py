# SPDX-License-Identifier: MIT
"""Where the daemon's log goes, and that what does not take it holds up nobody."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import unittest
from collections.abc import Sequence
from pathlib import Path

from roombridge import Client

from .harness import IntegrationTest
from .processes import DEADLINE, ROOMBRIDGED


class StalledLogTest(IntegrationTest):
    """Each test starts a daemon whose log is taken by nobody, and ends it by SIGTERM."""

    def test_a_pipe_that_nobody_reads(self) -> None:
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        fill(writer)
        process = self.start(writer)
        os.close(writer)
        self.assert_serves_and_stops(process)

    @unittest.skipUnless(os.geteuid() == 0, "needs root: a mount namespace of its own, with another journal")
    def test_a_journal_that_stands_still(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
            (self.directory / "journal").mkdir()
            journal.bind(str(self.directory / "journal" / "socket"))
            with open(self.directory / "stderr", "wb") as stderr:
                found = os.fstat(stderr.fileno())
                within = ("unshare", "--mount", "sh", "-ec",
                          "mount -t tmpfs none /run; mkdir -p /run/systemd/journal\n"
                          f'mount --bind {self.directory}/journal /run/systemd/journal; exec "$@"', "sh")
                process = self.start(stderr.fileno(), within, JOURNAL_STREAM=f"{found.st_dev}:{found.st_ino}")
            self.assert_serves_and_stops(process)
            record = journal.recv(1 << 16)
            self.assertIn(b"PRIORITY=6\n", record)
            self.assertRegex(record, rb"MESSAGE=roombridged [0-9.]+ starts with ")
        self.assertEqual((self.directory / "stderr").read_bytes(), b"")

    def start(self, stderr: int, within: Sequence[str | Path] = (), **environment: str) -> subprocess.Popen[bytes]:
        config = self.write_config(self.config())
        process = subprocess.Popen([*within, ROOMBRIDGED, "--config", config], stderr=stderr, env={**os.environ, **environment})
        self.addCleanup(process.kill)
        self.server.saw("join", room="shop-8")
        return process

    def assert_serves_and_stops(self, process: subprocess.Popen[bytes]) -> None:
        with Client(str(self.directory / "s"), name="caller", timeout=DEADLINE, reconnect=False) as client:
            # Each reload is a record or two: far more than a pipe's last page and a socket's queue take.
            for _ in range(2000):
                client.call("reload")
            self.assertGreater(client.call("status")["counters"]["log_dropped"], 0)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(DEADLINE), 0)


def fill(pipe: int) -> None:
    flags = fcntl.fcntl(pipe, fcntl.F_GETFL)
    fcntl.fcntl(pipe, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    try:
        while True:
            os.write(pipe, b"x" * 4096)
    except BlockingIOError:
        fcntl.fcntl(pipe, fcntl.F_SETFL, flags)
