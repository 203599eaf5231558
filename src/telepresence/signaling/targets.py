"""Whom a message is about: finds the participant that it names, or refuses in words."""

from __future__ import annotations

from telepresence.rooms.participant import Participant
from telepresence.rooms.rights import may
from telepresence.rooms.room import Room
from telepresence.signaling.messages import ErrorCode
from telepresence.signaling.refusal import RefusalError


def member(room: Room, participant: str) -> Participant:
    """Returns one that may be seen. Raises RefusalError: participant-unknown."""
    found = room.participants.get(participant)
    if found is None or not found.is_seen:
        raise unknown(f"There is no member {participant[:64]!r} in this room.")
    return found


def publisher(room: Room, participant: str) -> Participant:
    """Returns a member that may publish. Raises RefusalError: participant-unknown, forbidden."""
    found = member(room, participant)
    if found.encoder is not None:
        raise RefusalError(ErrorCode.FORBIDDEN, f"{found.name} is an encoder: nobody is there who could be asked.")
    if not may(found.role, "publish"):
        raise RefusalError(
            ErrorCode.FORBIDDEN, f"{found.name} ({found.role}) may not publish, so it can't be asked to."
        )
    return found


def inside(room: Room, participant: str) -> Participant:
    """Returns one that was admitted, of the audience too. Raises RefusalError: participant-unknown."""
    found = room.participants.get(participant)
    if found is None:
        raise unknown(f"There is no {participant[:64]!r} in this room.")
    return found


def anyone(room: Room, participant: str) -> Participant:
    """Returns one that is in the room, in its audience, or waits. Raises RefusalError: participant-unknown."""
    found = room.participants.get(participant) or room.waiting.get(participant)
    if found is None:
        raise unknown(f"There is no {participant[:64]!r} in this room, and none that waits.")
    return found


def unknown(text: str) -> RefusalError:
    """Returns the refusal of a participant who is not there."""
    return RefusalError(ErrorCode.PARTICIPANT_UNKNOWN, text)
