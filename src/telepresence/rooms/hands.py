"""Raised hands of a room, in their order, and when the stage is told. Pure bookkeeping, used by `broadcast.py`."""

from __future__ import annotations

from dataclasses import dataclass, field

from telepresence.signaling.messages import Hand

TELL_S = 1.0
"""The list is told at most so often: "raise your hand who hears me" makes hundreds at once. Source: protocol.md, "Hands"."""


@dataclass(slots=True)
class Hands:
    """Hands that are up, by participant, the first one first."""

    _up: dict[str, Hand] = field(default_factory=dict)
    _told_at: float = float("-inf")
    _has_news: bool = False

    def of(self, participant: str) -> Hand | None:
        """Returns the raised hand of a participant."""
        return self._up.get(participant)

    def all(self) -> tuple[Hand, ...]:
        """Returns all of them."""
        return tuple(self._up.values())

    def put_up(self, hand: Hand) -> bool:
        """Puts a hand up, behind the others; false when it was up: it keeps its place."""
        if hand.participant in self._up:
            return False
        self._up[hand.participant] = hand
        self._has_news = True
        return True

    def take_down(self, participant: str) -> bool:
        """Takes a hand down; false when it was not up."""
        if self._up.pop(participant, None) is None:
            return False
        self._has_news = True
        return True

    def news(self, now: float) -> tuple[Hand, ...] | None:
        """Returns all hands when the stage must be told of them now, and notes that it was told."""
        if not self._has_news or now - self._told_at < TELL_S:
            return None
        self._has_news, self._told_at = False, now
        return self.all()
