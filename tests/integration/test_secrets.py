# SPDX-License-Identifier: MIT
"""What is secret reaches nobody: not by the way it goes, nor by what is said of it."""

from __future__ import annotations

import subprocess
import unittest
from pathlib import Path

from roombridge import RequestError

from .harness import IntegrationTest
from .processes import DEADLINE, ROOMBRIDGECTL, ROOMBRIDGED


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOMBRIDGED, *arguments], capture_output=True, text=True, timeout=DEADLINE, env=environment, check=False)


class ExposureTest(IntegrationTest):
    """A name below .invalid leads nowhere (RFC 6761): nothing leaves this machine."""

    def test_a_token_in_plain_text_for_another_host_is_no_config(self) -> None:
        url = "${ROOMBRIDGE_URL:-http://localhost:3001}"
        path = self.write_config(self.config(upstream={**self.config()["upstream"], "url": url}))
        told = r"config.yaml:[0-9]+:[0-9]+: upstream.url, from ROOMBRIDGE_URL: http://api.invalid is another machine, .*"
        told += r"write https:// or wss:// in upstream.url, or upstream.insecure: true"
        for arguments in ((), ("--check",)):
            result = run("--config", path, *arguments, ROOMBRIDGE_URL="http://api.invalid:3001")
            self.assertEqual(result.returncode, 78, result.stderr)
            self.assertRegex(result.stderr, told)

    def test_a_reload_does_not_begin_it(self) -> None:
        daemon = self.start_authenticated()
        self.write_config(self.config(upstream={**self.config()["upstream"], "url": "http://api.invalid"}))
        with self.assertRaisesRegex(RequestError, "upstream.url: http://api.invalid is another machine"):
            self.peer(daemon).call("reload")
        self.assertEqual(self.peer(daemon).call("status")["upstream"]["state"], "authenticated")

    def test_what_is_allowed_is_warned_of_for_as_long_as_it_is_so(self) -> None:
        good = self.config()["upstream"]
        exposed = {
            "upstream.url": {"url": "http://api.invalid"},
            "upstream.tls.verify": {"url": "https://api.invalid", "tls": {"verify": False}},
        }
        daemon = self.start_daemon(upstream={**good, **exposed["upstream.url"], "insecure": True})
        for key, changed in exposed.items():
            with self.subTest(key):
                self.write_config(self.config(upstream={**good, **changed, "insecure": True}))
                self.peer(daemon).call("reload")
                told = f"{key}: .*whoever is on .* reads the token"
                self.assertIn(" warning ", daemon.logged(told))
                self.assertRegex(run("--check", "--config", daemon.config).stderr, f"{told}.*a warning")
                self.assertRegex(self.peer(daemon).call("status")["warnings"][0], told)
                shown = subprocess.run([ROOMBRIDGECTL, "--socket", daemon.socket, "status"], capture_output=True, text=True, check=False)
                self.assertRegex(shown.stdout, f"warning +{told}")
        self.write_config(self.config())
        self.peer(daemon).call("reload")
        self.assertNotIn("warnings", self.peer(daemon).call("status"))


if __name__ == "__main__":
    unittest.main()
