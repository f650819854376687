# SPDX-License-Identifier: MIT
"""Programs with the C++ client against the real daemon and server: README's and the examples."""

from __future__ import annotations

import os
import subprocess
import unittest
from collections.abc import Callable
from pathlib import Path

from .harness import SANITIZED, IntegrationTest, JournaledTest, reservation
from .hostile import FLAT_HOSTILE, HOSTILE
from .processes import BUILD, DEADLINE, Daemon, Output

EXAMPLE = BUILD / "clients/cpp/roombridge_example_tail"
ASIO_EXAMPLE = BUILD / "clients/cpp/roombridge_example_asio_tail"
README = BUILD / "clients/cpp/roombridge_example_readme"
BACKLOG = BUILD / "tests/integration/cpp_client/roombridge_backlog"


class ProgramTest(IntegrationTest):
    needed = (EXAMPLE, ASIO_EXAMPLE, README)

    def program(self, program: Path) -> tuple[Output, Output]:
        """What it says on stdout and stderr; it runs until the test's end."""
        process = subprocess.Popen(
            ["stdbuf", "-oL", str(program)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "ROOMBRIDGE_SOCKET": str(self.directory / "s")},
        )
        self.addCleanup(process.wait, DEADLINE)
        self.addCleanup(process.kill)
        assert process.stdout is not None and process.stderr is not None
        return Output(process.stdout), Output(process.stderr)

    def until_subscribed(self, daemon: Daemon) -> None:
        watcher = self.peer(daemon)
        self.eventually(lambda: [each for each in watcher.call("subscribers") if each["subscriptions"]], "a subscription")


class CppClientTest(ProgramTest):
    def test_the_example_survives_a_hostile_payload(self) -> None:
        daemon = self.start_authenticated()
        output, _ = self.program(EXAMPLE)
        self.until_subscribed(daemon)
        for name, payload in (("hostile", HOSTILE), ("reservation_update", HOSTILE), ("payment_update", FLAT_HOSTILE)):
            self.server.command(do="raw", text=f'2["{name}",' + payload.decode() + "]")
        self.server.emit("reservation_update", reservation("마지막"))
        lines = output.wait(lambda lines: lines if "reservation 마지막: confirmed" in lines else None, "the last update")
        self.assertIn("hostile [" + HOSTILE.decode() + "]", lines)
        self.assertEqual(len(lines), 4)


class RestartedCppClientTest(JournaledTest, ProgramTest):
    """The daemon comes late, ends, is killed, and comes back each time, with what it has in its journal."""

    def outlives(self, program: Path) -> None:
        output, said = self.program(program)
        said.line("is roombridged running")
        ends: list[Callable[[Daemon], None]] = [self.stop, self.kill, self.stop]
        for number, end in enumerate(ends):
            daemon = self.start_authenticated()
            self.until_subscribed(daemon)
            self.server.emit("reservation_update", reservation(number))
            output.line("reservation_update", f'"reservationId":{number},')
            end(daemon)
        said.line("shutdown")
        # A kill leaves a loss to be told of, a stop none; and nothing comes twice.
        events = [line for line in output.lines if line.startswith("reservation_update")]
        self.assertEqual(len(events), len(ends), output.lines)
        output.line("missed some: crash")

    def test_readmes_program_outlives_the_daemon(self) -> None:
        self.outlives(README)

    def test_the_asio_example_outlives_the_daemon(self) -> None:
        self.outlives(ASIO_EXAMPLE)

    def test_what_came_between_two_connections_is_not_missed(self) -> None:
        daemon = self.start_authenticated()
        output, _ = self.program(README)
        self.until_subscribed(daemon)
        self.server.emit("reservation_update", reservation(1))
        output.line('"reservationId":1,')
        self.stop(daemon)
        daemon = self.start_authenticated()
        for number in range(2, 20):
            self.server.emit("reservation_update", reservation(number))
        for number in range(2, 20):
            output.line(f'"reservationId":{number},')


class BehindCppClientTest(IntegrationTest):
    needed = (BACKLOG,)

    def test_a_backlog_is_worked_off_in_bounded_memory(self) -> None:
        count = 30_000
        daemon = self.start_authenticated(log={"capacity": "64MiB"})
        witness = self.subscriber(daemon, events=["last"])
        self.server.command(do="series", event="n", first=1, count=count, size=1000)
        self.server.emit("last")
        witness.until_event("last")
        done = subprocess.run(
            [str(BACKLOG), str(daemon.socket), str(count)], capture_output=True, text=True, timeout=120, check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        last, gaps, kibibytes = map(int, done.stdout.split())
        self.assertEqual((last, gaps), (count, 0))
        if not SANITIZED:
            self.assertLess(kibibytes, 16 << 10, "of 30 MB")


if __name__ == "__main__":
    unittest.main()
