# SPDX-License-Identifier: MIT
"""Callbacks for messages: what the synchronous and the asyncio client share of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from .errors import RoombridgeError
from .messages import Event, Gap, Message, Problem, Status

LOGGER = logging.getLogger("roombridge")


class Listener:
    """A callback that is called for messages of one kind until off()."""

    def __init__(
        self,
        listeners: list[Listener],
        wanted: Callable[[Message], bool],
        callback: Callable[[Any], Any],
        kind: type | None = None,
    ) -> None:
        self.kind = kind
        self._listeners = listeners
        self._wanted = wanted
        self._callback = callback
        listeners.append(self)

    def off(self) -> None:
        """Takes the callback off again; it is not called afterwards. Harmless when repeated."""
        if self in self._listeners:
            self._listeners.remove(self)

    def hear(self, message: Message) -> Any:
        """Calls the callback if it is still on and the message is of its kind; what it returned."""
        if self in self._listeners and self._wanted(message):
            return self._callback(message)
        return None


class Listening:
    """Callbacks are called in the order in which they were set, while somebody takes messages.

    One that raises keeps no other from being called; then the first exception ends that step of the iteration, and
    further ones are logged.
    """

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def on(self, event: str, callback: Callable[[Event], Any]) -> Listener:
        """Calls `callback` for each event of this name. With asyncio it may be an `async def`, which is awaited."""
        self._check_callback(callback)
        return Listener(self._listeners, lambda message: isinstance(message, Event) and message.name == event, callback)

    def on_gap(self, callback: Callable[[Gap], Any]) -> Listener:
        """Calls `callback` for each loss, likewise."""
        return self._on(Gap, callback)

    def on_status(self, callback: Callable[[Status], Any]) -> Listener:
        """Calls `callback` for each change of the connection to the server, and when the daemon is lost, likewise."""
        return self._on(Status, callback)

    def on_problem(self, callback: Callable[[Problem], Any]) -> Listener:
        """Calls `callback` when a subscription or a room was taken away, or an ack() refused, likewise."""
        return self._on(Problem, callback)

    def _on(self, kind: type, callback: Callable[[Any], Any]) -> Listener:
        self._check_callback(callback)
        return Listener(self._listeners, lambda message: isinstance(message, kind), callback, kind)

    def _check_callback(self, callback: Callable[[Any], Any]) -> None:
        """Raises TypeError for what could not be called."""
        if not callable(callback):
            raise TypeError(f"a callback is a function, not {callback!r}")

    def _is_heard(self, kind: type) -> bool:
        return any(listener.kind is kind for listener in self._listeners)

    def _expect_gap_listener(self) -> None:
        """run() hands out to callbacks alone, and a loss must reach the program."""
        if not self._is_heard(Gap):
            raise RoombridgeError("run() needs on_gap(): what this program does when events were lost")

    def _expect_heard(self, message: Message) -> None:
        if isinstance(message, Problem) and not self._is_heard(Problem):
            raise message.error()


class Failures:
    """Of the callbacks for one message: with this around each, none keeps another from being called."""

    def __init__(self) -> None:
        self._first: Exception | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, Exception):
            return False
        if self._first is None:
            self._first = error
        else:
            LOGGER.error("one more callback failed for the same message", exc_info=error)
        return True

    def throw(self) -> None:
        """Raises the first one, if any."""
        if self._first is not None:
            raise self._first
