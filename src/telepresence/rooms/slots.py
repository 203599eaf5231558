"""Which source stands in which slot of one watcher: pure bookkeeping, used by `room.py`.

A source keeps its slot while it is there, a freed slot is reused, and sources beyond the number of slots wait in
the order of their arrival.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple


class SourceKey(NamedTuple):
    """A source in a room."""

    participant: str
    source: str


class SlotTable:
    """The slots of one watcher."""

    def __init__(self, count: int) -> None:
        """`count` is the number of pairs, 0 to 25."""
        self.holders: list[SourceKey | None] = [None] * count

    def release(self, sources: Sequence[SourceKey]) -> None:
        """Frees the slots of sources that are not in `sources`."""
        present = set(sources)
        self.holders = [holder if holder in present else None for holder in self.holders]

    def fill(self, sources: Sequence[SourceKey], silent: AbstractSet[SourceKey] = frozenset()) -> None:
        """Frees the slots of sources that are not in `sources`, then seats the waiting ones in order.

        Where there are too few slots, those of `silent` sources go to others.
        """
        self.release(sources)
        self._seat(sources, frozenset({None}))
        self._seat([source for source in sources if source not in silent], silent)

    def _seat(self, sources: Sequence[SourceKey], free: AbstractSet[SourceKey | None]) -> None:
        seated = set(self.holders)
        waiting = (source for source in sources if source not in seated)
        for index, holder in enumerate(self.holders):
            if holder in free:
                self.holders[index] = next(waiting, holder)
