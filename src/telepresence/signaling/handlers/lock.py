"""`lock`: nobody new gets in, or again they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import desk
from telepresence.rooms.effects import Effect, Send
from telepresence.signaling.messages import Done, Lock

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Lock, _now: float) -> list[Effect]:
    """Locks or opens."""
    return [Send(session.id, Done(re=message.request)), *desk.lock(session.room, locked=message.locked)]
