"""`leave`: the participant is gone at once, and nothing can be resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import seats
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.closing import goodbye
from telepresence.signaling.messages import ClosingReason, Done, Leave, LeaveReason

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Leave, now: float) -> list[Effect]:
    """Ends the session and removes the participant."""
    effects = seats.depart(session.room, session.participant, LeaveReason.LEFT, now)
    session.end()
    return [Send(session.id, Done(re=message.request)), *goodbye(session.id, ClosingReason.LEFT), *effects]
