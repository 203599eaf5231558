"""`end`: the meeting ends for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import ending
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.messages import Done, End

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: End, now: float) -> list[Effect]:
    """Ends the meeting."""
    return [Send(session.id, Done(re=message.request)), *ending.end(session.room, now)]
