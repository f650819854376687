# SPDX-License-Identifier: MIT
"""Through real proxies: tinyproxy (HTTP CONNECT) and microsocks (SOCKS 5), with and without credentials."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import socketserver
import subprocess
import threading
import unittest
from pathlib import Path
from typing import Any

from .harness import IntegrationTest
from .processes import DEADLINE, Daemon

USER, PASSWORD = "till", "secret-of-the-proxy"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class ProxyTest(IntegrationTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        missing = [program for program in ("tinyproxy", "microsocks") if shutil.which(program) is None]
        if missing and os.environ.get("CI") == "true":
            raise AssertionError(f"CI: missing {', '.join(missing)}")
        if missing:
            raise unittest.SkipTest(f"missing {', '.join(missing)} (install it)")

    def setUp(self) -> None:
        super().setUp()
        self._secrets.append(PASSWORD)
        self.credentials = self.directory / "credentials"
        self.write_credentials(f"{USER}:{PASSWORD}")

    def write_credentials(self, content: str) -> None:
        fresh = self.directory / "credentials.new"
        fresh.write_text(content + "\n", encoding="ascii")
        fresh.replace(self.credentials)

    def run_proxy(self, port: int, *command: str | Path) -> None:
        """It listens when this returns."""
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait, DEADLINE)
        self.addCleanup(process.kill)

        def listens() -> bool:
            self.assertIsNone(process.poll(), f"{command[0]} has ended")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        self.eventually(listens, f"{command[0]} listening")

    def start_tinyproxy(self, *more: str) -> str:
        port = free_port()
        config = self.directory / "tinyproxy.conf"
        lines = [f"Port {port}", "Listen 127.0.0.1", "Timeout 600", "MaxClients 10", *more]
        config.write_text("\n".join(lines) + "\n", encoding="ascii")
        self.run_proxy(port, "tinyproxy", "-d", "-c", config)
        return f"http://127.0.0.1:{port}"

    def start_microsocks(self, *more: str) -> str:
        port = free_port()
        self.run_proxy(port, "microsocks", "-i", "127.0.0.1", "-p", str(port), *more)
        return f"socks5://127.0.0.1:{port}"

    def start_through(self, proxy: str, credentials: bool = False, **changes: Any) -> Daemon:
        section = {"url": proxy, "credentials_file": str(self.credentials) if credentials else ""}
        return self.start_daemon(upstream={**self.config()["upstream"], "proxy": section, **changes})

    def refused(self, daemon: Daemon, cause: str, words: str) -> None:
        daemon.logged(f"{words}.*CAUSE={cause}")
        self.assertEqual(self.peer(daemon).call("status")["upstream"]["cause"], cause)
        self.assertEqual(self.server.seen("connection"), [])


class HttpProxyTest(ProxyTest):
    def test_a_tunnel(self) -> None:
        self.start_through(self.start_tinyproxy())
        self.server.saw("join", room="shop-7")

    def start_with_tls(self, *names: str):
        """A server whose certificate has these options of `openssl req`, and a daemon that reaches it through a proxy."""
        key, certificate = self.directory / "server.key", self.directory / "server.pem"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        command += [*names, "-keyout", key, "-out", certificate]
        subprocess.run(command, check=True, capture_output=True, timeout=DEADLINE)
        server = self.start_server(tls={"key": str(key), "cert": str(certificate)})
        url = f"https://localhost:{server.port}"
        return server, self.start_through(self.start_tinyproxy(), url=url, tls={"ca_file": str(certificate)})

    def test_a_tunnel_with_tls(self) -> None:
        server, daemon = self.start_with_tls("-subj", "/CN=server", "-addext", "subjectAltName=DNS:localhost")
        server.saw("join", room="shop-7")
        subscriber = self.subscriber(daemon)
        server.emit("picture", "x" * 300_000)
        self.assertEqual(subscriber.until_event("picture")[0].args, ["x" * 300_000])

    def test_a_certificate_behind_a_tunnel_must_be_for_the_server(self) -> None:
        server, daemon = self.start_with_tls("-subj", "/CN=localhost")
        daemon.logged("names its host in CN only.*CAUSE=tls_wrong_host")
        self.assertEqual(server.seen("connection"), [])

    def test_a_tunnel_for_each_connection_of_polling_and_for_the_upgrade(self) -> None:
        self.start_through(self.start_tinyproxy(), transports=["polling", "websocket"])
        self.server.saw("connection", transport="polling")
        self.server.saw("upgrade", transport="websocket")
        self.server.saw("join", room="shop-7")

    def test_credentials(self) -> None:
        self.start_through(self.start_tinyproxy(f"BasicAuth {USER} {PASSWORD}"), credentials=True)
        self.server.saw("join", room="shop-7")

    def test_credentials_that_are_put_right_are_read_at_the_next_attempt(self) -> None:
        self.write_credentials(f"{USER}:wrong")
        daemon = self.start_through(self.start_tinyproxy(f"BasicAuth {USER} {PASSWORD}"), credentials=True)
        daemon.logged("CAUSE=proxy_refused")
        self.write_credentials(f"{USER}:{PASSWORD}")
        self.server.saw("join", room="shop-7")

    def test_missing_credentials(self) -> None:
        daemon = self.start_through(self.start_tinyproxy(f"BasicAuth {USER} {PASSWORD}"))
        self.refused(daemon, "proxy_refused", "upstream.proxy.credentials_file")

    def test_a_port_that_is_not_allowed(self) -> None:
        daemon = self.start_through(self.start_tinyproxy("ConnectPort 443"))
        self.refused(daemon, "proxy_refused", "does not allow a tunnel to 127.0.0.1")

    def test_a_server_that_the_proxy_cannot_reach(self) -> None:
        daemon = self.start_through(self.start_tinyproxy(), url=f"http://127.0.0.1:{free_port()}")
        self.refused(daemon, "proxy_target_unreachable", "cannot reach 127.0.0.1")

    def test_a_proxy_that_is_not_there(self) -> None:
        daemon = self.start_through(f"http://127.0.0.1:{free_port()}")
        self.refused(daemon, "proxy_unreachable", "the proxy http.*nothing listens there")

    def test_a_proxy_of_the_other_kind(self) -> None:
        socks = self.start_microsocks()
        self.refused(self.start_through(socks.replace("socks5", "http")), "proxy_failure", "the proxy")


class SocksProxyTest(ProxyTest):
    def test_a_connection(self) -> None:
        self.start_through(self.start_microsocks())
        self.server.saw("join", room="shop-7")

    def test_credentials(self) -> None:
        self.start_through(self.start_microsocks("-u", USER, "-P", PASSWORD), credentials=True)
        self.server.saw("join", room="shop-7")

    def test_wrong_credentials(self) -> None:
        self.write_credentials(f"{USER}:wrong")
        daemon = self.start_through(self.start_microsocks("-u", USER, "-P", PASSWORD), credentials=True)
        self.refused(daemon, "proxy_refused", "refuses the user or the password")

    def test_missing_credentials(self) -> None:
        daemon = self.start_through(self.start_microsocks("-u", USER, "-P", PASSWORD))
        self.refused(daemon, "proxy_refused", "upstream.proxy.credentials_file")

    def test_a_server_that_the_proxy_cannot_reach(self) -> None:
        daemon = self.start_through(self.start_microsocks(), url=f"http://127.0.0.1:{free_port()}")
        self.refused(daemon, "proxy_target_unreachable", "was refused a connection to 127.0.0.1")

    def test_a_proxy_of_the_other_kind(self) -> None:
        http = self.start_tinyproxy()
        self.refused(self.start_through(http.replace("http", "socks5")), "proxy_failure", "the proxy")


class FarProxy(socketserver.ThreadingTCPServer):
    """A proxy in a network where every name is the test's server; it notes what it was asked for."""

    daemon_threads = True

    def __init__(self, behind: int) -> None:
        super().__init__(("127.0.0.1", 0), FarConnection)
        self.behind = behind
        self.requests: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class FarConnection(socketserver.StreamRequestHandler):
    server: FarProxy

    def handle(self) -> None:
        self.server.requests.append(self.rfile.readline().decode("ascii"))
        while self.rfile.readline() not in (b"\r\n", b""):
            pass
        with socket.create_connection(("127.0.0.1", self.server.behind)) as behind:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=copy, args=(behind, self.connection))
            back.start()
            copy(self.connection, behind)
            back.join()


def copy(source: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            to.sendall(piece)
        to.shutdown(socket.SHUT_WR)


class ProxyEnvironmentTest(IntegrationTest):
    def test_the_environment_names_the_proxy_which_looks_the_name_up(self) -> None:
        proxy = FarProxy(self.server.port)
        self.addCleanup(proxy.close)
        self.start_daemon(
            {"http_proxy": f"127.0.0.1:{proxy.server_address[1]}"},
            upstream={**self.config()["upstream"], "url": "http://booking.example:3001", "insecure": True},
        )
        self.server.saw("join", room="shop-7")
        self.assertEqual(proxy.requests, ["CONNECT booking.example:3001 HTTP/1.1\r\n"])

    def test_this_machine_needs_no_proxy(self) -> None:
        self.start_daemon({"all_proxy": f"http://127.0.0.1:{free_port()}"})
        self.server.saw("join", room="shop-7")


if __name__ == "__main__":
    unittest.main()
