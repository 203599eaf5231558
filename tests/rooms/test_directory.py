"""Which rooms exist."""

import pytest

from telepresence.rooms.directory import RoomDirectory, ServerFullError
from telepresence.signaling.messages import RoomKind


def test_there_are_no_more_rooms_than_the_operator_allows() -> None:
    """The second room is one too many."""
    directory = RoomDirectory(rooms_max=1, members_max=9, rate_per_s=1, burst=1)
    directory.create("a", RoomKind.CONSULTATION, "A")
    with pytest.raises(ServerFullError):
        directory.create("b", RoomKind.CONSULTATION, "B")


def test_a_room_is_made_once() -> None:
    """A second room of the same id is a mistake of the caller."""
    directory = RoomDirectory(rooms_max=2, members_max=9, rate_per_s=1, burst=1)
    directory.create("a", RoomKind.CONSULTATION, "A")
    with pytest.raises(ValueError, match="exists already"):
        directory.create("a", RoomKind.CONSULTATION, "A")
    assert directory.find("b") is None
