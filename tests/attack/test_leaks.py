# SPDX-License-Identifier: MIT
"""What the daemon's memory still holds of a secret that was replaced, and of events that were erased.

Root reads all memory of the daemon that can be written. What is looked for was in use a moment ago, and the test waits until it must be gone.
"""

from __future__ import annotations

import base64
import json
import re
import unittest
from pathlib import Path
from typing import Any

from tests.integration.harness import IntegrationTest, Subscriber
from tests.integration.processes import Daemon


def in_memory(daemon: Daemon, *texts: str) -> dict[str, int]:
    """How often each text is in memory that the daemon can write."""
    found = dict.fromkeys(texts, 0)
    with Path(f"/proc/{daemon.pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{daemon.pid}/maps").read_text(encoding="utf-8").splitlines():
            span = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if span is None:
                continue
            begin, end = (int(each, 16) for each in span.groups())
            memory.seek(begin)
            data = memory.read(end - begin)
            for text in texts:
                found[text] += data.count(text.encode())
    return found


class LeaksTest(IntegrationTest):
    def jwt(self, user: str) -> str:
        """A token with parts; each of them is a secret as the whole is."""
        part = base64.urlsafe_b64encode(json.dumps({"sub": user, "key": self.new_token()}).encode()).decode().rstrip("=")
        return f"eyJhbGciOiJIUzI1NiJ9.{part}.{self.new_token().replace('-', '')}"

    def assert_gone(self, daemon: Daemon, *texts: str) -> None:
        left: dict[str, int] = {}

        def gone() -> bool:
            left.clear()
            left.update({text: count for text, count in in_memory(daemon, *texts).items() if count})
            return not left

        try:
            self.eventually(gone, "the secrets being gone")
        except AssertionError:
            raise AssertionError(f"still in memory: {left}") from None

    def test_a_token_that_was_replaced(self) -> None:
        for mode in ("event", "connect", "header", "query"):
            with self.subTest(mode):
                self.server = self.start_server(auth=mode)
                old, new = self.jwt("one"), self.jwt("two")
                self.server.grant(old, 3)
                self.write_token(old)
                auth: dict[str, Any] = {"mode": mode}
                if mode != "event":
                    auth["identity"] = "none"
                rooms = {"own": "", "payload": {"roomId": "{room}"}}
                daemon = self.start_daemon(auth=auth, rooms=rooms, local={"socket": str(self.directory / mode)})
                self.server.saw("join", room="shop-8")
                parts = old.split(".")[1:]
                self.assertTrue(all(in_memory(daemon, old).values()), "the test looks at the wrong place")
                self.server.grant(new, 3)
                self.write_token(new)
                self.eventually(lambda: any(in_memory(daemon, new).values()), "the new token being in use")
                self.assert_gone(daemon, old, *parts)
                self.token_file.unlink()
                daemon.logged("CAUSE=token_missing")
                self.assert_gone(daemon, new, *new.split(".")[1:])

    def test_events_that_were_erased(self) -> None:
        daemon = self.start_authenticated()
        with self.subTest("forget"):
            self.fill(daemon, "what-is-forgotten")
            self.peer(daemon).call("forget")
            self.assert_gone(daemon, "what-is-forgotten")
        with self.subTest("logout"):
            self.fill(daemon, "what-was-seen-before")
            self.token_file.unlink()
            daemon.logged("CAUSE=token_missing")
            other = self.new_token()
            self.server.grant(other, 4)
            self.write_token(other)
            daemon.logged("CAUSE=identity_changed")
            self.assert_gone(daemon, "what-was-seen-before")

    def fill(self, daemon: Daemon, marker: str) -> None:
        """Events with the marker, in the log, in subscribers' queues, and on the way."""
        subscriber: Subscriber = self.subscriber(daemon)
        for number in range(200):
            self.server.emit("notification", {"id": number, "title": marker, "text": marker * 20})
        self.server.emit("marker")
        subscriber.until_event("marker")
        self.assertGreater(in_memory(daemon, marker)[marker], 0, "the test looks at the wrong place")


if __name__ == "__main__":
    unittest.main()
