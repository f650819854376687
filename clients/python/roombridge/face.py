# SPDX-License-Identifier: MIT
"""What the synchronous and the asyncio client share around the session: options, what it tells, and how a lost
connection is taken note of."""

from __future__ import annotations

import os
import random
import socket
import sys
import time

from .errors import ConnectionClosed, ConnectError, RequestTimeout, RoombridgeError
from .listening import LOGGER, Listening
from .messages import Position, Status, Welcome
from .session import DEFAULT_INBOX_LIMIT, Session

READ_SIZE = 65536
FAREWELL = 5.0
"""Seconds that leaving may take at most, when the daemon has to be told something first."""

DEFAULT_SOCKET = "/run/roombridge/roombridge.sock"


def default_path() -> str:
    """Where the daemon listens when nothing is said: $ROOMBRIDGE_SOCKET, else the packaged place."""
    return os.environ.get("ROOMBRIDGE_SOCKET") or DEFAULT_SOCKET


def default_name() -> str:
    """The program's name, for people who look at the daemon's subscribers."""
    return os.path.basename(sys.argv[0] if sys.argv else "") or "python"


class Face(Listening):
    """See the module."""

    def __init__(
        self,
        path: str | None = None,
        *,
        name: str | None = None,
        subscriber: str | None = None,
        timeout: float = 10.0,
        reconnect: bool = True,
        inbox_limit: int = DEFAULT_INBOX_LIMIT,
    ) -> None:
        """`path`: the daemon's socket, by default $ROOMBRIDGE_SOCKET or /run/roombridge/roombridge.sock.

        `name`: shown to the operator, by default the program's. `subscriber`: a name of this user's under which the
        daemon keeps the position that ack() tells it, so that the next start of this program goes on there.
        `timeout`: seconds to wait for the greeting and for answers. `reconnect`: connect() waits for a daemon that is
        not there, and a connection that was lost is made again; False: both are errors. `inbox_limit`: bytes of
        messages that are kept at most while requests wait for their answers.
        """
        super().__init__()
        self._path = path or default_path()
        self._name = name or default_name()
        self._subscriber = subscriber
        self._timeout = timeout
        self._reconnect = reconnect
        self._inbox_limit = inbox_limit
        self._given: socket.socket | None = None
        self._told: str | None = None  # the last reason that was logged
        self._session = self._new_session()
        self._prepare()

    def _prepare(self) -> None:
        """The rest of the construction."""

    def _give(self, connected: socket.socket) -> None:
        """This is the only connection that there will be."""
        self._given, self._path = connected, ""

    @property
    def welcome(self) -> Welcome | None:
        """The daemon's newest greeting."""
        return self._session.welcome

    @property
    def status(self) -> Status | None:
        """The newest status that has been read; None before the first subscribe()."""
        return self._session.status

    @property
    def position(self) -> Position | None:
        """The place in the daemon's log of the last message that was handed out: to be stored, and given to subscribe()
        as `since` another time. None before connect()."""
        return self._session.position

    def _new_session(self) -> Session:
        resumable = self._path != ""
        return Session(
            self._name,
            self._subscriber,
            reconnect=self._reconnect and resumable,
            resumable=resumable,
            inbox_limit=self._inbox_limit,
        )

    def _lost(self, error: RoombridgeError) -> float | None:
        """See Session.lost(). What stays the same for many attempts is logged once."""
        delay = self._session.lost(error, now_us(), random.random())
        if delay is not None and self._told != str(error):
            LOGGER.warning("no connection to roombridged, trying again: %s", error)
            self._told = str(error)
        return delay

    def _found(self) -> None:
        """The daemon has greeted."""
        if self._told is not None:
            LOGGER.warning("connected to roombridged")
            self._told = None

    def _open(self) -> socket.socket:
        """A connected socket that never blocks. Raises ConnectError."""
        if self._given is not None:
            opened, self._given = self._given, None
            opened.setblocking(False)
            return opened
        if not self._path:
            raise RoombridgeError("a client over a given socket connects once")
        try:
            opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        except OSError as error:
            raise ConnectError(self._path, error) from error
        try:
            opened.setblocking(False)
            opened.connect(self._path)  # at once or, also when too many wait to be let in, not at all
        except OSError as error:
            opened.close()
            raise ConnectError(self._path, error) from error
        return opened


def now_us() -> int:
    """µs since the Unix epoch."""
    return time.time_ns() // 1000


def greeting_is_late() -> RequestTimeout:
    return RequestTimeout("the daemon has not greeted in time")


def closed_here() -> ConnectionClosed:
    return ConnectionClosed("closed", "this side closed the connection", False)
