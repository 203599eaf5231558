"""One handler a message. Each takes the session, the message and `now`, and returns effects or raises RefusalError.

`session.py` has already checked state and rights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.signaling.handlers import answer, join, leave, mute, publish, restart, view
from telepresence.signaling.messages import Answer, ClientMessage, Join, Leave, Mute, Publish, Restart, View

if TYPE_CHECKING:
    from telepresence.rooms.effects import Effect
    from telepresence.signaling.session import Session


def handle(session: Session, message: ClientMessage, now: float) -> list[Effect]:  # noqa: PLR0911 (a return a message)
    """Carries out a message. Raises RefusalError."""
    match message:
        case Join():
            return join.handle(session, message, now)
        case Publish():
            return publish.handle(session, message)
        case Answer():
            return answer.handle(session, message)
        case View():
            return view.handle(session, message)
        case Restart():
            return restart.handle(session, message)
        case Mute():
            return mute.handle(session, message)
        case Leave():
            return leave.handle(session, message)
