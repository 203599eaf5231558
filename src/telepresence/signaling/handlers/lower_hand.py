"""`lower-hand`: another's hand goes down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import broadcast
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling import targets
from telepresence.signaling.messages import Done, LowerHand

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: LowerHand, now: float) -> list[Effect]:
    """Lowers the hand, if it is up. Raises RefusalError: participant-unknown."""
    owner = targets.inside(session.room, message.participant)
    return [Send(session.id, Done(re=message.request)), *broadcast.lower_hand(session.room, owner, now)]
