"""`ask-for`: somebody is asked to open its microphone or camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.messages import AskFor, Done

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: AskFor, _now: float) -> list[Effect]:
    """Carries it out."""
    return [Send(session.id, Done(re=message.request))]
