# SPDX-License-Identifier: MIT
"""When to try again. No clock, no randomness: the caller draws, and waits."""

from __future__ import annotations

FIRST_DELAY = 0.25
LONGEST_DELAY = 5.0


class Backoff:
    """Delays in seconds that double from FIRST_DELAY up to LONGEST_DELAY.

    Each is drawn from its upper half, so that the programs of a machine do not all come back in the same moment.
    """

    def __init__(self) -> None:
        self._delay = FIRST_DELAY

    def next(self, draw: float) -> float:
        """The next delay; `draw` is a random number from 0 to 1."""
        delay = self._delay * (1 + draw) / 2
        self._delay = min(2 * self._delay, LONGEST_DELAY)
        return delay

    def reset(self) -> None:
        """It went well: the next delay is a short one."""
        self._delay = FIRST_DELAY
