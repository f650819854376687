# SPDX-License-Identifier: MIT
"""Tokens that reach the real server by CONNECT's payload, a header or the query, and tokens that run out."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from typing import Any

from roombridge import Status

from .harness import IntegrationTest
from .processes import Daemon, Server

ROOMS_WITHOUT_USER = {"own": "", "payload": {"roomId": "{room}"}}


class AuthModeTest(IntegrationTest):
    def serve(self, mode: str, **settings: Any) -> Server:
        """Another server, which wants the token so; the daemon's config leads to it."""
        self.server = self.start_server(auth=mode, **settings)
        return self.server

    def start(self, mode: str, **changes: Any) -> Daemon:
        auth = {"mode": mode, "identity": "none", **changes.pop("auth", {})}
        rooms = {**self.config()["rooms"], **ROOMS_WITHOUT_USER, **changes.pop("rooms", {})}
        return self.start_daemon(auth=auth, rooms=rooms, **changes)

    def test_each_mode_reaches_authenticated_and_its_rooms(self) -> None:
        for mode in ("connect", "header", "query"):
            with self.subTest(mode):
                server = self.serve(mode)
                daemon = self.start(mode, local={"socket": str(self.directory / mode)})
                self.assertTrue(server.saw("handshake")["ok"])
                server.saw("join", room="shop-7")
                subscriber = self.subscriber(daemon)
                subscriber.until_state("authenticated")
                server.emit("notification", {"id": 1, "title": mode}, room="shop-7")
                subscriber.until_event("notification")
                self.assertEqual(server.seen("authenticate"), [])

    def test_a_refused_token_is_named_and_never_shown_and_a_changed_one_taken_at_once(self) -> None:
        for mode in ("connect", "header", "query"):
            with self.subTest(mode):
                server = self.serve(mode)
                wrong = self.new_token() + "/+="
                self.write_token(wrong)
                daemon = self.start(
                    mode,
                    local={"socket": str(self.directory / mode)},
                    upstream={**self.config()["upstream"], "reconnect": {"first": "1h", "max": "1h", "refused_max": "1h"}},
                )
                self.assertFalse(server.saw("handshake")["ok"])
                subscriber = self.subscriber(daemon)
                refused = subscriber.until(lambda message: getattr(message, "cause", None) == "token_refused")[-1]
                assert isinstance(refused, Status)
                self.assertEqual(refused.text, 'the server refused the token: "token [token] refused by the test"')
                self.write_token(self.token)
                self.assertTrue(server.saw("handshake")["ok"])
                subscriber.until_state("authenticated")

    def test_a_changed_token_makes_a_new_connection(self) -> None:
        server = self.serve("connect")
        daemon = self.start("connect")
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        renewed = self.new_token()
        server.grant(renewed, 3)
        self.write_token(renewed)
        seen = subscriber.until_state("connecting", "authenticated")
        self.assertIn("offline", seen)
        for _ in range(2):
            server.saw("connection")
        daemon.logged("CAUSE=token_changed")

    def test_the_server_tells_the_user_unasked(self) -> None:
        server = self.serve("header", tells=True)
        daemon = self.start_daemon(auth={"mode": "header"})
        self.assertEqual(server.saw("join", room="user-3")["userId"], 3)
        self.subscriber(daemon).until_state("authenticated")
        self.assertEqual(self.peer(daemon).call("status")["upstream"]["user"], "3")

    def test_recovery_and_the_token_share_the_payload_of_connect(self) -> None:
        server = self.serve("connect", options={"connectionStateRecovery": {}})
        daemon = self.start("connect")
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        server.saw("join", room="shop-8")
        server.emit("notification", {"id": 1, "title": "gives an offset"})
        subscriber.until_event("notification")
        server.command(do="cut")
        subscriber.until_state("offline", "authenticated")
        self.assertEqual(self.peer(daemon).call("status")["upstream"]["recovery"]["recovered"], 1)


# Prints a JWT for so many seconds, and leaves a line for each run.
MINT = """
import base64, json, sys, time
def part(value): return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
open(sys.argv[2], "a").write("run\\n")
print(".".join((part({"alg": "none"}), part({"exp": time.time() + float(sys.argv[1])}), "")))
"""


class TokenFileTest(IntegrationTest):
    def test_what_editors_add_is_not_sent(self) -> None:
        self.token_file.write_bytes(b"\xef\xbb\xbf" + self.token.encode() + b"\r\n")
        self.start_authenticated()

    def test_what_is_no_token_is_named_and_not_sent(self) -> None:
        self.token_file.write_text(f"Bearer {self.token}\n", encoding="ascii")
        daemon = self.start_daemon()
        daemon.logged(f'the token file {self.token_file} begins with "Bearer ".*CAUSE=token_unreadable')
        self.assertEqual(self.server.seen("connection"), [])
        self.write_token(self.token)
        self.subscriber(daemon).until_state("authenticated")

    def test_a_short_one_leaves_the_log_readable(self) -> None:
        self.server = self.start_server(auth="connect")
        self.token_file.write_text("t", encoding="ascii")
        daemon = self.start_daemon(auth={"mode": "connect"})
        daemon.logged('the server refused the token: "token .token. refused by the test"')


class TokenCommandTest(IntegrationTest):
    def setUp(self) -> None:
        super().setUp()
        self.server = self.start_server(any=True)
        self.runs = self.directory / "runs"

    def start(self, *command: str | Path, **changes: Any) -> Daemon:
        token = {"command": list(map(str, command)), "timeout": "20s"}
        return self.start_daemon(upstream={**self.config()["upstream"], "token": token}, **changes)

    def test_a_token_that_will_expire_is_replaced_on_the_live_connection(self) -> None:
        script = self.directory / "mint"
        script.write_text(MINT, encoding="ascii")
        daemon = self.start(sys.executable, script, "8", self.runs)
        self.server.saw("authenticate", ok=True)
        self.server.saw("authenticate", ok=True)  # four seconds later
        self.assertEqual(len(self.server.seen("connection")), 1)
        self.assertEqual(self.runs.read_text(encoding="ascii"), "run\n" * 2)
        upstream = self.peer(daemon).call("status")["upstream"]
        self.assertFalse(upstream["token_stale"])

    def test_a_command_that_fails_is_named_and_run_again(self) -> None:
        script = self.directory / "get-token"
        script.write_text("#!/bin/sh\necho 'the vault is sealed' >&2\nexit 3\n", encoding="ascii")
        script.chmod(0o755)
        daemon = self.start(script)
        daemon.logged("token command .*/get-token ended with status 3: \"the vault is sealed\".* "
                      "CAUSE=token_command_failed")
        better = self.directory / "better"
        better.write_text(f"#!/bin/sh\necho {self.token}\n", encoding="ascii")
        better.chmod(0o755)
        better.replace(script)
        self.subscriber(daemon).until_state("authenticated")


if __name__ == "__main__":
    unittest.main()
