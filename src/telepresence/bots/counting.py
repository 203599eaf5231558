"""Counts what is received without decoding it: a crowd of watchers that costs hardly any CPU.

Before this module `tap.py` takes frames before they are decoded; after it, `report.py` prints the figures.
"""

from __future__ import annotations

from typing import Final

import msgspec

from telepresence.bots.media import SourceKey
from telepresence.bots.tap import Encoded
from telepresence.signaling.messages import Kind

_STREAM_KEYS: Final = 1024
"""Sources that one watcher counts: no room has so many, and a hostile server shall not fill the memory."""


class CountedFigures(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What came of one picture or sound: whole frames, of their bytes and how steadily."""

    frames: int
    keyframes: int
    kilobytes: float
    rate: float
    longest_gap_ms: float


class Counter:
    """A sink that counts. `figures` are of each source and kind that ever came."""

    def __init__(self) -> None:
        self._counts: dict[tuple[SourceKey, Kind], _Count] = {}

    def encoded(self, key: SourceKey, slot: int, piece: Encoded) -> None:
        """Counts a frame; of which slot it came is nothing to it."""
        del slot
        if (key, piece.kind) in self._counts or len(self._counts) < _STREAM_KEYS:
            self._counts.setdefault((key, piece.kind), _Count()).feed(piece)

    def keys(self) -> set[SourceKey]:
        """The sources of which something came."""
        return {key for key, _ in self._counts}

    def figures(self, key: SourceKey, kind: Kind, *, now: float) -> CountedFigures | None:
        """The figures at `now` (monotonic seconds), null if nothing came."""
        count = self._counts.get((key, kind))
        return None if count is None else count.figures(now)


class _Count:
    """One stream's counts."""

    def __init__(self) -> None:
        self._frames = self._keyframes = self._bytes = 0
        self._first_at = self._last_at = self._longest_s = 0.0

    def feed(self, piece: Encoded) -> None:
        """One frame more."""
        if self._frames:
            self._longest_s = max(self._longest_s, piece.arrived - self._last_at)
        else:
            self._first_at = piece.arrived
        self._frames += 1
        self._keyframes += piece.is_keyframe
        self._bytes += len(piece.data)
        self._last_at = max(self._last_at, piece.arrived)

    def figures(self, now: float) -> CountedFigures:
        """A stream that stopped counts against it."""
        elapsed = now - self._first_at
        return CountedFigures(
            frames=self._frames,
            keyframes=self._keyframes,
            kilobytes=round(self._bytes / 1000, 1),
            rate=round((self._frames - 1) / elapsed, 2) if elapsed > 0 else 0.0,
            longest_gap_ms=round(max(self._longest_s, now - self._last_at) * 1000, 1),
        )
