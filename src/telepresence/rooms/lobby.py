"""What those are told who wait to be admitted: the meeting's title, its kind, and the name of its chair."""

from __future__ import annotations

from telepresence.rooms.effects import Effect
from telepresence.rooms.participant import Participant
from telepresence.rooms.room import Room, tell_one
from telepresence.signaling.messages import Waiting


def tell(room: Room, participant: Participant) -> list[Effect]:
    """Answers the `join` of one who waits, or answers it again."""
    knock, chair = participant.knock, room.chair
    if knock is None:
        return []  # The server restarted, and it has not come back.
    answer = Waiting(
        re=knock.re,
        version=knock.version,
        participant=participant.id,
        resume=knock.secret,
        title=room.title,
        kind=room.kind,
        chair=chair.name if chair else None,
    )
    return tell_one(participant, answer)


def tell_all(room: Room) -> list[Effect]:
    """Another has the chair, or nobody: all who wait are told."""
    return [effect for participant in room.waiting.values() for effect in tell(room, participant)]
