"""`spotlight`: a source is shown large to all; null ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import desk
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling import targets
from telepresence.signaling.messages import Done, ErrorCode, Spotlight
from telepresence.signaling.refusal import RefusalError

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Spotlight, _now: float) -> list[Effect]:
    """Lights the source. Raises RefusalError: participant-unknown, track-unknown."""
    if (source := message.source) is not None:
        owner = targets.member(session.room, source.participant)
        if source.source not in owner.sources:
            raise RefusalError(ErrorCode.TRACK_UNKNOWN, f"{owner.name} has no source {source.source!r}.")
    return [Send(session.id, Done(re=message.request)), *desk.light(session.room, message.source)]
