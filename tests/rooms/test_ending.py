"""Stories of the end of a meeting."""

from stage import START, Stage
from telepresence.rooms.records import RoomRecord
from telepresence.signaling.messages import Closing, ClosingReason, Done, ErrorCode, MemberLeft, Role, RoomKind


def test_the_end_is_told_to_all_and_nothing_is_left() -> None:
    """Members, audience, who waits, who tests; no connection, and no goodbye of each to each."""
    stage = Stage()
    chair, member = stage.join("henan", Role.CHAIR), stage.join("xixia")
    hall, guest = stage.join("hall", Role.AUDIENCE), stage.join("guest", Role.GUEST)
    tester = stage.open()
    tester.test(stage.token("late"))
    away = stage.join("away")
    away.lose()
    member.publish("0", "1")
    chair.inbox.clear()
    chair.send("end")
    assert [type(message) for message in chair.inbox] == [Done, Closing]
    for client in (chair, member, hall, guest, tester):
        assert client.last(Closing).reason is ClosingReason.ENDED
        assert client.close_code == 1000
    assert not member.all(MemberLeft)
    assert not stage.engine.connections
    seats = stage.room().attendance()
    assert [seat.reason for seat in seats] == ["ended"] * 5
    for client in (chair, member, hall, guest, tester):
        client.lose()
    stage.advance(60)


def test_nobody_joins_resumes_or_tests_after_the_end() -> None:
    """The answer says that the meeting has ended, for a day; then the room is unknown."""
    stage = Stage()
    chair = stage.join("henan", Role.CHAIR)
    chair.send("end")
    assert stage.join("xixia").error.code is ErrorCode.ROOM_ENDED
    again, tester = stage.open(), stage.open()
    again.join(stage.token("henan", Role.CHAIR), resume=chair.joined.resume)
    tester.test(stage.token("xixia"))
    assert again.error.code is tester.error.code is ErrorCode.ROOM_ENDED
    stage.advance(24 * 3600)
    assert stage.join("xixia").error.code is ErrorCode.ROOM_UNKNOWN


def test_the_end_is_kept_with_every_seat() -> None:
    """The room's row says when, each seat's row says until when."""
    stage = Stage()
    chair = stage.join("henan", Role.CHAIR)
    stage.join("xixia")
    stage.advance(600)
    chair.send("end")
    record = stage.room().record
    assert record in [keep.record for keep in stage.kept]
    assert (record.ended_at, record.chair) == (START + 600, None)
    assert [seat.left_at for seat in stage.room().attendance()] == [START + 600] * 2


def test_a_room_may_be_made_anew_once_it_has_ended() -> None:
    """A room of the settings is there again, and empty."""
    stage = Stage()
    chair = stage.join("henan", Role.CHAIR)
    chair.send("say", text="The first meeting.")
    first = stage.room().lines[0].id
    chair.send("end")
    stage.advance(60)
    record = RoomRecord(id="demo", kind=RoomKind.CONSULTATION, title="Again", created_at=START + 60)
    stage.perform(stage.directory.create(record)[1])
    again = stage.join("henan", Role.CHAIR)
    assert (again.joined.room.title, again.joined.chat) == ("Again", ())
    again.send("say", text="The second meeting.")
    assert stage.room().lines[0].id != first


def test_a_room_past_its_time_ends_by_itself_when_it_is_empty() -> None:
    """Twelve hours after its planned end; not while somebody is in it."""
    stage = Stage()
    room = stage.create("short", RoomKind.CONSULTATION, "Short", starts_at=START, ends_at=START + 3600)
    member = stage.join("xixia", room="short")
    assert (member.joined.room.starts_at, member.joined.room.ends_at) == (START, START + 3600)
    stage.advance(13 * 3600)
    assert not room.has_ended
    member.send("leave")
    stage.advance(1)
    assert room.has_ended
    assert not stage.room("training").has_ended
