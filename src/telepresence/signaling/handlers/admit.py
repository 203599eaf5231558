"""`admit`: those who wait are let in; each gets the `joined` that its `join` asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import seats
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling import entering, targets
from telepresence.signaling.messages import Admit, Done

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Admit, now: float) -> list[Effect]:
    """Lets in those who still wait. Raises RefusalError: participant-unknown, when none of them does."""
    room = session.room
    waiting = [room.waiting[key] for key in dict.fromkeys(message.participants) if key in room.waiting]
    if not waiting:
        raise targets.unknown("None of these waits: they were admitted by another, or went away.")
    effects: list[Effect] = [Send(session.id, Done(re=message.request))]
    for participant in waiting:
        others = seats.let_in(room, participant, now)
        if participant.session is None or participant.knock is None:
            effects += others  # It is away; its next join finds it admitted.
        else:
            effects += entering.enter(session.world, room, participant, participant.knock, others)
    return effects
