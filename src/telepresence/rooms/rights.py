"""What each role may do, in one table; its prose is "Rights" in `signaling/protocol.md`, and a test walks both.

`signaling/session.py` asks here before any handler runs, by the *effective* role: a token names a role, and the chair
handed on or a promotion to the stage changes what its bearer may do, never the token.
"""

from __future__ import annotations

from telepresence.signaling.messages import Role

_WATCH = frozenset(
    {"join", "test", "answer", "view", "restart", "leave", "heads", "say", "raise-hand", "consent"},
)
_PUBLISH = frozenset({"publish", "mute"})
_ASK = frozenset({"ask", "step-down"})
_RECORD = frozenset({"record"})
_DESK = frozenset(
    {"admit", "remove", "readmit", "lock", "mute-other", "ask-for", "spotlight", "lower-hand", "end"},
)
_STAGE = frozenset({"set-question", "promote", "demote"})
_CHAIR = frozenset({"hand-on", "ask-chair"})

_MEMBER = _WATCH | _PUBLISH | _ASK | {"ask-chair"}
_LEADER = _WATCH | _PUBLISH | _ASK | _RECORD | _DESK | _STAGE | _CHAIR

RIGHTS: dict[Role, frozenset[str]] = {
    Role.ORGANISER: _LEADER,
    Role.CHAIR: _LEADER,
    Role.MEMBER: _MEMBER,
    Role.GUEST: _MEMBER,
    Role.PRESENTER: _WATCH
    | _PUBLISH
    | _ASK
    | _RECORD
    | _STAGE
    | {"mute-other", "ask-for", "spotlight", "lower-hand", "end"},
    Role.MODERATOR: _WATCH | _PUBLISH | _ASK | _RECORD | _DESK | _STAGE,
    Role.AUDIENCE: _WATCH | _ASK,
    Role.ENCODER: frozenset({"join", "test", "publish", "mute", "restart", "leave"}),
    Role.RECORDER: frozenset({"join", "test", "answer", "view", "restart", "leave"}) | _RECORD,
    Role.ADMIN: frozenset(),
}
"""Types of client messages that a role may send."""

WAITING_RIGHTS = frozenset({"heads", "leave"})
"""What is left of a role's rights while its bearer waits to be admitted."""


def may(role: Role, message_type: str) -> bool:
    """Tells whether `role` may send a message of that type."""
    return message_type in RIGHTS[role]


def effective(role: Role, *, is_chair: bool, on_stage: bool) -> Role:
    """Returns the role in which the bearer of a token acts now.

    An organiser stays one. Of several devices with a chair's token one is the chair; the others are members.
    """
    if role is Role.ORGANISER:
        return role
    if is_chair:
        return Role.CHAIR
    if role is Role.CHAIR or (role is Role.AUDIENCE and on_stage):
        return Role.MEMBER
    return role


def waits(role: Role, *, waiting_room: bool) -> bool:
    """Tells whether the bearer of a token with that role must be admitted."""
    return role is Role.GUEST or (waiting_room and role in (Role.MEMBER, Role.AUDIENCE))


def passes_lock(role: Role) -> bool:
    """Tells whether the bearer of a token with that role gets into a locked room."""
    return role in (Role.CHAIR, Role.ORGANISER, Role.MODERATOR, Role.PRESENTER)
