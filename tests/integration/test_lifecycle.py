# SPDX-License-Identifier: MIT
"""Starting, stopping, and what the command line says."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import unittest

from roombridge import ConnectionClosed

from .harness import IntegrationTest
from .processes import DEADLINE, ROOMBRIDGED, ROOT


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOMBRIDGED), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        env={**os.environ, **environment},
    )


class StopTest(IntegrationTest):
    def test_sigterm_leaves_without_a_disconnect_and_says_goodbye(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon)
        self.stop(daemon)
        # "client namespace disconnect" would be a 41, which ends the server's state recovery.
        self.assertEqual(self.server.saw("disconnect")["reason"], "transport close")
        self.assertEqual(self.server.seen("message", text="1"), [])
        with self.assertRaises(ConnectionClosed) as caught:
            list(subscriber.client)
        self.assertEqual((caught.exception.reason, caught.exception.reconnect), ("shutdown", True))
        self.assertFalse(daemon.socket.exists())
        self.assertNotIn(self.token, daemon.log)

    def test_sigterm_while_offline(self) -> None:
        self.server.kill()
        daemon = self.start_daemon()
        daemon.logged("CAUSE=tcp_refused")
        self.stop(daemon)

    def test_sigterm_with_a_subscriber_that_does_not_read(self) -> None:
        daemon = self.start_authenticated()
        reader, sleeper = self.subscriber(daemon, "reader"), self.subscriber(daemon, "sleeper")
        self.server.command(do="series", event="numbered", first=1, count=1000, size=1000)
        self.server.emit("marker")
        reader.until_event("marker")
        self.stop(daemon)
        with self.assertRaises(ConnectionClosed):
            list(sleeper.client)


class SocketTest(IntegrationTest):
    def test_a_second_daemon_on_the_same_socket_is_refused_in_words(self) -> None:
        daemon = self.start_authenticated()
        second = run("--config", daemon.config)
        self.assertEqual(second.returncode, 1)
        self.assertIn(str(daemon.socket), second.stderr)
        self.assertNotIn(self.token, second.stderr)
        self.assertEqual(self.peer(daemon).call("status")["pid"], daemon.pid)

    def test_a_socket_that_a_dead_daemon_left_is_replaced(self) -> None:
        path = self.directory / "s"
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
        daemon = self.start_daemon()
        self.assertEqual(self.peer(daemon).call("status")["pid"], daemon.pid)

    def test_its_mode_is_the_configs(self) -> None:
        daemon = self.start_daemon(local={"socket": str(self.directory / "s"), "mode": "0600"})
        self.assertEqual(stat.S_IMODE(daemon.socket.stat().st_mode), 0o600)

    def test_a_directory_that_is_not_there(self) -> None:
        path = self.write_config(self.config(local={"socket": str(self.directory / "none" / "s")}))
        result = run("--config", path)
        self.assertEqual(result.returncode, 1)
        self.assertIn(str(self.directory / "none"), result.stderr)


class CommandLineTest(IntegrationTest):
    def test_check_takes_the_example(self) -> None:
        result = run("--check", "--config", ROOT / "config.example.yaml")
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_check_names_every_mistake(self) -> None:
        path = self.directory / "bad.yaml"
        path.write_text("upstrem: {}\nlogging:\n  level: loud\n", encoding="utf-8")
        result = run("--check", "--config", path)
        self.assertEqual(result.returncode, 78)
        self.assertRegex(result.stderr, r"bad\.yaml:1:1: .*upstrem.*upstream")
        self.assertRegex(result.stderr, r"bad\.yaml:3:10: .*level")

    def test_a_broken_config_does_not_start(self) -> None:
        path = self.directory / "bad.yaml"
        path.write_text("upstrem: {}\n", encoding="utf-8")
        result = run("--config", path)
        self.assertEqual(result.returncode, 78)
        self.assertRegex(result.stderr, r"bad\.yaml:1:1: ")

    def test_version_and_help(self) -> None:
        self.assertRegex(run("--version").stdout, r"^roombridged \d+\.\d+\.\d+\n$")
        self.assertIn("--check", run("--help").stdout)

    def test_wrong_usage(self) -> None:
        self.assertEqual(run("--bogus").returncode, 2)


if __name__ == "__main__":
    unittest.main()
