# SPDX-License-Identifier: MIT
"""What a named subscriber must find again of what it has acknowledged, in the daemon's next life. One epoch lasts for ever here."""

from __future__ import annotations

import random
from typing import Any

LAG = (0, 0, 0, 1, 50)
"""So many records lie behind what is acknowledged: a program's other threads may still be at work on them."""


class Named:
    """A name of this user. Its programs come and go with the daemon, one at a time."""

    def __init__(self, name: str, every: int, seed: int) -> None:
        """`every`: it acknowledges one of about so many records."""
        self.name = name
        self.answered = 0
        """How many acknowledgements were answered as durable."""
        self.durable = 0
        """The furthest position that was answered as durable, or that was there after a start: it is never before that again."""
        self._every = every
        self._chance = random.Random(f"{name} {seed}")
        self._possible: set[int] = set()
        """Where it may be: its first position, what it has acknowledged since the start before, and what was there then."""

    def wants_to_acknowledge(self) -> bool:
        return self._chance.randrange(self._every) == 0

    def choose(self, handled: list[int]) -> int:
        return handled[max(0, len(handled) - 1 - self._chance.choice(LAG))]

    def begin_at(self, seq: int) -> None:
        """A new name: the daemon has set its position."""
        self._possible = {seq}

    def acknowledge(self, seq: int) -> None:
        """On its way."""
        self._possible.add(seq)

    def answer(self, seq: int, durable: bool) -> None:
        assert durable, f"{self.name}: the journal's disk is sound, and {seq} is not durable"
        self.answered += 1
        self.durable = max(self.durable, seq)

    def judge(self, kept: dict[str, Any] | None, epoch: str) -> None:
        """What the daemon says of it after a start, before anything has been acknowledged."""
        if kept is None:
            assert not self.durable, f"{self.name} is gone, which was at {self.durable}"
            return
        seq = kept["seq"]
        assert kept["epoch"] == epoch, f"{self.name} is in another epoch"
        assert seq >= self.durable, f"{self.name} has moved back from {self.durable} to {seq}"
        assert seq in self._possible, f"{self.name} is at {seq}, which it has not acknowledged"
        self.durable = seq
        self._possible = {seq}
