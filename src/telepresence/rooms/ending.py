"""The end of a meeting: for all, by those who may, or by the clock when nobody is left."""

from __future__ import annotations

from telepresence.rooms import doortests
from telepresence.rooms.effects import Effect
from telepresence.rooms.hands import Hands
from telepresence.rooms.questions import Questions
from telepresence.rooms.roll import Roll
from telepresence.rooms.room import Room
from telepresence.signaling.closing import goodbye
from telepresence.signaling.messages import ClosingReason

GRACE_S = 12 * 3600
"""How long after its planned end a room may be entered: as long as its links are good. Source: security.md, "Tokens"."""

ENDED = "ended"
"""Why a seat was left, in its row."""


def end(room: Room, now: float) -> list[Effect]:
    """Ends the meeting: everybody is told, every connection closed."""
    effects: list[Effect] = [room.keep(ended_at=room.wall(now), chair=None)]
    for participant in (*room.participants.values(), *room.waiting.values()):
        effects.append(room.keep_seat(participant, left_at=room.wall(now), reason=ENDED))
        effects += room.close(participant.up) + room.close(participant.down)
        if participant.session is not None:
            effects += goodbye(participant.session, ClosingReason.ENDED, "This meeting has ended.")
        participant.session = participant.up = participant.down = None
    for test in list(room.tests.values()):
        effects += goodbye(test.session, ClosingReason.ENDED, "This meeting has ended.")
        effects += doortests.abandon(room, test.session)
    room.roll, room.hands, room.questions = Roll(), Hands(), Questions()
    room.lines.clear()
    room.spotlight = room.told_speaker = None
    return effects


def tick(room: Room, now: float) -> list[Effect]:
    """Ends a room whose time is long over and in which nobody is."""
    ends_at = room.record.ends_at
    is_over = ends_at is not None and room.wall(now) >= ends_at + GRACE_S
    if not is_over or room.has_ended or room.participants or room.waiting:
        return []
    return end(room, now)
