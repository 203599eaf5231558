"""Which source stands in which slot of one watcher: pure bookkeeping, used by `room.py`.

A source keeps its slot while it is there, and a freed slot is reused. Where there are more sources than slots, each has a
*rank*, and a waiting one takes the slot of one of a worse rank; among equals nobody is moved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import NamedTuple


class SourceKey(NamedTuple):
    """A source in a room."""

    participant: str
    source: str


class Rank(IntEnum):
    """Who gives way to whom, best first.

    `LISTED`: the watcher shows it. `LOUD`: it is among the loudest voices. `SILENT`: its connection is gone, as of a closed
    window.
    """

    LISTED = 0
    LOUD = 1
    OTHER = 2
    SILENT = 3


class SlotTable:
    """The slots of one watcher."""

    def __init__(self, count: int) -> None:
        """`count` is the number of pairs, 0 to 25."""
        self.holders: list[SourceKey | None] = [None] * count

    def release(self, sources: Sequence[SourceKey]) -> None:
        """Frees the slots of sources that are not in `sources`."""
        present = set(sources)
        self.holders = [holder if holder in present else None for holder in self.holders]

    def fill(self, sources: Sequence[SourceKey], rank: Callable[[SourceKey], Rank] = lambda _: Rank.OTHER) -> None:
        """Frees the slots of sources that are not in `sources`, then seats the waiting ones: by rank, then in order."""
        self.release(sources)
        seated = set(self.holders)
        for source in sorted((source for source in sources if source not in seated), key=rank):
            index = self._place(rank(source), rank)
            if index is None:
                return
            self.holders[index] = source

    def _place(self, own: Rank, rank: Callable[[SourceKey], Rank]) -> int | None:
        """Returns an empty slot, or else the one of the worst rank, if that is worse than `own`."""
        if None in self.holders:
            return self.holders.index(None)
        ranks = [rank(holder) for holder in self.holders if holder]
        worst = max(ranks, default=own)
        return ranks.index(worst) if worst > own else None
