"""`mute-other`: another's track is held back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.messages import Done, MuteOther

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: MuteOther, _now: float) -> list[Effect]:
    """Carries it out."""
    return [Send(session.id, Done(re=message.request))]
