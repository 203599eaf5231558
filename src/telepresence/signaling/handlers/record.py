"""`record`: the client records, or has stopped; everybody sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.messages import Done, Record

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Record, _now: float) -> list[Effect]:
    """Tells all members."""
    participant = session.participant
    if participant.recording == message.recording:
        return [Send(session.id, Done(re=message.request))]
    participant.recording = message.recording
    return [Send(session.id, Done(re=message.request)), *session.room.tell_member(participant)]
