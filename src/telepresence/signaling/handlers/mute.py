"""`mute`: a microphone or camera was switched; the others are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import publishing
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.messages import Done, ErrorCode, Mute
from telepresence.signaling.refusal import RefusalError

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Mute, _now: float) -> list[Effect]:
    """Notes the switch. Raises RefusalError: track-unknown."""
    effects = publishing.mute(session.room, session.participant, message.mid, muted=message.muted)
    if effects is None:
        raise RefusalError(ErrorCode.TRACK_UNKNOWN, f"No published track has the mid {message.mid!r}.")
    return [Send(session.id, Done(re=message.request)), *effects]
