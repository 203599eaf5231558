"""`set-question`: what becomes of a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import broadcast
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.messages import Done, SetQuestion

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: SetQuestion, _now: float) -> list[Effect]:
    """Decides it. Raises RefusalError: malformed, question-unknown."""
    decided = broadcast.set_question(session.room, message.question, message.state, message.answer)
    return [*decided, Send(session.id, Done(re=message.request))]
