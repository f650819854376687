# SPDX-License-Identifier: MIT
"""Backends of other shapes than the booking backend's: each example config against a real server that it is for."""

from __future__ import annotations

import base64
import json
import subprocess
import unittest
from typing import Any

from .harness import IntegrationTest
from .processes import HERE, NODE_MODULES, ROOMBRIDGED, ROOT, Daemon, Reporter, Server

EXAMPLES = ROOT / "packaging/examples"


class ShapeServer(Reporter):
    """shape_server.js."""

    def __init__(self, shape: str, token: str) -> None:
        super().__init__("node", HERE / "shape_server.js", NODE_MODULES, json.dumps({"shape": shape, "token": token}))
        self.url = f"http://127.0.0.1:{self.saw('listening')['port']}"

    def joined(self, *args: Any) -> None:
        """Waits for a join with exactly these arguments; True is not 1, and 42 not "42"."""
        report = self.saw("join", args=list(args))
        assert json.dumps(report["args"]) == json.dumps(args), report

    def emit(self, event: str, *args: Any, room: Any) -> None:
        self.command(do="emit", event=event, args=args, room=room)

    def grant(self, token: str) -> None:
        """Takes this token from now on, and no other."""
        self.command(do="grant", token=token)
        self.saw("grant")


class ShapeTest(IntegrationTest):
    def start_server(self, port: int = 0, **settings: Any) -> Server:
        return None  # type: ignore[return-value]  # each test starts its own

    def serve(self, shape: str) -> ShapeServer:
        server = ShapeServer(shape, self.token)
        self.addCleanup(server.close)
        return server

    def start_example(self, name: str, url: str, without: str | None = None) -> Daemon:
        """The daemon with an example, of which only the token's source and the socket are others; `without`: the line of this key."""
        text = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
        lines = f"upstream:\n  token: {{file: {self.token_file}}}\n  reconnect: {{first: 50ms, max: 200ms}}\n"
        text = text.replace("upstream:\n", lines).replace("local:\n", f"local:\n  socket: {self.directory / 's'}\n")
        if without is not None:
            lines = text.splitlines(keepends=True)
            text = "".join(line for line in lines if not line.startswith(f"  {without}:"))
            self.assertEqual(text.count("\n"), len(lines) - 1)
        path = self.directory / "config.yaml"
        path.write_text(text, encoding="utf-8")
        daemon = Daemon(path, self.directory / "s", {"ROOMBRIDGE_URL": url})
        self._daemons.append(daemon)
        return daemon


def jwt(**claims: Any) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}.secret"


class ExampleConfigTest(ShapeTest):
    def assert_delivered(self, daemon: Daemon, server: ShapeServer, *rooms: Any) -> None:
        """The daemon is authenticated, and what is sent to each of the rooms arrives."""
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        for number, room in enumerate(rooms):
            server.emit(f"news-{number}", {"room": room}, room=room)
            self.assertEqual(subscriber.until_event(f"news-{number}")[-1].args, [{"room": room}])

    def test_every_example_passes_the_check(self) -> None:
        examples = sorted(EXAMPLES.glob("*.yaml"))
        self.assertEqual(len(examples), 4)
        for example in examples:
            with self.subTest(example.name):
                result = subprocess.run([ROOMBRIDGED, "--check", "--config", example], capture_output=True, text=True, check=False)
                self.assertEqual(result.returncode, 0, result.stderr)
                # This machine may lack the directory below /run.
                self.assertEqual([line for line in result.stderr.splitlines() if not line.endswith("(a warning)")], [])

    def test_bare_texts_and_a_room_that_is_a_number(self) -> None:
        server = self.serve("bare-text")
        daemon = self.start_example("bare-text", server.url)
        self.assertEqual(server.saw("authenticate"), {"seen": "authenticate", "ok": True, "count": 1})
        for room in (42, "42", "lobby"):
            server.joined(room)
        self.assert_delivered(daemon, server, 42, "42", "lobby")
        rooms = self.peer(daemon).call("rooms")
        self.assertEqual([(room["room"], room.get("number")) for room in rooms], [("42", True), ("42", None), ("lobby", None)])

    def test_several_arguments_and_a_user_that_lies_deeper(self) -> None:
        server = self.serve("several-arguments")
        daemon = self.start_example("several-arguments", server.url)
        seen = server.saw("authenticate", ok=True, count=2)
        self.assertEqual(json.dumps(seen["device"]), '{"kind": "till", "version": 3, "admin": true, "parent": null}')
        server.joined(3, 3, {"tags": ["till", 7]})
        server.joined(3, "shop-7", {"tags": ["till", 7]})
        self.assert_delivered(daemon, server, 3, "shop-7")
        self.assertEqual(self.peer(daemon).call("status")["upstream"]["user"], "3")

    def test_an_acknowledgement_is_the_answer(self) -> None:
        server = self.serve("acknowledged")
        daemon = self.start_example("acknowledged", server.url)
        server.saw("authenticate", ok=True)
        server.joined({"roomId": "user-3", "userId": 3})
        server.joined({"roomId": "shop-7", "userId": 3})
        self.assert_delivered(daemon, server, "user-3", "shop-7")
        self.write_token(self.new_token())
        daemon.logged('the server refused the token: "not this token"')

    def test_a_nested_payload_of_connect_and_a_path_without_a_slash(self) -> None:
        self.token = jwt(sub="till-9", jti=1)
        self.write_token(self.token)
        server = self.serve("connect-nested")
        daemon = self.start_example("connect-nested", server.url)
        seen = server.saw("handshake", ok=True)
        self.assertEqual((seen["credentials"], seen["version"], seen["path"]), ({"scheme": "bearer"}, 2, "/api/socket"))
        server.joined({"room": "user-till-9", "who": "till-9"})
        server.joined({"room": "shop-7", "who": "till-9"})
        self.assert_delivered(daemon, server, "user-till-9", "shop-7")
        # The next token of the same user.
        before = self.peer(daemon).call("status")
        self.assertEqual(before["upstream"]["user"], "till-9")
        renewed = jwt(sub="till-9", jti=2)
        server.grant(renewed)
        self.write_token(renewed)
        server.saw("handshake", ok=True)
        server.joined({"room": "shop-7", "who": "till-9"})
        self.assertEqual(self.peer(daemon).call("status")["epoch"], before["epoch"], "nothing was erased")


class UnnamedUserTest(ShapeTest):
    def rotate(self, daemon: Daemon, server: ShapeServer) -> tuple[str, str]:
        """The epochs before and after another token was taken on the living connection."""
        server.joined("lobby")
        before = self.peer(daemon).call("status")["epoch"]
        renewed = self.new_token()
        server.grant(renewed)
        self.write_token(renewed)
        server.joined("lobby")
        return before, self.peer(daemon).call("status")["epoch"]

    def test_keeps_its_events_over_tokens_where_the_config_says_that_it_is_one(self) -> None:
        server = self.serve("bare-text")
        daemon = self.start_example("bare-text", server.url)
        before, after = self.rotate(daemon, server)
        self.assertEqual(before, after)
        self.assertNotIn("user_unnamed", self.peer(daemon).call("status")["upstream"])

    def test_is_warned_of_and_the_erasure_says_why(self) -> None:
        server = self.serve("bare-text")
        daemon = self.start_example("bare-text", server.url, without="one_user")
        warning = "nothing names the user: auth.identity is none, so that the next token will count as another user's"
        daemon.logged(warning)
        before, after = self.rotate(daemon, server)
        self.assertNotEqual(before, after)
        daemon.logged("the events until now are erased.* a user whom nothing names.*auth.one_user.* CAUSE=identity_changed")
        self.assertIn(warning, self.peer(daemon).call("status")["upstream"]["user_unnamed"])


if __name__ == "__main__":
    unittest.main()
