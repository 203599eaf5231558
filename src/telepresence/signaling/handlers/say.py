"""`say`: a line of chat, told to all and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import chat
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.messages import Done, Say

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Say, now: float) -> list[Effect]:
    """Tells the line, then answers. Raises RefusalError: malformed, too-many."""
    return [*chat.say(session.room, session.participant, message.text, now), Send(session.id, Done(re=message.request))]
