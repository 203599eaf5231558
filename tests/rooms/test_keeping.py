"""What a meeting must not lose is kept in the step in which it happens, and under the request that caused it."""

from stage import START, Client, Stage
from telepresence.rooms.records import LineRecord, Record, RemovalRecord, RoomRecord, SeatRecord
from telepresence.signaling.messages import Role


def kept(stage: Stage, before: int) -> list[Record]:
    """Returns what was kept since then."""
    return [keep.record for keep in stage.kept[before:]]


def test_a_room_is_kept_when_it_is_made() -> None:
    """Nobody asked for it by a socket."""
    stage = Stage()
    assert [type(record) for record in kept(stage, 0)] == [RoomRecord, RoomRecord]
    assert [(keep.session, keep.re) for keep in stage.kept] == [(None, None)] * 2


def test_a_join_keeps_a_seat_and_its_end_closes_the_row() -> None:
    """From when, until when, and why."""
    stage = Stage()
    before = len(stage.kept)
    client = stage.join("xixia")
    stage.advance(60)
    client.send("leave")
    first, last = kept(stage, before)
    assert isinstance(first, SeatRecord)
    assert isinstance(last, SeatRecord)
    assert (first.joined_at, first.admitted_at, first.left_at) == (START, START, None)
    assert (last.participant, last.left_at, last.reason) == (first.participant, START + 60, "left")
    assert [(keep.session, keep.re) for keep in stage.kept[before:]] == [(client.session.id, 1), (client.session.id, 2)]


def test_a_lost_socket_keeps_nothing_until_the_participant_is_gone() -> None:
    """A resume is no event of the attendance."""
    stage = Stage()
    client = stage.join("xixia")
    before = len(stage.kept)
    client.lose()
    again = stage.open()
    again.join(stage.token("xixia"), slots=0, resume=client.joined.resume)
    assert kept(stage, before) == []
    again.lose()
    stage.advance(30)
    (seat,) = kept(stage, before)
    assert isinstance(seat, SeatRecord)
    assert (seat.left_at, seat.reason) == (START + 30, "lost")
    assert stage.kept[-1].session is None


def test_who_waits_has_a_row_and_its_admission_is_kept_under_the_chairs_request() -> None:
    """The chair is told if it could not be kept."""
    stage = Stage()
    chair = stage.join("henan", Role.CHAIR)
    before = len(stage.kept)
    guest = stage.join("luoyang", Role.GUEST)
    stage.advance(5)
    chair.send("admit", participants=[guest.participant])
    waits, admitted = kept(stage, before)
    assert isinstance(waits, SeatRecord)
    assert isinstance(admitted, SeatRecord)
    assert (waits.admitted_at, admitted.admitted_at) == (None, START + 5)
    assert (stage.kept[-1].session, stage.kept[-1].re) == (chair.session.id, 2)


def types_of(client: Client, kind: str, **fields: object) -> list[type]:
    """Sends a message; returns what kinds of rows were kept for it."""
    before = len(client.stage.kept)
    client.send(kind, **fields)
    return [type(record) for record in kept(client.stage, before)]


def test_each_thing_that_must_not_be_lost_is_kept_and_nothing_else() -> None:
    """Chair, lock, removal, chat, heads, end are; what the next join tells anyway is not."""
    stage = Stage()
    chair, member = stage.join("henan", Role.CHAIR), stage.join("xixia")
    member.publish("0", "1")
    source = {"participant": member.participant, "source": "camera"}
    assert types_of(chair, "lock", locked=True) == [RoomRecord]
    assert types_of(chair, "say", text="Good morning.") == [LineRecord]
    assert types_of(chair, "heads", heads=3) == [SeatRecord]
    assert types_of(chair, "heads", heads=3) == []
    assert types_of(chair, "spotlight", source=source) == []
    assert types_of(chair, "mute-other", participant=member.participant, mid="0") == []
    assert types_of(chair, "record", recording=True) == []
    assert types_of(chair, "hand-on", participant=member.participant) == [RoomRecord]
    other = stage.join("moderator", Role.MODERATOR)
    assert types_of(member, "remove", participant=other.participant) == [RemovalRecord, SeatRecord]
    assert types_of(member, "readmit", site="moderator") == [RemovalRecord]
    assert types_of(member, "end") == [RoomRecord, SeatRecord, SeatRecord]
