# SPDX-License-Identifier: MIT
"""HTTP long-polling against the real server: a session by itself, the way to it and the way back to WebSocket."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
from pathlib import Path
from typing import Any

from roombridge import Event, Gap, RequestError, Status

from .harness import IntegrationTest, Subscriber, reservation
from .processes import DEADLINE, Daemon, Nginx, Proxy, Server


class TransportTest(IntegrationTest):
    def start_over(self, transports: list[str] | None, url: str = "") -> Daemon:
        upstream = {**self.config()["upstream"], "url": url or self.server.url}
        if transports is not None:
            upstream["transports"] = transports
        # Streams of emits are faster than what one program may send by default.
        return self.start_authenticated(upstream=upstream, emits={"rate": 1_000_000, "burst": 1_000_000})

    def transport(self, daemon: Daemon) -> str:
        return str(self.peer(daemon).call("status")["upstream"]["transport"])


class PollingTest(TransportTest):
    def start(self, **options: Any) -> Daemon:
        self.server = self.start_server(options={"transports": ["polling"], **options})
        return self.start_over(["polling"])

    def test_login_rooms_and_events(self) -> None:
        subscriber = self.subscriber(self.start())
        subscriber.until_state("authenticated")
        self.assertEqual(subscriber.client.status.transport, "polling")
        self.server.saw("connection", transport="polling")
        self.server.emit("reservation_update", reservation(1), room="shop-7")
        self.server.emit("text", "한글", "\x1e", {"a": [None]})
        self.server.emit("bytes", {"$hex": "001eff"}, {"deep": {"$hex": ""}})
        events = subscriber.until_event("bytes")
        self.assertEqual(
            [(event.name, event.args) for event in events],
            [
                ("reservation_update", [reservation(1)]),
                ("text", ["한글", "\x1e", {"a": [None]}]),
                ("bytes", [b"\x00\x1e\xff", {"deep": b""}]),
            ],
        )

    def test_emits_and_their_acknowledgements(self) -> None:
        client = self.peer(self.start())
        result = client.emit("reservation_update", reservation(42, data={"memo": "예약"}), ack=True, deadline=DEADLINE)
        self.assertEqual((result.outcome, result.args), ("acked", [{"ok": True, "reservationId": 42, "by": 3}]))
        result = client.emit("echo", b"\x00\x1e\xff", {"in": b""}, "text", ack=True, deadline=DEADLINE)
        self.assertEqual(result.args, [b"\x00\x1e\xff", {"in": b""}, "text"])

    def test_what_is_larger_than_the_server_takes_is_an_error_with_the_sizes_and_the_session_lives(self) -> None:
        client = self.peer(self.start(maxHttpBufferSize=10_000))
        for argument, size in (("y" * 10_000, 10_010), (b"y" * 7_499, 10_001)):
            with self.subTest(size=size), self.assertRaises(RequestError) as caught:
                client.emit("x", argument)
            self.assertEqual((caught.exception.name, caught.exception.outcome), ("too_large_for_server", "not_sent"))
            self.assertIn(f" {size} bytes", caught.exception.text)
            self.assertIn("10000 bytes", caught.exception.text)
        # The largest that fits, and together more than fits into one request.
        result = client.emit("echo", b"y" * 7_497, ack=True, deadline=DEADLINE)
        self.assertEqual(len(result.args[0]), 7_497)
        for n in range(30):
            client.emit("x", n, "y" * 1_000)
        self.server.saw("message", text='2["x",29,"' + "y" * 1_000 + '"]')
        self.assertEqual(len(self.server.seen("connection")), 1)
        self.assertEqual(self.server.seen("disconnect"), [])

    def test_heartbeats_are_answered_and_missed(self) -> None:
        subscriber = self.subscriber(self.start(pingInterval=300, pingTimeout=300))
        subscriber.until_state("authenticated")
        for _ in range(3):
            self.server.saw("heartbeat")
        self.server.freeze()
        self.addCleanup(self.server.thaw)
        subscriber.until(lambda message: isinstance(message, Status) and message.cause == "ping_timeout")

    def test_a_ping_interval_of_a_week_with_a_fraction_and_no_ping_timeout(self) -> None:
        daemon = self.start(pingInterval=7 * 86_400_000 + 0.5, pingTimeout=None)
        self.assertEqual(self.peer(daemon).emit("echo", 1, ack=True, deadline=DEADLINE).args, [1])

    def test_the_server_is_killed_and_comes_back(self) -> None:
        daemon = self.start()
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        self.server.kill()
        subscriber.until_state("offline")
        self.server = self.start_server(port=self.server.port, options={"transports": ["polling"]})
        self.server.saw("join", room="shop-8")
        subscriber.until_state("authenticated")
        self.server.emit("last")
        got = subscriber.until(lambda message: isinstance(message, Event))
        self.assertEqual([message.reason for message in got if isinstance(message, Gap)], ["upstream"])

    def test_a_kick_and_a_logout(self) -> None:
        subscriber = self.subscriber(self.start())
        subscriber.until_state("authenticated")
        self.server.command(do="kick")
        subscriber.until(lambda message: isinstance(message, Status) and message.cause == "kicked")
        self.server.saw("disconnect")
        subscriber.until_state("authenticated")
        self.token_file.unlink()
        subscriber.until(lambda message: isinstance(message, Status) and message.cause == "token_missing")
        self.assertEqual(self.server.saw("disconnect")["reason"], "client namespace disconnect")

    def test_what_was_missed_is_recovered(self) -> None:
        subscriber = self.subscriber(self.start(connectionStateRecovery={}))
        subscriber.until_state("authenticated")
        self.server.emit("first")
        subscriber.until_event("first")
        self.server.command(do="cut")
        self.server.saw("disconnect")  # it would not notice if it had something to write to the poll
        self.server.emit("missed", 1)
        self.server.emit("missed", 2)
        self.server.saw("authenticate", ok=True)
        self.server.saw("authenticate", ok=True)
        self.server.emit("last")
        self.assertEqual(
            [(event.name, event.args) for event in subscriber.until_event("last")],
            [("missed", [1]), ("missed", [2]), ("last", [])],
        )

    def test_the_servers_cookie_is_kept_for_the_session_and_its_upgrade(self) -> None:
        self.server = self.start_server(options={"cookie": True})
        self.start_over(["polling", "websocket"])
        self.server.saw("upgrade", transport="websocket")
        for transport in ("polling", "websocket"):
            self.server.saw("request", transport=transport, own=True)
        self.assertEqual([one for one in self.server.seen("request") if not one["own"]], [])

    def test_a_daemon_that_stops_ends_its_session(self) -> None:
        daemon = self.start()
        self.stop(daemon)
        self.assertEqual(self.server.saw("disconnect")["reason"], "transport close")


STRIPS = "proxy_buffering off;"
"""nginx as it comes: it takes the fields of the upgrade off."""


class ProxyTest(TransportTest):
    programs = (*TransportTest.programs, "nginx")

    def start_proxy(self, http: str) -> Proxy:
        directory = Path(tempfile.mkdtemp(prefix="nginx-", dir=self.directory))
        proxy = Nginx(directory, http)
        self.addCleanup(proxy.close)
        return proxy

    def start_switched_proxy(self) -> tuple[Path, Proxy]:
        """A proxy that takes the fields of the upgrade off until the file exists.

        nginx is not reloaded for that: a worker that is about to end may close the connection of a POST, and one in ten forgot to pass on the
        answer of the poll that met that moment.
        """
        switch = self.directory / "pass"
        return switch, self.start_proxy(
            "map $field $wanted { default upgrade; '' ''; }"
            f" server {{ listen {{listen}}; location / {{ proxy_pass {self.server.url}; {STRIPS} proxy_http_version 1.1;"
            f' set $field ""; if (-f {switch}) {{ set $field $http_upgrade; }}'
            " proxy_set_header Upgrade $field; proxy_set_header Connection $wanted; } }"
        )


class FallbackTest(ProxyTest):
    def test_a_server_without_websocket(self) -> None:
        self.server = self.start_server(options={"transports": ["polling"]})
        daemon = self.start_over(None)
        daemon.logged(r"HTTP 400.* \(HTTP long-polling is tried next\)")
        daemon.logged("upstream authenticated: .* over HTTP long-polling")
        self.assertEqual(self.transport(daemon), "polling")

    def test_a_proxy_that_strips_the_upgrade_and_later_passes_it(self) -> None:
        switch, proxy = self.start_switched_proxy()
        subscriber = self.subscriber(self.start_over(None, proxy.url))
        subscriber.until(lambda message: isinstance(message, Status) and message.state == "authenticated")
        self.assertEqual(subscriber.client.status.transport, "polling")
        self.server.emit("event", 1)
        subscriber.until_event("event")
        switch.touch()
        moved = subscriber.until(lambda message: isinstance(message, Status) and message.transport == "websocket")[-1]
        self.assertEqual(moved.state, "authenticated")
        self.server.saw("upgrade", transport="websocket")
        self.server.emit("event", 2)
        self.assertEqual(subscriber.until_event("event")[-1].args, [2])
        self.assertEqual(len(self.server.seen("connection")), 1, "it is the same session")
        self.assertEqual(self.server.seen("disconnect"), [])

    def test_sticky_sessions(self) -> None:
        other = self.start_server()
        # Whoever names a session without the cookie is sent to the server that does not have it.
        sticky = (
            f'map "$arg_sid:$cookie_route" $backend {{ "~^:" {self.server.port}; "~:here$" {self.server.port};'
            f" default {other.port}; }}"
            f" server {{ listen {{listen}}; location / {{ proxy_pass http://127.0.0.1:$backend; {STRIPS}"
            ' add_header Set-Cookie "route=here; Path=/; HttpOnly"; } }'
        )
        proxy = self.start_proxy(sticky)
        client = self.peer(self.start_over(["polling"], proxy.url))
        self.assertEqual(client.emit("echo", 1, ack=True, deadline=DEADLINE).args, [1])
        self.assertEqual(other.seen("connection"), [])

    def test_a_load_balancer_that_is_not_sticky_is_named(self) -> None:
        other = self.start_server()
        proxy = self.start_proxy(
            f'map "$arg_sid" $backend {{ "" {self.server.port}; default {other.port}; }}'
            f" server {{ listen {{listen}}; location / {{ proxy_pass http://127.0.0.1:$backend; {STRIPS} }} }}"
        )
        daemon = self.start_daemon(upstream={**self.config()["upstream"], "url": proxy.url, "transports": ["polling"]})
        daemon.logged("without sticky sessions .*CAUSE=server_closed")

    def test_a_websocket_that_is_cut_behind_its_handshake(self) -> None:
        middle = Cutter(self.server)
        self.addCleanup(middle.close)
        daemon = self.start_over(None, middle.url)
        daemon.logged(r"\(HTTP long-polling is tried next\)")
        self.assertEqual(self.transport(daemon), "polling")


class Cutter:
    """Something on the way that ends a connection as soon as it has become a WebSocket."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server.port))
            threading.Thread(target=self._relay, args=(client, server), daemon=True).start()

    @classmethod
    def _relay(cls, client: socket.socket, server: socket.socket) -> None:
        with client, server:
            back = threading.Thread(target=cls._copy, args=(server, client), daemon=True)
            back.start()
            cls._copy(client, server)
            back.join()

    @staticmethod
    def _copy(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                switched = piece.startswith(b"HTTP/1.1 101 ")
                sink.sendall(piece.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if switched else piece)
                if switched:
                    break
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class UpgradeTest(ProxyTest):
    def numbers(self, subscriber: Subscriber) -> list[int]:
        """Those of the stream up to its end, which names the last one."""
        *events, last = subscriber.until_event("last")
        numbers = [event.args[0] for event in events if event.name == "number"]
        self.assertEqual(numbers[-1:], last.args)
        return numbers

    def assert_consecutive(self, numbers: list[int]) -> None:
        self.assertEqual(numbers, list(range(numbers[0], numbers[-1] + 1)))

    def test_polling_first_then_websocket_under_a_stream_of_events(self) -> None:
        self.token_file.unlink()
        upstream = {**self.config()["upstream"], "transports": ["polling", "websocket"]}
        daemon = self.start_daemon(upstream=upstream)
        subscriber = self.subscriber(daemon)
        for _ in range(5):
            self.peer(daemon).call("reconnect")  # with the first transport again
            self.server.command(do="stream", event="number")
            self.write_token(self.token)
            self.server.saw("connection", transport="polling")
            self.server.saw("upgrade", transport="websocket")
            self.server.saw("join", room="shop-8")
            self.server.command(do="stream_end")
            self.assert_consecutive(self.numbers(subscriber))
            self.assertEqual(subscriber.client.status.transport, "websocket")
            self.token_file.unlink()
            self.server.saw("disconnect")

    def test_nothing_is_lost_or_repeated_in_either_direction(self) -> None:
        switch, proxy = self.start_switched_proxy()
        daemon = self.start_over(None, proxy.url)
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        client = self.peer(daemon)
        self.server.command(do="stream", event="number")
        switch.touch()
        sent = 0
        while not self.server.seen("upgrade") or sent < 100:
            client.emit("up", sent)
            sent += 1
        result = client.emit("echo", b"\x00", ack=True, deadline=DEADLINE)
        self.assertEqual(result.args, [b"\x00"])
        self.server.command(do="stream_end")
        numbers = self.numbers(subscriber)
        self.assertEqual(numbers[0], 1)
        self.assert_consecutive(numbers)
        self.server.saw("message", text=f'2["up",{sent - 1}]')
        texts = [report["text"] for report in self.server.seen("message")]
        self.assertEqual([text for text in texts if text.startswith('2["up"')], [f'2["up",{n}]' for n in range(sent)])
        self.assertEqual(self.transport(daemon), "websocket")
        self.assertEqual(len(self.server.seen("connection")), 1)
