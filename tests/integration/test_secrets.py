# SPDX-License-Identifier: MIT
"""What is secret reaches nobody: not by the way it goes, nor by what is said of it."""

from __future__ import annotations

import base64
import grp
import json
import os
import secrets
import subprocess
import unittest
from pathlib import Path
from typing import Any

from roombridge import RequestError

from .harness import SANITIZED, IntegrationTest, Subscriber
from .processes import DEADLINE, ROOMBRIDGECTL, ROOMBRIDGED, Daemon
from .raw_upstream import OPEN, Connection, RawUpstream


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


class SecretFilesTest(IntegrationTest):
    """Files that hold secrets, and who can read or replace them."""

    def setUp(self) -> None:
        super().setUp()
        self.directory.chmod(0o755)  # whoever can enter it can read what their modes let them
        self.token_file.chmod(0o600)

    def warnings(self, daemon: Daemon) -> list[str]:
        return self.peer(daemon).call("status").get("warnings", [])

    def write_config(self, config: dict[str, Any]) -> Path:
        path = super().write_config(config)
        path.chmod(0o644)
        return path

    def assert_told(self, daemon: Daemon, told: str) -> None:
        """By log, status, roombridgectl and --check."""
        self.assertIn(" warning ", daemon.logged(told + ".* CAUSE=secret_exposed"))
        self.assertRegex(self.warnings(daemon)[0], told)
        shown = subprocess.run([ROOMBRIDGECTL, "--socket", daemon.socket, "status"], capture_output=True, text=True, check=False)
        self.assertRegex(shown.stdout, f"warning +{told}")
        checked = run("--check", "--config", daemon.config)
        self.assertEqual(checked.returncode, 0)
        self.assertRegex(checked.stderr, f"config.yaml.*: {told.partition(';')[0]}.*a warning")

    def test_a_token_that_everyone_can_read_is_warned_of_until_it_is_mended(self) -> None:
        self.token_file.chmod(0o644)
        daemon = self.start_authenticated()
        told = f"upstream.token: {self.token_file} can be read by everyone .mode 0644.; mend it by: chmod 600 {self.token_file}"
        self.assert_told(daemon, told)
        self.token_file.chmod(0o600)
        self.assertEqual(self.warnings(daemon), [])
        daemon.logged("upstream.token: .* is safe again")

    def test_another_token_is_looked_at_when_it_is_read(self) -> None:
        daemon = self.start_authenticated()
        fresh = self.directory / "fresh"
        fresh.write_text(self.token + "\n", encoding="ascii")
        fresh.chmod(0o666)
        fresh.rename(self.token_file)
        daemon.logged("upstream.token: .* can be read by everyone .mode 0666.* CAUSE=secret_exposed")

    def test_a_group_that_may_connect_must_not_read_it(self) -> None:
        group = next(each for each in grp.getgrall() if each.gr_gid not in (0, os.getegid()))
        os.chown(self.token_file, -1, group.gr_gid)
        self.token_file.chmod(0o640)
        daemon = self.start_authenticated()
        self.assertEqual(self.warnings(daemon), [])
        rule = {"groups": [group.gr_name], "events": ["*"], "topics": ["*"]}
        self.write_config(self.config(local={"access": [rule]}))
        self.peer(daemon).call("reload")
        self.assert_told(daemon, f"upstream.token: .* can be read by the group {group.gr_name}, which may connect")

    def test_a_directory_in_which_it_can_be_replaced(self) -> None:
        self.directory.chmod(0o700)
        open_to_all = self.directory / "open"
        open_to_all.mkdir()
        open_to_all.chmod(0o777)
        token = open_to_all / "token"
        token.write_text(self.token, encoding="ascii")
        token.chmod(0o600)
        upstream = {**self.config()["upstream"], "token": {"file": str(token)}}
        daemon = self.start_authenticated(upstream=upstream)
        self.assertEqual(self.warnings(daemon), [], "nobody gets there")
        self.directory.chmod(0o755)
        self.assert_told(daemon, f"upstream.token: {token} can be replaced: the directory {open_to_all} has mode 0777")

    def test_a_config_that_holds_keys(self) -> None:
        daemon = self.start_authenticated()
        self.assertEqual(self.warnings(daemon), [], "this one holds none")
        upstream = {**self.config()["upstream"], "headers": {"X-Api-Key": "k3y-0123456789"}}
        self.write_config(self.config(upstream=upstream))
        self.peer(daemon).call("reload")
        self.assert_told(daemon, f"the configuration, which holds upstream.headers: {daemon.config} can be read by everyone")
        daemon.config.chmod(0o600)
        self.assertEqual(self.warnings(daemon), [])

    def test_a_proxys_credentials(self) -> None:
        credentials = self.directory / "credentials"
        credentials.write_text("till:password", encoding="ascii")
        credentials.chmod(0o604)
        proxy = {"url": "http://localhost:9", "credentials_file": str(credentials)}
        daemon = self.start_daemon(upstream={**self.config()["upstream"], "proxy": proxy})
        self.assert_told(daemon, f"upstream.proxy.credentials_file: {credentials} can be read by everyone")


def part() -> str:
    return base64.urlsafe_b64encode(b"{\"nonce\":\"" + secrets.token_hex(12).encode() + b"\"}").decode().rstrip("=")


class RepeatingServerTest(IntegrationTest):
    """A server that repeats what it should not: nothing of it reaches log, status or trace."""

    def setUp(self) -> None:
        super().setUp()
        self.upstream = RawUpstream()
        self.addCleanup(self.upstream.close)
        self.key = self.secret("k3y-" + secrets.token_hex(8))

    def secret(self, text: str) -> str:
        """One that the harness looks for in the daemon's log, too."""
        self._secrets.append(text)
        return text

    def new_jwt(self) -> list[str]:
        """A token's parts, which are secrets themselves."""
        header = base64.urlsafe_b64encode(b'{"alg":"HS256"}').decode().rstrip("=")
        parts = [header, self.secret(part()), self.secret(part())]
        self.write_token(".".join(parts))
        return parts

    def start(self, **upstream: object) -> tuple[Daemon, Subscriber]:
        changed = {**self.config()["upstream"], "url": self.upstream.url, "transports": ["websocket"], **upstream}
        changed["headers"] = {"X-Api-Key": f"Key {self.key}"}
        daemon = self.start_daemon(upstream=changed, logging={"level": "trace"}, rooms={"own": "of-{userId}"})
        return daemon, self.subscriber(daemon)

    def accept(self) -> Connection:
        connection = self.upstream.accept()
        self.addCleanup(connection.close)
        return connection

    def assert_silent(self, daemon: Daemon, *others: str) -> None:
        """None of the secrets is in what everybody may ask for; the log is looked through at the test's end."""
        shown = json.dumps([self.peer(daemon).call("status"), self.peer(daemon).call("rooms")])
        for text in (*self._secrets, *others):
            self.assertNotIn(text, shown)

    def test_the_parts_of_a_token_and_a_configured_key(self) -> None:
        parts = self.new_jwt()
        daemon, subscriber = self.start()
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        for said in (parts[2], parts[1], padded, self.key, base64.b64encode(".".join(parts).encode()).decode()):
            connection = self.accept()
            connection.shake_hands()
            connection.text("0" + json.dumps(OPEN))
            connection.until("40")
            connection.text("44" + json.dumps({"message": f"not with {said}"}))
            got = subscriber.until(lambda message: getattr(message, "cause", "") == "namespace_refused")
            self.assertRegex(got[-1].text, r"not with \[(token|hidden)\]")
            connection.ended()
            self.assert_silent(daemon, said)

    def test_a_token_that_was_replaced(self) -> None:
        old = self.new_jwt()
        daemon, subscriber = self.start()
        connection = self.accept()
        connection.log_in()
        subscriber.until_state("authenticated")
        self.new_jwt()
        connection.until('42["authenticate"')
        connection.text("42" + json.dumps(["auth_error", {"message": f"revoked: {'.'.join(old)} ({old[2]})"}]))
        got = subscriber.until(lambda message: getattr(message, "cause", "") == "token_refused")
        self.assertIn("revoked: [token]", got[-1].text.replace("hidden", "token"))
        self.assert_silent(daemon)

    def test_a_user_and_a_room_that_are_the_token(self) -> None:
        parts = self.new_jwt()
        daemon, subscriber = self.start()
        connection = self.accept()
        connection.log_in(json.dumps({"userId": ".".join(parts)}))
        subscriber.until_state("authenticated")
        connection.until('42["join_room"')
        self.assertIn("of-[token]", [room["room"] for room in self.peer(daemon).call("rooms")])
        peer = self.peer(daemon)
        peer.join(parts[2])
        self.assert_silent(daemon)
        got = subscriber.until(lambda message: any("[token]" in room for room in getattr(message, "rooms", None) or ()))
        self.assertNotIn(parts[2], str(got[-1]))

    def test_the_ids_by_which_somebody_could_take_the_session_over(self) -> None:
        sid, pid = self.secret("sid-" + secrets.token_hex(8)), self.secret("pid-" + secrets.token_hex(8))
        daemon, subscriber = self.start()
        connection = self.accept()
        connection.shake_hands()
        connection.text("0" + json.dumps({**OPEN, "sid": sid}))
        connection.until("40")
        connection.text("40" + json.dumps({"sid": "t", "pid": pid}))
        connection.until('42["authenticate"')
        connection.text("42" + json.dumps(["auth_error", {"message": f"not on {sid} of {pid}"}]))
        got = subscriber.until(lambda message: getattr(message, "cause", "") == "token_refused")
        self.assertIn("not on [hidden] of [hidden]", got[-1].text)
        connection.close()
        # Before anybody knows that it is one.
        for opening, answer in (({**OPEN, "sid": sid, "pingInterval": "soon"}, ""), (OPEN, '40{"pid":"' + pid + '"}')):
            connection = self.accept()
            connection.shake_hands()
            connection.text("0" + json.dumps(opening))
            if answer:
                connection.until("40")
                connection.text(answer)
            connection.ended()
        self.assert_silent(daemon)

    def test_cookies_of_a_header_that_cannot_be_read(self) -> None:
        cookie = self.secret("session-" + secrets.token_hex(8))
        daemon, subscriber = self.start()
        answers = (
            b"HTTP/1.1 200 OK\r\nBad Header: x\r\nSet-Cookie: a=%s\r\n\r\n",
            b"Set-Cookie: a=%s\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nSet-Cookie: a=%s\r\nX: " + b"y" * 100_000,
            b"HTTP/1.1 500 Error\r\nContent-Length: 100\r\n\r\nCookie: a=%s" + b" " * 100,
        )
        for answer in answers:
            connection = self.accept()
            connection.read_request()
            connection.send(answer % cookie.encode() if b"%s" in answer else answer)
            connection.close()
            subscriber.until(lambda message: getattr(message, "cause", "").startswith("http_"), "the refusal")
            self.assert_silent(daemon)


class MemoryTest(IntegrationTest):
    """What is said to be erased is not in the daemon's memory any more either."""

    def count(self, daemon: Daemon, text: str) -> int:
        """How often it stands in what the daemon may write to."""
        found = 0
        with open(f"/proc/{daemon.pid}/maps", encoding="utf-8") as maps, open(f"/proc/{daemon.pid}/mem", "rb", buffering=0) as memory:
            for line in maps:
                place, rights, *_ = line.split()
                if not rights.startswith("rw") or line.rstrip().endswith(("[vvar]", "[vsyscall]")):
                    continue
                begin, end = (int(part, 16) for part in place.split("-"))
                memory.seek(begin)
                here = memory.read(end - begin)
                found += here.count(text.encode())
        return found

    def assert_gone(self, daemon: Daemon, text: str) -> None:
        if not SANITIZED:
            self.eventually(lambda: self.count(daemon, text) == 0, "a memory without it")

    def test_events_that_are_forgotten(self) -> None:
        rules = {"note": {"topics": ["of-{by}"], "fields": ["by"], "retain_key": ["id"]}}
        daemon = self.start_authenticated(events={"rules": rules})
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        deaf = self.subscriber(daemon)
        marker = "m4rk-" + secrets.token_hex(8)
        for i in range(200):
            self.server.emit("note", {"id": i, "by": f"{marker}-{i}", "text": marker * 20})
        self.server.emit("large", marker * 10_000)
        subscriber.until_event("large")
        self.assertGreater(self.count(daemon, marker), 200 * 20)
        self.server.emit("last", {})
        subscriber.until_event("last")
        self.peer(daemon).call("forget")
        # A frame that a program has begun to get it gets to its end.
        deaf.client.close()
        self.assert_gone(daemon, marker)

    def test_a_token_after_the_logout(self) -> None:
        for mode in ("event", "header", "query"):
            with self.subTest(mode):
                first = self.token
                self.server = self.start_server(**({} if mode == "event" else {"auth": mode}))
                rooms = {**self.config()["rooms"], "own": "", "payload": {"roomId": "{room}"}}
                daemon = self.start_authenticated(auth={"mode": mode, "identity": "none"}, rooms=rooms)
                subscriber = self.subscriber(daemon)
                subscriber.until_state("authenticated")
                self.assertGreater(self.count(daemon, first), 0)
                self.token_file.unlink()
                subscriber.until(lambda message: getattr(message, "cause", "") == "token_missing")
                self.assert_gone(daemon, first)
                self.write_token(self.token)
                self.assertEqual(daemon.stop(), 0)
                self._daemons.remove(daemon)


if __name__ == "__main__":
    unittest.main()
