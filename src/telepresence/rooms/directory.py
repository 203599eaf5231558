"""The rooms that exist now. They live in memory; a token for a room that is not here is refused."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from telepresence.ids import require_plain
from telepresence.rooms import broadcast, desk, doortests, encoders, ending, publishing, restoring, seats
from telepresence.rooms.effects import Effect, Keep
from telepresence.rooms.participant import Participant
from telepresence.rooms.records import InvitationRecord, Kept, RoomRecord
from telepresence.rooms.room import DoorTest, Room, RoomLimits

FORGET_S = 24 * 3600
"""How long a room that has ended is still known as such; afterwards its links open nothing."""


class ServerFullError(Exception):
    """There are as many rooms as the operator allows."""


class RoomDirectory:
    """Rooms by id."""

    def __init__(self, *, rooms_max: int, tracks_max: int, limits: RoomLimits, epoch: float) -> None:
        """The limits come from the settings' section `limits`. `epoch`: seconds since 1970 at which `now` was 0."""
        self.rooms: dict[str, Room] = {}
        self.epoch = epoch
        self._rooms_max = rooms_max
        self._tracks_max = tracks_max
        self._limits = limits
        self._voice_groups = itertools.count(1)

    def create(self, record: RoomRecord, invitations: Iterable[InvitationRecord] = ()) -> tuple[Room, list[Effect]]:
        """Makes a room, in place of one of that id that has ended (`standing.py`); the effects keep it.

        Raises ServerFullError, ValueError when the id is taken or not plain.
        """
        require_plain("room", record.id)
        known = self.rooms.get(record.id)
        if known and not known.has_ended:
            message = f"a room {record.id!r} exists already"
            raise ValueError(message)
        if sum(not room.has_ended for room in self.rooms.values()) >= self._rooms_max:
            raise ServerFullError
        room = self._add(record, invitations)
        return room, [Keep(record), *(Keep(invitation) for invitation in room.invitations.values())]

    def _add(self, record: RoomRecord, invitations: Iterable[InvitationRecord]) -> Room:
        room = Room(record, self._limits, next(self._voice_groups), self.epoch)
        for invitation in invitations:
            room.invitations[invitation.jti] = invitation
            room.site(invitation.site, invitation.name, invitation.role)
        self.rooms[record.id] = room
        return room

    def find(self, room_id: str) -> Room | None:
        """Returns the room, or null. It may have ended."""
        return self.rooms.get(room_id)

    def has_place(self, participant: Participant | None, tracks: int) -> bool:
        """Tells whether the engine may keep so many tracks for the participant, in place of those it has."""
        own = participant.tracks() if participant else 0
        others = sum(room.tracks() for room in self.rooms.values()) - own
        return others + tracks <= self._tracks_max

    def find_connection(self, conn: int) -> tuple[Room, Participant] | None:
        """Returns whose connection that is; null once it is closed."""
        for room in self.rooms.values():
            if participant := room.connections.get(conn):
                return room, participant
        return None

    def find_voice_group(self, group: int) -> Room | None:
        """Returns the room whose voices that group is; null once it is gone."""
        return next((room for room in self.rooms.values() if room.voice_group == group), None)

    def find_test(self, conn: int) -> tuple[Room, DoorTest] | None:
        """Returns whose test at the door that is; null once it is over."""
        for room in self.rooms.values():
            if test := room.tests.get(conn):
                return room, test
        return None

    def restore(self, kept: Kept, now: float) -> list[Effect]:
        """Brings back all rooms that were kept and did not end long ago; those inside may come back by their secrets."""
        effects: list[Effect] = []
        for record in kept.rooms:
            if record.id not in self.rooms and not _is_forgotten(record, self.epoch + now):
                invitations = (invitation for invitation in kept.invitations if invitation.room == record.id)
                effects += restoring.fill(self._add(record, invitations), kept, now)
        return effects

    def tick(self, now: float) -> list[Effect]:
        """Lets time pass in every room."""
        effects = [effect for room in self.rooms.values() for effect in _tick(room, now)]
        self.rooms = {key: room for key, room in self.rooms.items() if not _is_forgotten(room.record, room.wall(now))}
        return effects


def _tick(room: Room, now: float) -> list[Effect]:
    return [
        *doortests.tick(room, now),
        *seats.tick(room, now),
        *encoders.tick(room, now),
        *publishing.tick(room, now),
        *broadcast.tick(room, now),
        *ending.tick(room, now),
        *desk.news(room, now),
    ]


def _is_forgotten(record: RoomRecord, wall: float) -> bool:
    return record.ended_at is not None and wall >= record.ended_at + FORGET_S
