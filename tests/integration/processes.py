# SPDX-License-Identifier: MIT
"""The processes of a test: the Socket.IO server, other clients of it, the daemon. A test waits for what they say."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = Path(os.environ.get("ROOMBRIDGE_BIN_DIR") or ROOT / "build/dev").resolve()
ROOMBRIDGED = BUILD / "daemon/service/roombridged"
ROOMBRIDGECTL = BUILD / "clients/ctl/roombridgectl"
NODE_MODULES = BUILD / "node_modules"

PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"

DEADLINE = 30.0
"""Seconds that anything may take before a test fails: far more than needed, so that a slow machine passes."""

T = TypeVar("T")


class Output:
    """What a process writes to a pipe, line by line, for whoever waits for a certain line."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def wait(self, find: Callable[[list[str]], T | None], what: str) -> T:
        """The first thing that `find` finds in the lines. Fails when the process ends or the deadline passes."""
        deadline = time.monotonic() + DEADLINE
        with self._changed:
            while (found := find(self.lines)) is None:
                if self._ended:
                    raise AssertionError(f"the process ended without {what}")
                if not self._changed.wait(deadline - time.monotonic()):
                    raise AssertionError(f"waited {DEADLINE:.0f} s in vain for {what}")
            return found

    def line(self, *parts: str) -> str:
        """The first line with all of these parts, once it has come."""
        return self.wait(
            lambda lines: next((line for line in lines if all(part in line for part in parts)), None),
            f"a line with {parts}",
        )

    def join(self) -> None:
        """Returns when everything has been read; for after the process has ended."""
        self._thread.join(DEADLINE)

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                with self._changed:
                    self.lines.append(line.decode(errors="replace").rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


class Reporter:
    """A process that takes commands as JSON lines and reports what it sees as JSON lines, each report taken once."""

    def __init__(self, *command: str | Path) -> None:
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin is not None and self.process.stdout is not None
        self._input = self.process.stdin
        self.output = Output(self.process.stdout)
        self._taken: set[int] = set()

    def command(self, **fields: Any) -> None:
        self._input.write(json.dumps(fields).encode() + b"\n")
        self._input.flush()

    def saw(self, seen: str, **fields: Any) -> dict[str, Any]:
        """Waits for the first report of this kind with these fields that was not taken before, and takes it."""

        def find(lines: list[str]) -> dict[str, Any] | None:
            for index, line in enumerate(lines):
                if index not in self._taken and _has(json.loads(line), seen, fields):
                    self._taken.add(index)
                    return json.loads(line)
            return None

        return self.output.wait(find, f"{type(self).__name__} seeing {seen} {fields}, only {self.output.lines[-20:]}")

    def seen(self, seen: str, **fields: Any) -> list[dict[str, Any]]:
        """All reports of this kind so far, taken or not."""
        return [report for line in list(self.output.lines) if _has(report := json.loads(line), seen, fields)]

    def freeze(self) -> None:
        """SIGSTOP: its sockets stay, it does nothing any more."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.close()

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._input.close()
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.join()


def _has(report: dict[str, Any], seen: str, fields: dict[str, Any]) -> bool:
    return report["seen"] == seen and all(key in report and report[key] == value for key, value in fields.items())


class Server(Reporter):
    """server.js: the booking backend. `port` 0 takes a free one."""

    program: tuple[str | Path, ...] = ("node", HERE / "server.js", NODE_MODULES)

    def __init__(self, tokens: dict[str, Any], port: int = 0, **settings: Any) -> None:
        super().__init__(*self.program, json.dumps({"port": port, "tokens": tokens, **settings}))
        self.port: int = self.saw("listening")["port"]
        self.url = f"{'https' if 'tls' in settings else 'http'}://127.0.0.1:{self.port}"

    def grant(self, token: str, user_id: int) -> None:
        """Takes the token from now on."""
        self.command(do="grant", token=token, user={"userId": user_id})
        self.saw("grant")

    def emit(self, event: str, *args: Any, room: str | None = None) -> None:
        """To everyone, or everyone in the room; {"$hex": …} stands for bytes."""
        self.command(do="emit", event=event, args=args, room=room)


class PythonServer(Server):
    """python_server.py: the same backend on python-socketio."""

    program = (sys.executable, "-B", HERE / "python_server.py")


class OtherClient(Reporter):
    """other_client.js: npm socket.io-client, authenticated when this returns."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__("node", HERE / "other_client.js", NODE_MODULES, url, token)
        self.saw("auth_success")

    def emit(self, event: str, *args: Any) -> list[Any]:
        """Returns the acknowledgement's arguments."""
        self.command(event=event, args=args)
        return self.saw("ack")["answer"]


class Proxy:
    """A program before servers. It takes over a listening socket: there is no moment at which nobody listens."""

    def __init__(self, directory: Path, *command: str | Path, **environment: str) -> None:
        """`command` runs in the foreground; `environment` may name the socket as {fd}."""
        self.directory = directory
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = command
        self._environment = environment
        self._configure(self._socket.fileno())
        self.start()

    def start(self) -> None:
        fd = self._socket.fileno()
        named = {name: value.format(fd=fd) for name, value in self._environment.items()}
        self.process = subprocess.Popen(self._command, pass_fds=[fd], env={**os.environ, "PATH": PATH, **named})

    def stop(self) -> None:
        """All connections end; new ones wait for start()."""
        self.process.terminate()
        self.process.wait(DEADLINE)

    def close(self) -> None:
        self.stop()
        self._socket.close()

    def _configure(self, fd: int) -> None:
        raise NotImplementedError


class Nginx(Proxy):
    """`http` is the inside of its http block, and {listen} in it the address to listen at."""

    def __init__(self, directory: Path, http: str) -> None:
        self._http = http
        files = ("-c", directory / "nginx.conf", "-e", directory / "nginx.log")
        super().__init__(directory, "nginx", "-p", directory, *files, NGINX="{fd};")

    def _configure(self, fd: int) -> None:
        temporary = "".join(f"{name}_temp_path {name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;" if os.geteuid() == 0 else ""
        (self.directory / "nginx.conf").write_text(
            f"{user} daemon off; worker_processes 1; pid nginx.pid; events {{}}\n"
            f"http {{ access_log off; {temporary}\n{self._http.replace('{listen}', f'127.0.0.1:{self.port}')}\n}}\n",
            encoding="utf-8",
        )


class Haproxy(Proxy):
    """`rules` go into its one section, which has the timeouts that a production might have."""

    def __init__(self, directory: Path, *rules: str) -> None:
        self._rules = rules
        super().__init__(directory, "haproxy", "-q", "-db", "-f", directory / "haproxy.cfg")

    def _configure(self, fd: int) -> None:
        lines = ("mode http", "timeout connect 10s", "timeout client 1m", "timeout server 1m", f"bind fd@{fd}", *self._rules)
        (self.directory / "haproxy.cfg").write_text("listen all\n" + "".join(f"  {line}\n" for line in lines), encoding="utf-8")


class Daemon:
    """roombridged on a config of its own; serving when this returns."""

    def __init__(
        self, config: Path, socket: Path, environment: dict[str, str] | None = None, within: Sequence[str | Path] = ()
    ) -> None:
        """`within`: a command that executes the one behind it."""
        self.config = config
        self.socket = socket
        # The daemon must stand on its config alone.
        clean = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("ROOMBRIDGE_", "NOTIFY_")) and not key.lower().endswith("_proxy")
        }
        self.process = subprocess.Popen(
            [*within, ROOMBRIDGED, "--config", config], stderr=subprocess.PIPE, env={**clean, **(environment or {})}
        )
        assert self.process.stderr is not None
        self.output = Output(self.process.stderr)
        try:
            self.logged("serving local programs")
        except AssertionError:
            self.process.kill()
            self.process.wait()
            raise

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        return "\n".join(self.output.lines)

    def logged(self, pattern: str, after: int = 0) -> str:
        """Waits for a log line that matches, among those from index `after` on."""

        def find(lines: list[str]) -> str | None:
            return next((line for line in lines[after:] if re.search(pattern, line)), None)

        try:
            return self.output.wait(find, f"the log line /{pattern}/")
        except AssertionError as error:
            raise AssertionError(f"{error}; the daemon's log:\n{self.log}") from None

    def hang_up(self) -> None:
        """SIGHUP: reload."""
        self.process.send_signal(signal.SIGHUP)

    def memory(self) -> int:
        """Anonymous resident memory in bytes."""
        text = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        found = re.search(r"^RssAnon:\s+(\d+) kB", text, re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"SIGTERM did not end the daemon; its log:\n{self.log}") from None
        finally:
            self.output.join()
