"""How much media this server sends, and whether it may take more. Pure: figures and `now` come in.

`pulse.py` measures; `handlers/join.py` and `signaling/publishing.py` ask before they let somebody in: "this server is full"
comes before it is, since a line that is full spoils every call on it.
"""

from __future__ import annotations

SPAN_S = 5.0
"""Egress is a mean of so long: a key frame for many viewers is no reason to turn somebody away."""


class Load:
    """Egress by the engine's counter of bytes."""

    def __init__(self, limit_mbit: float) -> None:
        """`limit_mbit`: above so many Mbit/s nobody new is let in; 0 for no limit."""
        self.egress_bps = 0.0
        self._limit_bps = limit_mbit * 1e6
        self._samples: list[tuple[float, int]] = []

    @property
    def is_full(self) -> bool:
        """Tells whether somebody new would be too much."""
        return 0 < self._limit_bps <= self.egress_bps

    def measured(self, bytes_out: int, now: float) -> None:
        """Notes how many bytes were sent since the engine's start."""
        if self._samples and bytes_out < self._samples[-1][1]:
            self._samples.clear()  # Another engine counts from its own start.
        older = [at for at, _ in self._samples if now - at >= SPAN_S]
        # The youngest of those that are old enough: the mean is of no less than the span.
        self._samples = [sample for sample in self._samples if not older or sample[0] >= older[-1]]
        self._samples.append((now, bytes_out))
        began, first = self._samples[0]
        self.egress_bps = (bytes_out - first) * 8 / (now - began) if now > began else 0.0
