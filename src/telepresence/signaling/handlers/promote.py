"""`promote`: one of the audience is asked onto the stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import promotion
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling import targets
from telepresence.signaling.messages import Done, Promote

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Promote, _now: float) -> list[Effect]:
    """Asks. Raises RefusalError: participant-unknown, forbidden."""
    target = targets.inside(session.room, message.participant)
    return [Send(session.id, Done(re=message.request)), *promotion.promote(target, session.participant)]
