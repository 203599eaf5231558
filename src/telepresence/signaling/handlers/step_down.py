"""`step-down`: one that was promoted goes back to the audience by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import promotion
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.messages import Done, StepDown

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: StepDown, _now: float) -> list[Effect]:
    """Goes back. Raises RefusalError: forbidden."""
    return [Send(session.id, Done(re=message.request)), *promotion.demote(session.room, session.participant)]
