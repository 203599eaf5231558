"""`hand-on`: another participant becomes chair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import chair
from telepresence.rooms.effects import Effect, Send
from telepresence.rooms.rights import may
from telepresence.signaling import targets
from telepresence.signaling.messages import Done, ErrorCode, HandOn
from telepresence.signaling.refusal import RefusalError

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: HandOn, _now: float) -> list[Effect]:
    """Hands the chair on. Raises RefusalError: participant-unknown, forbidden."""
    heir = targets.member(session.room, message.participant)
    if not may(heir.role, "ask"):
        raise RefusalError(ErrorCode.FORBIDDEN, f"{heir.name} ({heir.role}) can't be chair; a site with people can.")
    return [Send(session.id, Done(re=message.request)), *([] if heir.is_chair else chair.hand_on(session.room, heir))]
