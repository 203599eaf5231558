"""`spotlight`: a source is shown large to all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.messages import Done, Spotlight

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Spotlight, _now: float) -> list[Effect]:
    """Carries it out."""
    return [Send(session.id, Done(re=message.request))]
