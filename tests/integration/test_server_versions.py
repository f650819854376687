# SPDX-License-Identifier: MIT
"""Older servers: socket.io 3, which speaks the same protocols, and socket.io 2, which does not and must be named."""

from __future__ import annotations

from roombridge import Status

from .harness import IntegrationTest, reservation
from .processes import DEADLINE, Daemon


class SocketIo3Test(IntegrationTest):
    def start(self, *transports: str) -> Daemon:
        self.server = self.start_server(package="socket.io-3")
        return self.start_authenticated(
            upstream={**self.config()["upstream"], "url": self.server.url, "transports": list(transports)}
        )

    def exchange(self, daemon: Daemon) -> None:
        subscriber = self.subscriber(daemon, topics=["shop-7"])
        self.server.emit("reservation_update", reservation(1), room="shop-7")
        self.assertEqual(subscriber.until_event("reservation_update")[-1].args, [reservation(1)])
        result = self.peer(daemon).emit("echo", b"\x00\xff", "예약", ack=True, deadline=DEADLINE)
        self.assertEqual((result.outcome, result.args), ("acked", [b"\x00\xff", "예약"]))

    def test_over_websocket(self) -> None:
        self.exchange(self.start("websocket"))
        self.server.saw("connection", transport="websocket")

    def test_over_polling(self) -> None:
        self.exchange(self.start("polling"))
        self.server.saw("connection", transport="polling")

    def test_it_comes_back(self) -> None:
        daemon = self.start("websocket", "polling")
        port = self.server.port
        self.server.kill()
        daemon.logged("CAUSE=connection_lost")
        self.server = self.start_server(port, package="socket.io-3")
        self.server.saw("join", room="shop-8")
        self.exchange(daemon)


class SocketIo2Test(IntegrationTest):
    def refused(self, *transports: str) -> None:
        self.server = self.start_server(package="socket.io-2")
        daemon = self.start_daemon(
            upstream={**self.config()["upstream"], "url": self.server.url, "transports": list(transports)}
        )
        found = self.subscriber(daemon).until(
            lambda message: isinstance(message, Status) and message.cause == "engine_io_3"
        )[-1]
        self.assertIn("socket.io 3 or later is needed", found.text)
        self.assertIsNotNone(found.next_attempt)
        self.assertEqual(self.server.seen("authenticate"), [])

    def test_it_is_named_over_websocket(self) -> None:
        self.refused("websocket")

    def test_it_is_named_over_polling(self) -> None:
        self.refused("polling")

    def test_it_is_named_whichever_may_be_used(self) -> None:
        self.refused("websocket", "polling")
