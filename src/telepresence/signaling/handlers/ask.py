"""`ask`: a question to the stage, kept until it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import broadcast
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.messages import Ask, Done

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Ask, now: float) -> list[Effect]:
    """Tells the stage, then answers. Raises RefusalError: malformed, too-many."""
    asked = broadcast.ask(session.room, session.participant, message.text, now)
    return [*asked, Send(session.id, Done(re=message.request))]
