"""Chat: lines for all who were admitted, kept for those who come late."""

from __future__ import annotations

from telepresence.rooms import words
from telepresence.rooms.effects import Effect, Keep
from telepresence.rooms.participant import Participant
from telepresence.rooms.records import LineRecord
from telepresence.rooms.room import Room
from telepresence.signaling.messages import Chat, Line

RECENT_CHARACTERS = 64_000
"""What a latecomer is told has no more than so many, or each of 500 joins could be made to cost a megabyte."""


def say(room: Room, participant: Participant, text: str, now: float) -> list[Effect]:
    """Adds a line and tells all, its writer too. Raises RefusalError: malformed, too-many."""
    cleaned = words.clean(text)
    words.charge(room, now)
    room.lines_written += 1
    record = LineRecord(
        room=room.id,
        id=room.key(room.lines_written),
        participant=participant.id,
        site=participant.site,
        name=participant.name,
        text=cleaned,
        at=room.wall(now),
    )
    room.lines.append(record)
    return [Keep(record), *room.tell(Chat(line=line(record)))]


def line(record: LineRecord) -> Line:
    """Returns a line as it is told."""
    return Line(id=record.id, site=record.site, name=record.name, text=record.text, at=record.at)


def recent(room: Room) -> tuple[Line, ...]:
    """Returns the lines that a latecomer is told: the last ones, the first of them first."""
    found: list[Line] = []
    characters = 0
    for record in reversed(room.lines):
        characters += len(record.text)
        if characters > RECENT_CHARACTERS:
            break
        found.append(line(record))
    return tuple(reversed(found))


def restore(room: Room, records: list[LineRecord]) -> None:
    """Brings back the lines of a room, in any order."""
    ordered = sorted(records, key=_number)
    room.lines.extend(ordered)
    room.lines_written = _number(ordered[-1]) if ordered else 0


def _number(record: LineRecord) -> int:
    return int(record.id.rpartition("-")[2])
