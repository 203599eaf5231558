"""Rooms that are there from the start, by the settings or the demo: made, opened anew, or brought up to date.

`server.py` calls it after `RoomDirectory.restore`.
"""

from __future__ import annotations

from telepresence.rooms.directory import RoomDirectory
from telepresence.rooms.effects import Effect
from telepresence.rooms.records import RoomRecord


def provide(directory: RoomDirectory, record: RoomRecord) -> list[Effect]:
    """Makes the room, also in place of one that has ended; one that goes on gets kind and title. Raises ServerFullError."""
    known = directory.find(record.id)
    if known is None or known.has_ended:
        return directory.create(record)[1]
    if (known.kind, known.title) == (record.kind, record.title):
        return []
    return [known.keep(kind=record.kind, title=record.title)]
