"""From what was kept to rooms that go on: after a restart those inside are *away*, and come back by their secrets."""

from __future__ import annotations

from telepresence.rooms import chair, chat
from telepresence.rooms.bucket import TokenBucket
from telepresence.rooms.effects import Effect
from telepresence.rooms.participant import Identity, Participant
from telepresence.rooms.records import Kept, SeatRecord
from telepresence.rooms.room import Room

RESTORED_S = 60.0
"""How long those who were inside may take to come back: all of them at once do. Source: protocol.md, "Coming back"."""


def fill(room: Room, kept: Kept, now: float) -> list[Effect]:
    """Brings back what was kept of a room. A chair whose holder is not there falls to another."""
    own = [seat for seat in kept.seats if seat.room == room.id]
    for seat in sorted(own, key=lambda seat: seat.joined_at):
        room.seats[seat.participant] = seat
        room.site(seat.site, seat.name, seat.role)
    room.removals = {removal.site: removal for removal in kept.removals if removal.room == room.id}
    if room.has_ended:
        return []
    room.questions.restore(question for question in kept.questions if question.room == room.id)
    chat.restore(room, [line for line in kept.lines if line.room == room.id])
    for seat in room.seats.values():
        if seat.left_at is None:
            _seat(room, seat, now)
    return chair.fall(room)


def _seat(room: Room, seat: SeatRecord, now: float) -> None:
    participant = Participant(
        seat,
        Identity(seat.site, seat.name, seat.role),
        None,
        TokenBucket.full(room.limits.rate_per_s, room.limits.burst, now),
        is_chair=room.record.chair == seat.participant,
        is_interrupted=True,
        away_until=now + RESTORED_S,
    )
    room.roll.add(participant)
