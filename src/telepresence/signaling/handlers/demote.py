"""`demote`: one that was promoted goes back to the audience."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import promotion
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling import targets
from telepresence.signaling.messages import Demote, Done

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Demote, _now: float) -> list[Effect]:
    """Sends it back. Raises RefusalError: participant-unknown, forbidden."""
    target = targets.inside(session.room, message.participant)
    return [Send(session.id, Done(re=message.request)), *promotion.demote(session.room, target)]
