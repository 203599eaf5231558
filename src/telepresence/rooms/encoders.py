"""Publishers by WHIP: members without a socket, who are here while their connection lives and gone when it ends.

`signaling/ingest.py` calls it before it. Nothing waits for them: they are told nothing, and can't be asked for anything.
"""

from __future__ import annotations

from telepresence.rooms import seats
from telepresence.rooms.effects import Effect
from telepresence.rooms.participant import Participant
from telepresence.rooms.room import Room
from telepresence.signaling.messages import LeaveReason, Role

FIRST_MEDIA_S = 30.0
"""An encoder that has sent no media by then is gone; later the media engine tells. Source: protocol.md, "WHIP"."""


def find(room: Room, secret: str) -> Participant | None:
    """Returns whose session that is; null when it is nobody's, or a socket's."""
    participant = room.roll.with_secret(seats.hash_of(secret))
    return participant if participant and participant.encoder else None


def supersede(room: Room, site: str, now: float) -> list[Effect]:
    """A site's encoder comes anew after the server's restart, in which its connection died without its knowing."""
    dead = [
        participant
        for participant in room.roll.members.values()
        if participant.site == site
        and participant.role is Role.ENCODER
        and participant.is_interrupted
        and participant.session is None
    ]
    return [effect for participant in dead for effect in seats.depart(room, participant, LeaveReason.LOST, now)]


def connection_failed(room: Room, participant: Participant, conn: int, now: float) -> list[Effect]:
    """Its connection is dead, and the engine has already forgotten it: nothing else holds the encoder here."""
    del room.connections[conn]
    participant.up = None
    return seats.depart(room, participant, LeaveReason.LOST, now)


def tick(room: Room, now: float) -> list[Effect]:
    """Removes those from whom no media came in time."""
    effects: list[Effect] = []
    for participant in list(room.roll.members.values()):
        encoder = participant.encoder
        if encoder is None or encoder.silent_until is None:
            continue
        if participant.is_live:
            encoder.silent_until = None
        elif now >= encoder.silent_until:
            effects += seats.depart(room, participant, LeaveReason.LOST, now)
    return effects
