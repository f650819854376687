# SPDX-License-Identifier: MIT
"""haproxy before real servers: it takes the upgrade off, balances by a cookie of its own, and ends what is idle."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any

from roombridge import Status

from .processes import DEADLINE, Haproxy
from .test_polling import TransportTest


class HaproxyTest(TransportTest):
    programs = (*TransportTest.programs, "haproxy")

    def start_proxy(self, *rules: str) -> Haproxy:
        proxy = Haproxy(Path(tempfile.mkdtemp(prefix="haproxy-", dir=self.directory)), *rules)
        self.addCleanup(proxy.close)
        return proxy

    def here(self, name: str = "here", server: Any = None) -> str:
        return f"server {name} 127.0.0.1:{(server or self.server).port}"

    def test_without_the_upgrade_it_is_polling(self) -> None:
        proxy = self.start_proxy("http-request del-header Upgrade", self.here())
        daemon = self.start_over(None, proxy.url)
        daemon.logged(r"\(HTTP long-polling is tried next\)")
        client = self.peer(daemon)
        self.assertEqual(client.emit("echo", 1, ack=True, deadline=DEADLINE).args, [1])
        self.assertEqual(self.transport(daemon), "polling")

    def test_a_cookie_leads_every_request_and_the_websocket_to_the_same_server(self) -> None:
        other = self.start_server()
        # Without the cookie each connection would go to another server; no server sees it.
        proxy = self.start_proxy(
            "balance roundrobin",
            "option http-server-close",
            "cookie SERVER insert indirect nocache httponly",
            self.here("one") + " cookie one",
            self.here("two", other) + " cookie two",
        )
        upstream = {**self.config()["upstream"], "url": proxy.url, "transports": ["polling", "websocket"]}
        subscriber = self.subscriber(self.start_daemon(upstream=upstream))
        subscriber.until(
            lambda message: isinstance(message, Status)
            and (message.transport, message.state) == ("websocket", "authenticated")
        )
        subscriber.client.emit("echo", 1, ack=True, deadline=DEADLINE)
        connections = [len(server.seen("connection")) for server in (self.server, other)]
        self.assertEqual(sorted(connections), [0, 1], "one session, at one server")

    def test_an_idle_websocket_that_is_cut_comes_back_as_one(self) -> None:
        proxy = self.start_proxy("timeout tunnel 4s", self.here())
        daemon = self.start_over(None, proxy.url)
        daemon.logged("ended the TCP connection without a word; .*CAUSE=connection_lost")
        self.server.saw("join", room="shop-7")
        self.assertEqual(self.transport(daemon), "websocket")
        self.assertEqual([seen["transport"] for seen in self.server.seen("connection")], ["websocket"] * 2)


if __name__ == "__main__":
    unittest.main()
