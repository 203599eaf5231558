"""When the number of the audience is told: seldom, and more seldom to a large one. Pure bookkeeping, used by `broadcast.py`.

Nobody hears of one of them coming or going, so that 500 joins do not make 500 times 500 messages.
"""

from __future__ import annotations

from dataclasses import dataclass

TELL_S = 2.0
"""At most so often. Source: protocol.md, "The audience"."""

TOLD_PER_S = 25
"""So many messages a second carry it to the audience itself at most, however large it is. Source: protocol.md, "The audience"."""


def period_s(listeners: int) -> float:
    """Returns how long an audience of that size waits at least between two counts."""
    return max(TELL_S, listeners / TOLD_PER_S)


@dataclass(slots=True)
class Told:
    """What one circle, the stage or the audience, was told last. `version` counts the comings and goings.

    Not the count is compared: a newcomer learns it by its join answer, and it may fall back meanwhile to what the others know.
    """

    version: int = 0
    at: float = float("-inf")

    def is_due(self, version: int, now: float, period: float) -> bool:
        """Tells whether the circle must be told now, and notes that it was."""
        if version == self.version or now - self.at < period:
            return False
        self.version, self.at = version, now
        return True
