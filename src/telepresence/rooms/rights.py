"""What each role may do, in one table; its prose is "Rights" in `signaling/protocol.md`, and a test walks both.

`signaling/session.py` asks here before any handler runs. A promotion will change rights here, never a token.
"""

from __future__ import annotations

from telepresence.signaling.messages import Role

_WATCH = frozenset({"join", "answer", "view", "restart", "leave"})
_PUBLISH = _WATCH | {"publish", "mute"}

RIGHTS: dict[Role, frozenset[str]] = {
    Role.ORGANISER: _PUBLISH,
    Role.CHAIR: _PUBLISH,
    Role.MEMBER: _PUBLISH,
    Role.PRESENTER: _PUBLISH,
    Role.AUDIENCE: _WATCH,
}
"""Types of client messages that a role may send."""


def may(role: Role, message_type: str) -> bool:
    """Tells whether `role` may send a message of that type."""
    return message_type in RIGHTS[role]
