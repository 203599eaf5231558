"""A token bucket in virtual time: how many messages one participant may send."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """`burst` messages at once, refilled with `rate_per_s`; `now` is in seconds and never goes back."""

    rate_per_s: float
    burst: float
    level: float
    updated_at: float

    @classmethod
    def full(cls, rate_per_s: float, burst: float, now: float) -> TokenBucket:
        """Returns a full bucket."""
        return cls(rate_per_s, burst, burst, now)

    def take(self, now: float, cost: float = 1) -> bool:
        """Takes `cost` messages' worth, which is no more than `burst`; false, and takes nothing, when there is less."""
        self.level = min(self.burst, self.level + (now - self.updated_at) * self.rate_per_s)
        self.updated_at = now
        if self.level < cost:
            return False
        self.level -= cost
        return True
