# SPDX-License-Identifier: MIT
"""Which ACK a named subscriber sends, and when. No clock: time is an argument.

An ACK goes out at once, unless another one went out less than `INTERVAL` before: then it waits, and newer ones take its
place. Invariant: what waits here, or is not answered yet, is at most one position behind which nothing is owed.
"""

from __future__ import annotations

from .messages import Position

INTERVAL = 0.01
"""Seconds between two ACKs while more come: a fast reader sends a hundred a second, a slow one each of its own."""
MOST_UNANSWERED = 128
"""So many always fit into the socket: a daemon that is slow to take positions keeps no program waiting."""


class Acks:
    """See the module. Positions are taken with next() and told to be on their way with sent()."""

    def __init__(self) -> None:
        self._due: Position | None = None
        self._unanswered: dict[int, Position] = {}
        self._last_sent = float("-inf")

    @property
    def outstanding(self) -> bool:
        """Whether the daemon may not have the newest position yet."""
        return self._due is not None or bool(self._unanswered)

    def add(self, position: Position) -> None:
        """Everything up to here has been handled."""
        self._due = later(self._due, position)

    def next(self, now: float | None) -> Position | None:
        """What is to be sent now, once. `now`: in seconds of a steady clock; None: the program is about to wait."""
        too_soon = now is not None and self._unanswered and now - self._last_sent < INTERVAL
        if self._due is None or too_soon or len(self._unanswered) >= MOST_UNANSWERED:
            return None
        position, self._due = self._due, None
        self._last_sent = self._last_sent if now is None else now
        return position

    def sent(self, id: int, position: Position) -> None:
        """`position` went out with the request `id`."""
        self._unanswered[id] = position

    def answered(self, id: int) -> None:
        """The daemon has it, or has refused it."""
        self._unanswered.pop(id, None)

    def lost(self) -> None:
        """The connection has ended: what was not answered is due again."""
        for position in reversed(self._unanswered.values()):  # the newest epoch counts
            self._due = later(position, self._due)
        self._unanswered.clear()


def later(one: Position | None, other: Position | None) -> Position | None:
    """The one that lies further on; of two epochs, `other`."""
    if one is None or other is None:
        return one or other
    return one if one.epoch == other.epoch and one.seq > other.seq else other
