"""`remove`: a site is sent away with all its devices, and stays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import desk
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling import targets
from telepresence.signaling.messages import Done, ErrorCode, Remove
from telepresence.signaling.refusal import RefusalError

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Remove, now: float) -> list[Effect]:
    """Removes the site. Raises RefusalError: participant-unknown, forbidden."""
    target = targets.anyone(session.room, message.participant)
    if desk.is_safe_from(session.room, target.site, session.participant):
        text = "Nobody removes the own site, an organiser, or, but as an organiser, the chair."
        raise RefusalError(ErrorCode.FORBIDDEN, text)
    return [Send(session.id, Done(re=message.request)), *desk.remove(session.room, target, now)]
