"""How a session is ended by the server: the last message and the WebSocket close code that goes with it."""

from __future__ import annotations

from telepresence.rooms.effects import Effect, Hangup, Send
from telepresence.signaling.messages import Closing, ClosingReason

CLOSE_CODES = {
    ClosingReason.LEFT: 1000,
    ClosingReason.DRAINING: 1001,
    ClosingReason.REPLACED: 4001,
    ClosingReason.REFUSED: 4003,
    ClosingReason.REMOVED: 4003,
    ClosingReason.ENDED: 1000,
    ClosingReason.TESTED: 1000,
}
"""Source: protocol.md, "Closing"; 1000 and 1001 are RFC 6455 §7.4.1."""


def goodbye(session: int, reason: ClosingReason, message: str = "") -> list[Effect]:
    """Returns the effects that end a session."""
    return [Send(session, Closing(reason=reason, message=message)), Hangup(session, CLOSE_CODES[reason])]
