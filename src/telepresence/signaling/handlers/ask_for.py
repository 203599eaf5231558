"""`ask-for`: somebody is asked to open its microphone or camera; nobody else opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms.effects import Effect, Send
from telepresence.rooms.room import tell_one
from telepresence.signaling import targets
from telepresence.signaling.messages import Asked, AskFor, Done, Wish

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: AskFor, _now: float) -> list[Effect]:
    """Asks. Raises RefusalError: participant-unknown, forbidden."""
    owner, by = targets.publisher(session.room, message.participant), session.participant
    asked = Asked(wish=Wish(message.wish), by=by.name, participant=by.id)
    return [Send(session.id, Done(re=message.request)), *tell_one(owner, asked)]
