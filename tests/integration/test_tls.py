# SPDX-License-Identifier: MIT
"""TLS: verified by default, and each way of failing has its name."""

from __future__ import annotations

import base64
import hashlib
import socket
import subprocess
import unittest
from pathlib import Path

from .harness import IntegrationTest
from .processes import DEADLINE


def openssl(*arguments: str | Path) -> bytes:
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, timeout=DEADLINE).stdout


class TlsTest(IntegrationTest):
    def setUp(self) -> None:
        super().setUp()
        self.ca = self.directory / "ca.pem"
        self.make_ca()

    def make_ca(self) -> None:
        key = self.directory / "ca.key"
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
            *("-subj", "/CN=roombridge test CA", "-keyout", key, "-out", self.ca),
        )

    def certificate(self, names: str, owner: str = "server") -> dict[str, str]:
        """A key and a certificate of the test's CA for these subjectAltNames; empty: without any."""
        key, request, extensions, certificate = (self.directory / f"{owner}.{end}" for end in ("key", "csr", "ext", "pem"))
        extensions.write_text(f"subjectAltName={names}\n" if names else "", encoding="ascii")
        openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-subj", f"/CN={owner}", "-keyout", key, "-out", request),
        )
        openssl(
            *("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.directory / "ca.key", "-days", "1"),
            *("-CAcreateserial", "-extfile", extensions, "-out", certificate),
        )
        return {"key": str(key), "cert": str(certificate)}

    def start_tls(self, names: str, files: dict[str, str] | None = None, host: str = "localhost", **tls: object):
        server = self.start_server(tls=files or self.certificate(names))
        upstream = {**self.config()["upstream"], "url": f"https://{host}:{server.port}", "tls": tls}
        return server, self.start_daemon(upstream=upstream)

    def test_a_name_verified_with_the_own_ca(self) -> None:
        server, daemon = self.start_tls("DNS:localhost", ca_file=str(self.ca))
        server.saw("join", room="shop-7")
        subscriber = self.subscriber(daemon)
        server.emit("picture", "x" * 300_000)
        self.assertEqual(subscriber.until_event("picture")[0].args, ["x" * 300_000])

    def test_an_address_verified_with_the_own_ca(self) -> None:
        server, _ = self.start_tls("IP:127.0.0.1", host="127.0.0.1", ca_file=str(self.ca))
        server.saw("join", room="shop-7")

    def test_polling_and_the_upgrade(self) -> None:
        server = self.start_server(tls=self.certificate("DNS:localhost"))
        url = f"https://localhost:{server.port}"
        tls = {"ca_file": str(self.ca)}
        transports = ["polling", "websocket"]
        daemon = self.start_daemon(upstream={**self.config()["upstream"], "url": url, "tls": tls, "transports": transports})
        server.saw("connection", transport="polling")
        server.saw("upgrade", transport="websocket")
        server.saw("join", room="shop-7")
        subscriber = self.subscriber(daemon)
        server.emit("picture", "x" * 300_000)
        self.assertEqual(subscriber.until_event("picture")[0].args, ["x" * 300_000])

    def test_a_wrong_host_is_refused(self) -> None:
        server, daemon = self.start_tls("DNS:other.example", ca_file=str(self.ca))
        self.refused(server, daemon, "tls_wrong_host")

    def test_a_wrong_address_is_refused(self) -> None:
        server, daemon = self.start_tls("DNS:localhost", host="127.0.0.1", ca_file=str(self.ca))
        self.refused(server, daemon, "tls_wrong_host")

    def test_a_host_that_is_only_in_the_cn_is_refused(self) -> None:
        server, daemon = self.start_tls("", self.certificate("", owner="localhost"), ca_file=str(self.ca))
        self.refused(server, daemon, "tls_wrong_host")
        daemon.logged("names its host in CN only.*subjectAltName")

    def test_an_unknown_ca_is_refused(self) -> None:
        server, daemon = self.start_tls("DNS:localhost")
        self.refused(server, daemon, "tls_unknown_ca")

    def test_a_ca_file_that_is_not_there(self) -> None:
        _, daemon = self.start_tls("DNS:localhost", ca_file=str(self.directory / "none.pem"))
        daemon.logged("none.pem.*CAUSE=tls_ca_file")

    def test_a_ca_file_that_is_put_right_is_read_at_the_next_attempt(self) -> None:
        trusted = self.directory / "trusted.pem"
        trusted.write_text("not yet\n", encoding="ascii")
        server, daemon = self.start_tls("DNS:localhost", ca_file=str(trusted))
        daemon.logged("trusted.pem.*CAUSE=tls_ca_file")
        self.ca.replace(trusted)
        server.saw("join", room="shop-7")

    def test_a_client_certificate(self) -> None:
        server, _ = self.start_mutual(self.certificate("DNS:till-3", owner="till"))
        server.saw("join", room="shop-7")

    def test_a_server_that_misses_a_client_certificate(self) -> None:
        server, daemon = self.start_mutual(None)
        daemon.logged("client certificate.*upstream.tls.certificate_file")
        self.assertEqual(server.seen("connection"), [])

    def start_mutual(self, own: dict[str, str] | None):
        server = self.start_server(tls={**self.certificate("DNS:localhost"), "ca": str(self.ca)})
        tls = {"ca_file": str(self.ca), "min_version": "1.3"}
        if own is not None:
            tls |= {"certificate_file": own["cert"], "key_file": own["key"]}
        upstream = {**self.config()["upstream"], "url": f"https://localhost:{server.port}", "tls": tls}
        return server, self.start_daemon(upstream=upstream)

    def pin(self, certificate: Path | str) -> str:
        key = openssl("x509", "-in", certificate, "-noout", "-pubkey")
        der = base64.b64decode("".join(key.decode("ascii").splitlines()[1:-1]))
        return base64.b64encode(hashlib.sha256(der).digest()).decode("ascii")

    def test_a_pinned_key(self) -> None:
        files = self.certificate("DNS:localhost")
        server, _ = self.start_tls("DNS:localhost", files, ca_file=str(self.ca), pins=[self.pin(files["cert"])])
        server.saw("join", room="shop-7")

    def test_another_key_than_the_pinned_one(self) -> None:
        other = self.certificate("DNS:localhost", owner="other")["cert"]
        server, daemon = self.start_tls("DNS:localhost", ca_file=str(self.ca), pins=[self.pin(other)])
        self.refused(server, daemon, "tls_wrong_pin")

    def test_verification_can_be_switched_off(self) -> None:
        server, _ = self.start_tls("DNS:other.example", verify=False)
        server.saw("join", room="shop-7")

    def test_a_server_without_tls(self) -> None:
        upstream = {**self.config()["upstream"], "url": f"https://localhost:{self.server.port}"}
        self.start_daemon(upstream=upstream).logged("CAUSE=tls_not_spoken")

    def refused(self, server, daemon, cause: str) -> None:
        daemon.logged(f"CAUSE={cause}")
        status = self.peer(daemon).call("status")["upstream"]
        self.assertEqual(status["cause"], cause)
        self.assertEqual(server.seen("connection"), [])

    def test_a_server_that_hangs_up_on_tls(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as plain:
            url = f"https://127.0.0.1:{plain.getsockname()[1]}"
            daemon = self.start_daemon(upstream={**self.config()["upstream"], "url": url})
            connection, _ = plain.accept()
            with connection:
                connection.recv(4096)
            daemon.logged(r"does this port speak TLS\?.* CAUSE=tls_failure")


if __name__ == "__main__":
    unittest.main()
