# SPDX-License-Identifier: MIT
"""What a parent leaves to the programs that it starts: signals ignored or blocked, descriptors closed, a mask, limits."""

from __future__ import annotations

import os
import re
import socket
import stat
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

from .harness import IntegrationTest, JournaledTest
from .processes import DEADLINE, ROOMBRIDGECTL, ROOMBRIDGED, Daemon


def parent(preparation: str) -> tuple[str, ...]:
    """A command that becomes the one behind it, after this Python."""
    script = f"import os, resource, signal, sys\n{preparation}\nos.execv(sys.argv[1], sys.argv[1:])"
    return (sys.executable, "-c", script)


IGNORED = "for number in ({}): signal.signal(number, signal.SIG_IGN)"
BLOCKED = "signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())"
CLOSED = "for number in (0, 1, 2): os.close(number)"
SMALL_FILES = "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); signal.signal(signal.SIGXFSZ, signal.SIG_DFL)"


def standard_descriptors(pid: int) -> list[str]:
    return [os.readlink(f"/proc/{pid}/fd/{number}") for number in range(3)]


class InheritedTest(IntegrationTest):
    def script(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
        path.chmod(0o755)
        return path

    def start_with_command(self, within: tuple[str, ...], command: Path, **changes: Any) -> Daemon:
        token = {"command": [str(command)], "timeout": "20s"}
        return self.start_daemon(within=within, upstream={**self.config()["upstream"], "token": token}, **changes)

    def test_a_failed_token_command_is_a_failure_under_a_parent_that_ignores_sigchld(self) -> None:
        command = self.script("get-token", "echo 'usage: get-token NAME'\nexit 1")
        daemon = self.start_with_command(parent(IGNORED.format("signal.SIGCHLD,")), command)
        daemon.logged("get-token ended with status 1.* CAUSE=token_command_failed")
        self.assertEqual(self.server.seen("authenticate"), [])

    def test_sigterm_and_sighup_reach_a_daemon_whose_parent_blocks_all_signals(self) -> None:
        daemon = self.start_daemon(within=parent(BLOCKED))
        daemon.hang_up()
        daemon.logged("reloaded: nothing changed")
        self.stop(daemon)

    def test_sigterm_and_sighup_reach_a_daemon_whose_parent_ignores_them(self) -> None:
        daemon = self.start_daemon(within=parent(IGNORED.format("signal.SIGTERM, signal.SIGHUP, signal.SIGINT")))
        daemon.hang_up()
        daemon.logged("reloaded: nothing changed")
        self.stop(daemon)

    def test_the_token_command_gets_signals_as_they_are_usual(self) -> None:
        command = self.script("get-token", "echo $(grep -E 'Sig(Blk|Ign)' /proc/self/status) >&2\nexit 1")
        daemon = self.start_with_command(
            parent(f"{BLOCKED}\n{IGNORED.format('signal.SIGCHLD, signal.SIGTERM, signal.SIGUSR1')}"), command
        )
        found = re.search('"SigBlk: (.*) SigIgn: (.*)"', daemon.logged('"SigBlk: .* SigIgn: .*"'))
        assert found is not None
        of_the_c_library = 1 << 31 | 1 << 32  # two numbers below SIGRTMIN, which posix_spawn() ignores
        self.assertEqual([int(mask, 16) & ~of_the_c_library for mask in found.groups()], [0, 0])

    def test_what_is_written_to_a_closed_descriptor_of_the_parent_goes_nowhere(self) -> None:
        config = self.config()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(self.directory / "notify"))
            manager.settimeout(DEADLINE)
            process = subprocess.Popen(
                [*parent(CLOSED), ROOMBRIDGED, "--config", self.write_config(config)],
                env={**os.environ, "NOTIFY_SOCKET": str(self.directory / "notify")},
            )
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            while b"READY=1" not in manager.recv(4096):
                pass
        self.server.saw("join", room="shop-7")
        self.assertEqual(standard_descriptors(process.pid), ["/dev/null"] * 3)
        process.terminate()
        self.assertEqual(process.wait(DEADLINE), 0)


class InheritedFilesTest(JournaledTest):
    def test_a_mask_that_takes_everything_away_takes_nothing_from_the_daemons_files(self) -> None:
        daemon = self.start_daemon(
            within=parent("os.umask(0o777)"), upstream={**self.config()["upstream"], "recovery_file": str(self.directory / "kept")}
        )
        self.server.saw("join", room="shop-7")
        self.assertEqual(stat.S_IMODE(self.kept.stat().st_mode), 0o700)
        self.assertEqual({stat.S_IMODE(path.stat().st_mode) for path in self.kept.iterdir()}, {0o600})
        self.stop(daemon)
        self.assertEqual(stat.S_IMODE((self.directory / "kept").stat().st_mode), 0o600)

    def test_a_limit_of_file_sizes_is_a_full_disk_and_no_end(self) -> None:
        daemon = self.start_daemon(within=parent(SMALL_FILES))
        subscriber = self.subscriber(daemon)
        self.server.saw("join", room="shop-7")
        self.server.command(do="series", event="numbered", first=1, count=50, size=1000)
        self.server.emit("marker")
        subscriber.until_event("marker")
        daemon.logged("File too large")


class InheritedByTheControlToolTest(IntegrationTest):
    def ctl(self, within: tuple[str, ...], *arguments: str, **streams: Any) -> subprocess.Popen[bytes]:
        command = [*within, str(ROOMBRIDGECTL), "--socket", str(self.directory / "s"), *arguments]
        process = subprocess.Popen(command, restore_signals=False, **streams)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_tail_ends_with_its_reader_under_a_parent_that_ignores_sigpipe(self) -> None:
        daemon = self.start_authenticated()
        tail = self.ctl(parent(IGNORED.format("signal.SIGPIPE,")), "tail", "--json", stdout=subprocess.PIPE)
        assert tail.stdout is not None
        tail.stdout.readline()
        tail.stdout.close()
        self.server.emit("marker")
        self.assertNotEqual(tail.wait(DEADLINE), 0)
        self.assertEqual(self.peer(daemon).call("status")["pid"], daemon.pid)

    def test_tail_ends_on_sigterm_under_a_parent_that_blocks_it(self) -> None:
        self.start_authenticated()
        tail = self.ctl(parent(BLOCKED), "tail", "--json", stdout=subprocess.PIPE)
        assert tail.stdout is not None
        tail.stdout.readline()
        tail.terminate()
        self.assertNotEqual(tail.wait(DEADLINE), 0)
        tail.stdout.close()

    def test_nothing_is_printed_into_the_connection_where_stdout_is_closed(self) -> None:
        daemon = self.start_authenticated()
        tail = self.ctl(parent(CLOSED), "tail", "--json")
        caller = self.peer(daemon)
        self.eventually(lambda: any(peer["pid"] == tail.pid for peer in caller.call("subscribers")), "the tail")
        self.assertEqual(standard_descriptors(tail.pid), ["/dev/null"] * 3)


if __name__ == "__main__":
    unittest.main()
