"""`mute-other`: another's microphone or camera is held back until its owner opens it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import desk, publishing
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling import targets
from telepresence.signaling.messages import Done, ErrorCode, MuteOther
from telepresence.signaling.refusal import RefusalError

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: MuteOther, _now: float) -> list[Effect]:
    """Holds the track, or forwards an encoder's again. Raises RefusalError: participant-unknown, track-unknown, forbidden."""
    owner = targets.member(session.room, message.participant)
    if message.muted:
        effects = desk.hold(session.room, owner, message.mid, session.participant)
    elif owner.encoder is None:
        raise RefusalError(ErrorCode.FORBIDDEN, f"Only {owner.name} itself opens what it sends; it can be asked to.")
    else:
        effects = publishing.mute(session.room, owner, message.mid, muted=False)
    if effects is None:
        raise RefusalError(ErrorCode.TRACK_UNKNOWN, f"{owner.name} publishes no track with the mid {message.mid!r}.")
    return [Send(session.id, Done(re=message.request)), *effects]
