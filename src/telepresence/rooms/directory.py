"""The rooms that exist now. They live in memory; a token for a room that is not here is refused."""

from __future__ import annotations

import itertools

from telepresence.ids import require_plain
from telepresence.rooms.effects import Effect
from telepresence.rooms.participant import Participant
from telepresence.rooms.room import Room, RoomLimits
from telepresence.signaling.messages import RoomKind


class ServerFullError(Exception):
    """There are as many rooms as the operator allows."""


class RoomDirectory:
    """Rooms by id."""

    def __init__(self, *, rooms_max: int, tracks_max: int, limits: RoomLimits) -> None:
        """The limits come from the settings' section `limits`."""
        self._rooms: dict[str, Room] = {}
        self._rooms_max = rooms_max
        self._tracks_max = tracks_max
        self._limits = limits
        self._voice_groups = itertools.count(1)

    def create(self, room_id: str, kind: RoomKind, title: str) -> Room:
        """Makes a room. Raises ServerFullError, ValueError when the id is taken or not plain."""
        require_plain("room", room_id)
        if room_id in self._rooms:
            message = f"a room {room_id!r} exists already"
            raise ValueError(message)
        if len(self._rooms) >= self._rooms_max:
            raise ServerFullError
        room = Room(room_id, kind, title, self._limits, next(self._voice_groups))
        self._rooms[room_id] = room
        return room

    def find(self, room_id: str) -> Room | None:
        """Returns the room, or null."""
        return self._rooms.get(room_id)

    def has_place(self, participant: Participant, tracks: int) -> bool:
        """Tells whether the engine may keep so many tracks for the participant, in place of those it has."""
        others = sum(room.tracks() for room in self._rooms.values()) - participant.tracks()
        return others + tracks <= self._tracks_max

    def find_connection(self, conn: int) -> tuple[Room, Participant] | None:
        """Returns whose connection that is; null once it is closed."""
        for room in self._rooms.values():
            if participant := room.connections.get(conn):
                return room, participant
        return None

    def find_voice_group(self, group: int) -> Room | None:
        """Returns the room whose voices that group is; null once it is gone."""
        return next((room for room in self._rooms.values() if room.voice_group == group), None)

    def tick(self, now: float) -> list[Effect]:
        """Lets time pass in every room."""
        return [effect for room in self._rooms.values() for effect in room.tick(now)]
