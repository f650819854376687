# SPDX-License-Identifier: MIT
"""`roombridgectl trace` against the real daemon and server: everything is shown but values, and nobody is harmed."""

from __future__ import annotations

import json
import unittest
from typing import Any

from roombridge.protocol import FrameType, encode_frame

from .harness import IntegrationTest, reservation
from .processes import ROOMBRIDGECTL, Output
from .raw_upstream import CLOSE, RawUpstream, frame
from .test_local_peers import HELLO, RawPeer


class TraceTest(IntegrationTest):
    needed = (ROOMBRIDGECTL,)

    def trace(self, *arguments: str, time: str = "10m", socket: str = "s") -> Output:
        """A trace in the background that has begun."""
        output = self.roombridgectl("trace", "--for", time, *arguments, socket=socket)
        output.line("state")
        return output

    def packets(self, output: Output) -> list[tuple[Any, ...]]:
        lines = [json.loads(line) for line in list(output.lines)]
        return [
            (line["direction"], line["engine"], line.get("packet"), line.get("event"))
            for line in lines
            if "direction" in line
        ]

    def test_a_login_and_an_event_without_the_token(self) -> None:
        for mode in ("event", "connect", "header", "query"):
            with self.subTest(mode):
                self.server = self.start_server(auth=mode)
                self.token_file.unlink()
                auth = {"mode": mode} if mode == "event" else {"mode": mode, "identity": "none"}
                rooms = {"own": "", "payload": {"roomId": "{room}"}}
                self.start_daemon(auth=auth, rooms=rooms, local={"socket": str(self.directory / mode)})
                output = self.trace("--json", socket=mode)
                self.write_token(self.token)
                self.server.saw("join", room="shop-8")
                self.server.emit("reservation_update", reservation(42, note=self.token), self.token)
                self.server.emit(f"of {self.token}", {self.token: 1})
                line = json.loads(output.line('"reservation_update"'))
                self.assertEqual(
                    line["shape"],
                    "[{reservationId:number,status:string,shopId:number,userId:number,updateType:string,"
                    "timestamp:string,note:string},string]",
                )
                output.line("of [token]")
                for step in ("attempt", "dns", "tcp", "http"):
                    output.line(f'"step":"{step}"')
                packets = self.packets(output)
                opening = [("in", "open", None, None), ("out", "message", "connect", None)]
                self.assertEqual(packets[:3], [*opening, ("in", "message", "connect", None)])
                self.assertIn(("out", "message", "event", "join_room"), packets)
                self.assertNotIn(self.token, "\n".join(output.lines))
                self.assertNotIn(self.server.saw("connection")["id"], "\n".join(output.lines))

    def test_in_words_and_to_its_end(self) -> None:
        self.start_authenticated()
        output = self.trace(time="1s")
        self.server.emit("notification", {"id": 1, "title": "x"})
        output.line("<- event    notification [{id:number,title:string}]  ")
        output.line("-- 1 s are over: ", "and 0 that were missed")

    def test_two_at_once_and_one_that_leaves(self) -> None:
        self.start_authenticated()
        one, two = self.trace("--json"), self.trace("--json")
        self.server.emit("first")
        for output in (one, two):
            output.line('"first"')
        self.trace("--json", time="1ms").join()
        self.server.emit("second")
        for output in (one, two):
            output.line('"second"')

    def test_one_that_never_reads_harms_nobody(self) -> None:
        daemon = self.start_authenticated()
        peer = RawPeer(daemon)
        self.addCleanup(peer.socket.close)
        call = {"id": 1, "method": "trace", "params": {"for_ms": 3_600_000}}
        peer.send(HELLO + encode_frame(FrameType.CALL, call))
        subscriber = self.subscriber(daemon)
        watching = self.trace("--json")
        for number in range(5000):
            self.server.emit("notification", {"id": number, "title": "x" * 100})
        self.server.emit("marker")
        self.assertEqual(len(subscriber.until_event("marker")), 5001)

        def shown_again() -> bool:
            self.server.emit("after")
            subscriber.until_event("after")
            return any('"after"' in line for line in list(watching.lines))

        # On a busy machine the flood is too much for this one, too; then lines are missed, and it goes on.
        self.eventually(shown_again, "an event in the trace that is read")
        subscribers = self.peer(daemon).call("subscribers")
        self.assertIn("raw", [each["client"] for each in subscribers], "it has not been sent away")

    def test_the_way_from_polling_to_a_websocket(self) -> None:
        self.token_file.unlink()
        self.start_daemon(upstream={**self.config()["upstream"], "transports": ["polling", "websocket"]})
        output = self.trace("--json")
        self.write_token(self.token)
        output.line('"step":"http"', "GET 200")
        output.line('"step":"http"', "POST 200")
        output.line('"step":"upgrade"', "the session has moved")

    def test_why_it_does_not_connect(self) -> None:
        self.server.close()
        self.start_daemon()
        output = self.trace("--json")
        output.line('"step":"tcp"', "nothing listens")
        output.line('"step":"state"', "tcp_refused", "next attempt in")


if __name__ == "__main__":
    unittest.main()

    def test_none_of_the_servers_words(self) -> None:
        upstream = RawUpstream()
        self.addCleanup(upstream.close)
        transports = {**self.config()["upstream"], "url": upstream.url}
        self.start_daemon(upstream=transports)
        output = self.trace("--json")
        said = "what-the-server-said"
        body = b"Content-Length: %d\r\n\r\n%s" % (len(said), said.encode())
        answers = {
            "http_redirect": b"HTTP/1.1 302 Found\r\nLocation: http://other.example/%s\r\n" % said.encode() + body,
            "http_4xx": b"HTTP/1.1 403 %s\r\nSet-Cookie: a=%s\r\n" % (said.encode(), said.encode()) + body,
            "http_5xx": b"HTTP/1.1 503 x\r\nServer: %s\r\n" % said.encode() + body,
            "http_not_websocket": said.encode() * 10 + b"\r\n\r\n",
        }
        for cause, answer in answers.items():
            with self.subTest(cause):
                connection = upstream.accept()
                self.addCleanup(connection.close)
                connection.read_request()
                connection.send(answer)
                connection.close()
                output.line('"step":"http"', cause)
                output.line('"step":"state"', cause)
        connection = upstream.accept()
        self.addCleanup(connection.close)
        connection.log_in()
        connection.send(frame(b"\x0f\xa1" + said.encode(), CLOSE))
        output.line('"step":"state"', "server_error")
        self.assertNotIn(said, "\n".join(output.lines))
