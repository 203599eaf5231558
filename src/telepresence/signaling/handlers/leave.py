"""`leave`: the participant is gone at once, and nothing can be resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.closing import goodbye
from telepresence.signaling.messages import ClosingReason, Done, Leave

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Leave) -> list[Effect]:
    """Ends the session and removes the participant."""
    effects = session.room.leave(session.participant)
    session.end()
    return [Send(session.id, Done(re=message.request)), *goodbye(session.id, ClosingReason.LEFT), *effects]
