"""`readmit`: a removed site may knock again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import desk
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling import targets
from telepresence.signaling.messages import Done, Readmit

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Readmit, now: float) -> list[Effect]:
    """Takes the removal back. Raises RefusalError: participant-unknown."""
    if not session.room.stays_out(message.site):
        raise targets.unknown(f"The site {message.site!r} was not removed, or was readmitted already.")
    return [Send(session.id, Done(re=message.request)), *desk.readmit(session.room, message.site, now)]
