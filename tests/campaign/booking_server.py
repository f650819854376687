# SPDX-License-Identifier: MIT
"""The tree's own test upstream, booking-server, as a process that is told what to do and says what it sees."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.integration.processes import BUILD, DEADLINE, Output

BOOKING_SERVER = BUILD / "tests/upstream/booking-server"


class BookingServer:
    """Ready when this returns. Reports are looked for from `mark` on: what lies before is never read again."""

    def __init__(self, token: str, user: str, *options: str) -> None:
        self.process = subprocess.Popen(
            [BOOKING_SERVER, "--port", "0", "--json", "--token", f"{token}={user}", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self._input = self.process.stdin
        self.output = Output(self.process.stdout)
        self._mark = 0
        self._syncs = 0
        self.port: int = self.saw("listening")["port"]
        self.url = f"http://127.0.0.1:{self.port}"

    def mark(self) -> None:
        """What has happened so far is not looked at any more."""
        self.sync()
        self._mark = len(self.output.lines)

    def sync(self) -> None:
        """When this returns all commands so far have been obeyed, and all that had happened by then is among the reports."""
        self._syncs += 1
        self.command(f"emit nowhere sync [{self._syncs}]")
        sign = {"what": "emitted", "name": "sync", "receivers": 0, "arguments": [self._syncs]}
        self.output.wait(lambda lines: sign in map(json.loads, lines[self._mark :]) or None, "booking-server's answer")

    def command(self, line: str) -> None:
        self._input.write(line.encode() + b"\n")
        self._input.flush()

    def reports(self, what: str) -> list[dict[str, Any]]:
        """Since the mark."""
        return self._reports(self.output.lines[self._mark :], what)

    def saw(self, what: str, count: int = 1) -> dict[str, Any]:
        """Waits until there are so many reports of this kind since the mark; the last one of them."""

        def find(lines: list[str]) -> dict[str, Any] | None:
            found = self._reports(lines[self._mark :], what)
            return found[count - 1] if len(found) >= count else None

        return self.output.wait(find, f"{count} reports of booking-server that say {what}")

    def close(self) -> None:
        self.command("stop")
        self._input.close()
        self.process.wait(DEADLINE)
        self.output.join()

    @staticmethod
    def _reports(lines: list[str], what: str) -> list[dict[str, Any]]:
        return [report for line in lines if (report := json.loads(line))["what"] == what]
