"""`ask-chair`: the chair, or without one an organiser, is asked to hand the chair on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms.effects import Effect, Send
from telepresence.rooms.rights import may
from telepresence.rooms.room import tell_one
from telepresence.signaling import targets
from telepresence.signaling.messages import AskChair, Asked, Done, Wish

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: AskChair, _now: float) -> list[Effect]:
    """Asks. Raises RefusalError: participant-unknown, when there is nobody to ask."""
    room, by = session.room, session.participant
    asked = Asked(wish=Wish.CHAIR, by=by.name, participant=by.id)
    holders = [room.chair] if room.chair else [p for p in room.roll.members.values() if may(p.role, "hand-on")]
    if not holders:
        raise targets.unknown("Nobody here could hand the chair on.")
    return [
        Send(session.id, Done(re=message.request)),
        *(effect for holder in holders for effect in tell_one(holder, asked)),
    ]
