"""Which source stands in which slot of one watcher: pure bookkeeping, used by `room.py`.

A source keeps its slot while it is there, a freed slot is reused, and sources beyond the number of slots wait in
the order of their arrival.
"""

from __future__ import annotations

from collections.abc import Sequence
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

    def fill(self, sources: Sequence[SourceKey]) -> None:
        """Frees the slots of sources that are not in `sources`, then seats the waiting ones in order."""
        self.release(sources)
        seated = set(self.holders)
        waiting = iter([source for source in sources if source not in seated])
        for index, holder in enumerate(self.holders):
            if holder is None:
                self.holders[index] = next(waiting, None)
