# SPDX-License-Identifier: MIT
"""A server, or what stands before it, that asks to be left alone for a while."""

from __future__ import annotations

import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .harness import IntegrationTest


class Busy(BaseHTTPRequestHandler):
    """503 to everyone; counts whoever asks."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(503)
        self.send_header("Retry-After", "120")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


class BusyServerTest(IntegrationTest):
    def setUp(self) -> None:
        super().setUp()
        Busy.asked = []
        self.busy = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
        self.addCleanup(self.busy.server_close)
        thread = threading.Thread(target=self.busy.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.busy.shutdown)

    def test_it_is_left_alone_as_long_as_it_asks(self) -> None:
        upstream = {**self.config()["upstream"], "url": f"http://127.0.0.1:{self.busy.server_port}"}
        before = time.time()
        daemon = self.start_daemon(upstream=upstream)
        daemon.logged("HTTP 503 .*it wants to be left alone for 2 min .Retry-After.*next attempt in [23] min")
        caller = self.peer(daemon)
        status = caller.call("status")["upstream"]
        self.assertGreaterEqual(status["next_attempt"], (before + 120) * 1e6)
        self.assertIn("left alone", status["text"])
        # Neither another token nor another config is a reason to ask again.
        self.write_token(self.new_token())
        self.write_config(self.config(upstream={**upstream, "headers": {"X-Till": "3"}}))
        caller.call("reload")
        status = caller.call("status")["upstream"]
        self.assertEqual((status["state"], status["cause"]), ("offline", "http_5xx"))
        self.assertGreaterEqual(status["next_attempt"], (before + 120) * 1e6)
        self.assertEqual(len(Busy.asked), 1)
        # But a person's word is.
        caller.call("reconnect")
        self.eventually(lambda: len(Busy.asked) == 2, "the attempt that was asked for")


if __name__ == "__main__":
    unittest.main()
