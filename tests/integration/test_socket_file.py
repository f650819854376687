# SPDX-License-Identifier: MIT
"""What happens to the socket's file while the daemon runs: it goes, it is replaced, its directory goes."""

from __future__ import annotations

import os
import socket
import stat
import unittest
from typing import Any

from .harness import IntegrationTest
from .processes import Daemon

ANEW = "has been made anew"


class SocketFileTest(IntegrationTest):
    def setUp(self) -> None:
        super().setUp()
        self.run_directory = self.directory / "run"
        self.run_directory.mkdir()

    def config(self, **changes: Any) -> dict[str, Any]:
        local = {"socket": str(self.run_directory / "s"), "mode": "0640", **changes.pop("local", {})}
        return super().config(local=local, **changes)

    def start(self) -> Daemon:
        """A daemon and a program that has been connected from the beginning, which asks it."""
        daemon = self.start_authenticated()
        self.before = self.subscriber(daemon)
        return daemon

    def assert_reachable(self, daemon: Daemon) -> None:
        self.assertEqual(self.peer(daemon).call("status")["pid"], daemon.pid)
        self.assertEqual(stat.S_IMODE(daemon.socket.stat().st_mode), 0o640)
        self.server.emit("marker")
        self.before.until_event("marker")
        self.assertNotIn("trouble", self.before.client.call("status")["local"])

    def trouble(self) -> str:
        """What the daemon says, once it says something."""
        return self.eventually(lambda: self.before.client.call("status")["local"].get("trouble"), "trouble")

    def test_one_that_is_removed_is_made_anew_and_connections_live_on(self) -> None:
        daemon = self.start()
        daemon.socket.unlink()
        self.assertIn("warning", daemon.logged(f"{daemon.socket}.* {ANEW}.* CAUSE=socket_removed"))
        self.assert_reachable(daemon)
        self.stop(daemon)
        self.assertEqual(list(self.run_directory.iterdir()), [])

    def test_one_that_is_renamed_is_made_anew_and_the_other_name_left(self) -> None:
        daemon = self.start()
        moved = self.run_directory / "moved"
        daemon.socket.rename(moved)
        daemon.logged(ANEW)
        self.assert_reachable(daemon)
        with socket.socket(socket.AF_UNIX) as late, self.assertRaises(ConnectionRefusedError):
            late.connect(str(moved))
        self.assertTrue(moved.exists())

    def test_its_directory_may_go_and_come_back(self) -> None:
        daemon = self.start()
        # At one stroke: a socket that is removed alone is there again before its directory goes.
        self.run_directory.rename(self.directory / "gone")
        daemon.logged("no local program can connect any more.* CAUSE=socket_lost")
        self.assertIn("directory must exist", self.trouble())
        self.run_directory.mkdir()
        daemon.logged(ANEW)
        self.assert_reachable(daemon)

    def test_a_directory_that_others_may_write_is_not_used(self) -> None:
        daemon = self.start()
        self.run_directory.chmod(0o777)
        daemon.socket.unlink()
        daemon.logged(f"cannot be made anew: .*has mode 0777.*chmod go-w {self.run_directory}/.* CAUSE=socket_lost")
        self.assertIn("others can replace", self.trouble())
        self.run_directory.chmod(0o700)
        daemon.logged(ANEW)
        self.assert_reachable(daemon)

    def test_a_strangers_file_in_its_place_is_left_alone_and_named(self) -> None:
        daemon = self.start()
        fresh = self.directory / "precious"
        fresh.write_text("precious", encoding="ascii")
        fresh.rename(daemon.socket)
        daemon.logged("not a socket; remove it.* CAUSE=socket_lost")
        self.assertIn("not a socket", self.trouble())
        self.assertIn("not a socket", self.before.client.call("reload")["trouble"])
        self.assertEqual(daemon.socket.read_text(encoding="ascii"), "precious")
        daemon.socket.unlink()
        daemon.logged(ANEW)
        self.assert_reachable(daemon)

    def test_a_strangers_file_is_still_there_after_a_stop(self) -> None:
        daemon = self.start()
        fresh = self.directory / "precious"
        fresh.write_text("precious", encoding="ascii")
        fresh.rename(daemon.socket)
        daemon.logged("CAUSE=socket_lost")
        self.stop(daemon)
        self.assertEqual(daemon.socket.read_text(encoding="ascii"), "precious")

    def test_a_program_that_listens_in_its_place_is_named_and_followed_when_it_has_ended(self) -> None:
        daemon = self.start()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(self.run_directory / "other"))
            other.listen()
            (self.run_directory / "other").rename(daemon.socket)
            daemon.logged(f"another program listens there: .*, process {os.getpid()} of uid {os.geteuid()}")
            self.assertIn(str(os.getpid()), self.trouble())
        # Nothing changes in the file system now: nobody tells.
        daemon.logged(ANEW)
        self.assert_reachable(daemon)


if __name__ == "__main__":
    unittest.main()
