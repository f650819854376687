# SPDX-License-Identifier: MIT
"""A curious user asks for everything, while another user's programs are connected and the server says things that concern it alone.

What is looked for is in what the daemon says to the curious user, byte for byte. Nothing here is judged by a time.
"""

from __future__ import annotations

import json
import os
import subprocess
import unittest
from typing import Any

from roombridge import Client, RequestError

from tests.attack import wire
from tests.attack.test_shares import Asker
from tests.integration.harness import reservation
from tests.integration.processes import DEADLINE, ROOMBRIDGECTL, Daemon
from tests.integration.raw_upstream import RawUpstream
from tests.integration.test_access import UsersTest, acting_as

CURIOUS, VICTIM = 64731, 64732
CALLS = ("status", "rooms", "subscribers", "named_subscribers")
RULES: list[dict[str, Any]] = [
    {"users": [str(CURIOUS)], "events": ["notification"], "topics": ["shop-*"], "rooms": ["curious-*"]},
    {"users": [str(VICTIM)], "events": ["*"], "topics": ["*"], "rooms": ["*"], "emits": ["*"]},
]


class SightTest(UsersTest):
    needed = (ROOMBRIDGECTL,)

    def setUp(self) -> None:
        super().setUp()
        self.directory.chmod(0o711)

    def client_as(self, daemon: Daemon, user: int, **options: Any) -> Client:
        client = Client(str(daemon.socket), timeout=DEADLINE, reconnect=False, **options)
        with acting_as(user):
            client.connect()
        self.addCleanup(client.close)
        return client

    def all_answers(self, client: Client) -> dict[str, Any]:
        return {method: client.call(method) for method in CALLS}

    def assert_hides(self, said: Any, *secrets: str) -> None:
        text = said if isinstance(said, str) else json.dumps(said)
        for secret in secrets:
            self.assertNotIn(secret, text)

    def test_of_another_users_programs_nothing_is_told(self) -> None:
        daemon = self.start_authenticated(local=self.local(access=RULES))
        curious = self.client_as(daemon, CURIOUS, name="curious", subscriber="curious-name")
        curious.subscribe(events=["notification"], topics=["shop-7"])
        # A process of its own, so that it has a pid of its own.
        program = self.directory / "ctl"
        program.write_bytes(ROOMBRIDGECTL.read_bytes())
        program.chmod(0o755)
        command = [program, "--socket", daemon.socket, "tail", "--subscriber", "victims-name", "--event", "reservation_update"]
        victim = subprocess.Popen(command, stdout=subprocess.PIPE, user=VICTIM, group=VICTIM, extra_groups=())
        self.addCleanup(victim.wait)
        self.addCleanup(victim.terminate)
        assert victim.stdout is not None
        self.addCleanup(victim.stdout.close)
        holder = self.client_as(daemon, VICTIM, name="victims-program")
        holder.join("victims-room")
        control = self.peer(daemon)
        self.eventually(lambda: str(victim.pid) in json.dumps(control.call("subscribers")), "the victim's connection")

        before = self.all_answers(curious)
        for number in range(20):
            self.server.emit("reservation_update", reservation(number))
            victim.stdout.readline()
        after = self.all_answers(curious)
        self.assertEqual(before, after, "20 deliveries to another user can be counted")
        told = (str(victim.pid), str(VICTIM), "victims-name", "victims-room", "victims-program", "a till")
        self.assert_hides(after, *told)
        for secret in told[:-1]:
            self.assertIn(secret, json.dumps(self.all_answers(control)), "who may control sees all")

        for method, params in (("trace", {}), ("reload", {}), ("reconnect", {}), ("forget", {})):
            with self.subTest(method), self.assertRaises(RequestError) as caught:
                curious.call(method, params)
            self.assertEqual(caught.exception.name, "not_permitted")
        with self.assertRaises(RequestError) as caught:
            curious.call("remove_subscriber", {"name": "victims-name", "uid": VICTIM})
        self.assertEqual(caught.exception.name, "not_permitted")
        with self.assertRaises(RequestError) as caught:
            curious.call("remove_subscriber", {"name": "victims-name"})
        self.assertEqual(caught.exception.name, "unknown_subscriber", "as where nobody has the name")
        self.client_as(daemon, CURIOUS, subscriber="victims-name").close()  # its own of this name, not the other's
        self.assertIn("victims-name", [each["name"] for each in self.peer(daemon).call("named_subscribers")])

    def test_no_word_of_the_server_and_no_user_is_told(self) -> None:
        upstream = RawUpstream()
        self.addCleanup(upstream.close)
        daemon = self.start_daemon(upstream={**self.config()["upstream"], "url": upstream.url}, local=self.local(access=RULES))
        curious = Asker(daemon, CURIOUS)
        self.addCleanup(curious.close)
        curious.send(wire.frame(wire.SUBSCRIBE, id=1, events=["notification"], topics=["shop-7"]))
        control = self.peer(daemon)
        said = "what-the-server-said"
        body = b"Content-Length: %d\r\n\r\n%s" % (len(said), said.encode())
        for answer in (
            b"HTTP/1.1 302 Found\r\nLocation: http://other.example/%s\r\n" % said.encode() + body,
            b"HTTP/1.1 403 %s\r\n" % said.encode() + body,
        ):
            connection = upstream.accept()
            connection.read_request()
            connection.send(answer)
            connection.close()
            self.eventually(lambda: said in json.dumps(control.call("status")), "the server's words")
            self.assert_hides(self.heard(curious), said)
        connection = upstream.accept()
        self.addCleanup(connection.close)
        connection.log_in('{"userId":"what-the-user-is-called"}')
        self.eventually(lambda: control.call("status")["upstream"].get("user") == "what-the-user-is-called", "the login")
        self.assert_hides(self.heard(curious), said, "what-the-user-is-called")

    def heard(self, curious: Asker) -> str:
        """All that the daemon has said so far, and says to each call."""
        curious.send(b"".join(wire.frame(wire.CALL, id=10 + n, method=method) for n, method in enumerate(CALLS)))
        curious.send(wire.frame(wire.PING, id=1))
        while wire.PONG not in [kind for kind, _ in wire.frames(bytearray(curious.raw))]:
            curious.raw += curious.socket.recv(1 << 16)
        text = bytes(curious.raw).decode(errors="replace")
        curious.raw.clear()
        return text


if __name__ == "__main__":
    if os.geteuid() != 0:
        raise SystemExit("other users can be played by root only")
    unittest.main()
