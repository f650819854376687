# SPDX-License-Identifier: MIT
"""Names of the server, which the daemon looks up anew for every attempt. It runs with an /etc/hosts of the test's."""

from __future__ import annotations

import os
import socket
import unittest
from typing import Any

from .harness import IntegrationTest
from .processes import Daemon

BIND = 'mount --bind "$0" /etc/hosts && exec "$@"'


class NameTest(IntegrationTest):
    programs = (*IntegrationTest.programs, "unshare", "mount")

    def setUp(self) -> None:
        super().setUp()
        self.hosts = self.directory / "hosts"

    def name(self, *addresses: str) -> None:
        """The server's; written in place, because the daemon sees this very file."""
        self.hosts.write_text("".join(f"{address} booking.example\n" for address in addresses), encoding="ascii")

    def start(self, **upstream: Any) -> Daemon:
        namespace = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        url = f"http://booking.example:{self.server.port}"
        return self.start_daemon(
            within=[*namespace, "sh", "-c", BIND, self.hosts],
            upstream={**self.config()["upstream"], "url": url, "insecure": True, **upstream},
        )

    def test_a_server_that_moves_is_found_at_the_next_attempt(self) -> None:
        self.name("127.0.0.2")
        daemon = self.start()
        daemon.logged(r"\(127\.0\.0\.2\) refused the connection.*CAUSE=tcp_refused")
        self.name("127.0.0.1")
        self.server.saw("join", room="shop-7")

    def test_the_addresses_of_both_families_are_tried_in_one_attempt(self) -> None:
        self.name("::1", "127.0.0.2", "127.0.0.1")
        daemon = self.start()
        self.server.saw("join", room="shop-7")
        self.assertEqual(self.peer(daemon).call("status")["upstream"]["attempts"], 1)

    def test_an_address_that_takes_connections_and_lets_nothing_through(self) -> None:
        try:
            silent = socket.create_server(("::1", self.server.port), family=socket.AF_INET6)
        except OSError:
            self.skipTest("no IPv6 here")
        self.addCleanup(silent.close)
        self.name("::1", "127.0.0.1")  # in this order the system gives them
        self.start(connect_timeout="1s", transports=["websocket"])
        self.server.saw("join", room="shop-7")


if __name__ == "__main__":
    unittest.main()
