"""`consent`: the answer of one who was asked onto the stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import promotion
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.messages import Consent, Done

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Consent, now: float) -> list[Effect]:
    """Takes the answer. Raises RefusalError: not-asked."""
    changes = promotion.consent(session.room, session.participant, now, accepted=message.accepted)
    return [Send(session.id, Done(re=message.request)), *changes]
