"""Which rooms exist."""

import pytest

from telepresence.rooms.directory import RoomDirectory, ServerFullError
from telepresence.rooms.records import RoomRecord
from telepresence.rooms.room import RoomLimits
from telepresence.signaling.messages import RoomKind

LIMITS = RoomLimits(members=9, devices_per_site=9, rate_per_s=1, burst=1)


def record(room_id: str) -> RoomRecord:
    """Returns the row of a room."""
    return RoomRecord(id=room_id, kind=RoomKind.CONSULTATION, title="A room", created_at=0)


def test_there_are_no_more_rooms_than_the_operator_allows() -> None:
    """The second room is one too many."""
    directory = RoomDirectory(rooms_max=1, tracks_max=9, limits=LIMITS, epoch=0)
    directory.create(record("a"))
    with pytest.raises(ServerFullError):
        directory.create(record("b"))


def test_a_room_is_made_once() -> None:
    """A second room of the same id is a mistake of the caller."""
    directory = RoomDirectory(rooms_max=2, tracks_max=9, limits=LIMITS, epoch=0)
    directory.create(record("a"))
    with pytest.raises(ValueError, match="exists already"):
        directory.create(record("a"))
    assert directory.find("b") is None


@pytest.mark.parametrize("room_id", ["", "a b", "a/b", "..", ".a", "a?b#t=", "病房", "x" * 65])
def test_an_id_that_would_bend_a_link_is_no_rooms(room_id: str) -> None:
    """The words say what is right."""
    directory = RoomDirectory(rooms_max=2, tracks_max=9, limits=LIMITS, epoch=0)
    with pytest.raises(ValueError, match="letters, digits"):
        directory.create(record(room_id))
