"""`heads`: how many people sit before the device; attendance counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import seats
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.messages import Done, StateHeads

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: StateHeads, _now: float) -> list[Effect]:
    """Notes the number."""
    return [
        Send(session.id, Done(re=message.request)),
        *seats.state_heads(session.room, session.participant, message.heads),
    ]
