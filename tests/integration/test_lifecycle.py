# SPDX-License-Identifier: MIT
"""Starting, stopping, and what the command line says."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import unittest

from roombridge import ConnectionClosed, RequestError

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
        self.assertEqual(second.returncode, 1, "that may pass")
        self.assertRegex(second.stderr, f"config.yaml:[0-9]+:[0-9]+: local.socket: {daemon.socket}: another program "
                                        f"listens there: roombridged, process {daemon.pid} of uid {os.geteuid()}")
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
        self.assert_no_start({"socket": str(self.directory / "none" / "s")}, "local.socket: .*/none/.*directory")

    def test_something_else_in_its_place(self) -> None:
        (self.directory / "s").write_text("precious", encoding="ascii")
        self.assert_no_start({}, "local.socket: .*/s: there is something that is not a socket; remove it")

    def test_a_directory_that_others_may_write(self) -> None:
        shared = self.directory / "shared"
        shared.mkdir()
        shared.chmod(0o777)
        told = f"local.socket: {shared}/s: the directory {shared}/ has mode 0777 .*: chmod go-w {shared}/"
        self.assert_no_start({"socket": str(shared / "s")}, told)
        self.assertEqual(list(shared.iterdir()), [])

    def test_an_owner_or_a_group_that_does_not_exist(self) -> None:
        self.assert_no_start({"group": "nobody-knows"}, "local.group: there is no group nobody-knows")
        self.assert_no_start({"owner": "nobody-knows"}, "local.owner: there is no user nobody-knows")

    def test_a_group_that_does_not_exist_is_no_reload(self) -> None:
        daemon = self.start_daemon()
        self.write_config(self.config(local={"group": "nobody-knows"}))
        with self.assertRaisesRegex(RequestError, "config.yaml:[0-9]+:[0-9]+: local.group: there is no group nobody-knows"):
            self.peer(daemon).call("reload")

    def test_accounts_of_rules_that_do_not_exist_are_a_warning(self) -> None:
        local = {"access": [{"users": ["nobody-knows"], "events": ["*"], "topics": ["*"]}], "admins": {"groups": ["nor-this"]}}
        daemon = self.start_daemon(local=local)
        for told in ("local.access\\[0\\].users: there is no user nobody-knows", "local.admins.groups: there is no group nor-this"):
            self.assertIn(" warning ", daemon.logged(f"config.yaml:[0-9]+:[0-9]+: {told}; the entry matches nobody"))
            checked = run("--check", "--config", daemon.config)
            self.assertEqual(checked.returncode, 0)
            self.assertRegex(checked.stderr, f"config.yaml:[0-9]+:[0-9]+: {told}; .*a warning")

    def assert_no_start(self, local: dict[str, str], told: str) -> None:
        """The start and --check say this, with its place, and that starting again is of no use."""
        path = self.write_config(self.config(local=local))
        for arguments in ((), ("--check",)):
            result = run("--config", path, *arguments)
            self.assertEqual(result.returncode, 78, result.stderr)
            self.assertRegex(result.stderr, f"config.yaml:[0-9]+:[0-9]+: {told}")


class CommandLineTest(IntegrationTest):
    def test_check_takes_the_example(self) -> None:
        result = run("--check", "--config", ROOT / "config.example.yaml")
        self.assertEqual(result.returncode, 0)
        # This machine may lack the group, and the directory below /run.
        self.assertEqual([line for line in result.stderr.splitlines() if not line.endswith("(a warning)")], [])

    def test_check_names_every_mistake(self) -> None:
        path = self.directory / "bad.yaml"
        path.write_text("upstrem: {}\nlogging:\n  level: loud\n", encoding="utf-8")
        result = run("--check", "--config", path)
        self.assertEqual(result.returncode, 78)
        self.assertRegex(result.stderr, r"bad\.yaml:1:1: .*upstrem.*upstream")
        self.assertRegex(result.stderr, r"bad\.yaml:3:10: .*level")

    def test_check_says_what_the_start_would_miss(self) -> None:
        (self.directory / "file").touch()
        path = self.directory / "paths.yaml"
        config = {
            "journal": {"directory": f"{self.directory}/file"},
            "upstream": {
                "url": "https://localhost:1",
                "recovery_file": str(self.directory),
                "tls": {"ca_file": f"{self.directory}/none.pem"},
                "proxy": {"url": "http://localhost:2", "credentials_file": f"{self.directory}/none"},
            },
            "local": {"socket": f"{self.directory}/s", "access": []},
        }
        path.write_text(json.dumps(config), encoding="utf-8")
        result = run("--check", "--config", path)
        self.assertEqual(result.returncode, 0, result.stderr)
        for text in (
            f"journal.directory: {self.directory}/file: is not a directory; events are not kept on disk until it is",
            f"upstream.recovery_file: {self.directory}: is a directory; name a file in it",
            f"upstream.tls.ca_file: {self.directory}/none.pem: does not exist",
            f"upstream.proxy.credentials_file: {self.directory}/none: does not exist",
        ):
            self.assertIn(text + " (a warning)", result.stderr)
        config["journal"] = {"directory": f"{self.directory}/none/journal"}
        path.write_text(json.dumps(config), encoding="utf-8")
        self.assertIn(f"the directory {self.directory}/none/ does not exist", run("--check", "--config", path).stderr)

    def test_check_says_which_directories_others_may_write(self) -> None:
        shared = self.directory / "shared"
        shared.mkdir()
        shared.chmod(0o1777)
        config = self.config(journal={"directory": str(shared)}, upstream={"recovery_file": f"{shared}/recovery"})
        told = run("--check", "--config", self.write_config(config)).stderr
        for key in (f"journal.directory: {shared}", f"upstream.recovery_file: {shared}/recovery"):
            self.assertRegex(told, f"{key}: the directory {shared}/? has mode 1777 .*: chmod go-w {shared}/? \\(a warning\\)")

    def test_check_says_why_a_token_file_will_not_be_read(self) -> None:
        circle = self.directory / "circle"
        circle.symlink_to(circle)
        fifo = self.directory / "fifo"
        os.mkfifo(fifo)
        for path, told in (
            (str(self.directory), "is a directory; name the file in it"),
            (str(circle), "cannot be reached: its symbolic links lead in a circle, or through too many others"),
            (f"{circle.with_name('token')}/in", "does not exist: a slash stands behind something that is no directory"),
            (str(fifo), "is not a regular file"),
        ):
            with self.subTest(path):
                config = self.write_config(self.config(upstream={"token": {"file": path}}))
                result = run("--check", "--config", config)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertRegex(result.stderr, f"config.yaml:[0-9]+:[0-9]+: upstream.token: {path}: {told} \\(a warning\\)")

    def test_check_says_nothing_of_a_token_that_is_waited_for(self) -> None:
        config = self.write_config(self.config(upstream={"token": {"file": f"{self.directory}/none"}}))
        self.assertEqual(run("--check", "--config", config).stderr, "")

    def test_check_tells_that_nobody_was_granted_anything(self) -> None:
        path = self.directory / "no-access.yaml"
        local: dict[str, object] = {"socket": f"{self.directory}/s"}
        path.write_text(json.dumps({"local": local}), encoding="utf-8")
        warning = "local.access, which has its default: only root and the daemon's user may see events"
        self.assertIn(warning, run("--check", "--config", path).stderr)
        path.write_text(json.dumps({"local": {**local, "access": []}}), encoding="utf-8")
        self.assertEqual(run("--check", "--config", path).stderr, "")

    def test_a_value_of_the_environment_is_shown_with_the_variables_name(self) -> None:
        path = self.directory / "url.yaml"
        path.write_text('upstream:\n  url: "${ROOMBRIDGE_URL:-http://localhost:3001}"\n', encoding="utf-8")
        result = run("--check", "--config", path, ROOMBRIDGE_URL="htp://till:secret@api")
        self.assertEqual(result.returncode, 78)
        self.assertIn('url.yaml:2:8: upstream.url: "htp://…@api", from ROOMBRIDGE_URL: ', result.stderr)
        self.assertNotIn("secret", result.stderr)

    def test_a_mode_that_is_a_decimal_number_is_refused_with_what_was_meant(self) -> None:
        path = self.directory / "mode.yaml"
        path.write_text("local:\n  mode: 432\n", encoding="utf-8")
        result = run("--config", path)
        self.assertEqual(result.returncode, 78)
        self.assertIn('mode.yaml:2:9: local.mode: "432": not a file mode', result.stderr)
        self.assertIn('did you mean "0660", which is 432 in decimal', result.stderr)

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
