"""Seats of a room: how many a site may take."""

from stage import Stage
from telepresence.signaling.messages import ErrorCode


def test_a_site_takes_a_hundred_new_seats_in_a_row() -> None:
    """Each is kept for the attendance, so a link that joins and leaves for ever is held back; the others come as before."""
    stage = Stage()
    for _ in range(100):
        stage.join("xixia", slots=0).send("leave")
    late = stage.open()
    late.join(stage.token("xixia"))
    assert late.error.code is ErrorCode.ROOM_FULL
    assert "too often" in late.error.message
    assert stage.join("henan").joined
    stage.advance(36)
    assert stage.join("xixia").joined
