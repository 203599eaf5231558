"""`raise-hand`: one's own hand goes up or down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import broadcast
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.messages import Done, RaiseHand

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: RaiseHand, now: float) -> list[Effect]:
    """Moves the hand; one that is up keeps its place."""
    moved = broadcast.raise_hand(session.room, session.participant, now, raised=message.raised)
    return [Send(session.id, Done(re=message.request)), *moved]
