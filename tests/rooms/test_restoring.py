"""Stories of a restart: the rows that were kept make the rooms again, and those inside come back by their secrets."""

import random
from collections.abc import Iterable

from stage import Client, Stage
from telepresence.rooms.effects import Keep
from telepresence.rooms.records import (
    InvitationRecord,
    Kept,
    LineRecord,
    QuestionRecord,
    RemovalRecord,
    RevocationRecord,
    RoomRecord,
    SeatRecord,
)
from telepresence.signaling.messages import (
    Connection,
    ConnectionState,
    Desk,
    Direction,
    ErrorCode,
    Joined,
    Offer,
    Presence,
    Published,
    Role,
    RoomKind,
    Waiting,
)

LISTS = {
    RoomRecord: ("rooms", ("id",)),
    InvitationRecord: ("invitations", ("jti",)),
    RevocationRecord: ("revocations", ("jti",)),
    SeatRecord: ("seats", ("room", "participant")),
    RemovalRecord: ("removals", ("room", "site")),
    QuestionRecord: ("questions", ("room", "id")),
    LineRecord: ("lines", ("room", "id")),
}


def stored(keeps: Iterable[Keep]) -> Kept:
    """Returns what a store holds after those: of each key the newest row."""
    rows = {}
    for keep in keeps:
        name, key = LISTS[type(keep.record)]
        rows[(name, *(getattr(keep.record, part) for part in key))] = keep.record
    kept = Kept()
    for (name, *_), record in rows.items():
        getattr(kept, name).append(record)
    return kept


def restart(stage: Stage, seconds: float = 5) -> Stage:
    """Kills the server, and starts another one on what it kept, so many seconds later."""
    again = Stage(is_empty=True)
    again.now = stage.now + seconds
    again.world.random = random.Random(8)  # noqa: S311 (another server has other secrets)
    again.perform(again.directory.restore(stored(stage.kept), again.now))
    return again


def come_back(stage: Stage, client: Client, site: str, role: Role = Role.MEMBER, *, slots: int = 2) -> Client:
    """Resumes on the new server with the secret of the old one."""
    answer = next(message for message in client.inbox if isinstance(message, Joined | Waiting))
    again = stage.open()
    again.join(stage.token(site, role), slots=slots, resume=answer.resume)
    return again


def test_a_member_comes_back_as_the_same_participant_by_its_old_secret() -> None:
    """Same id, number and heads; it gets an offer and publishes anew."""
    before = Stage()
    before.join("xixia")
    second = before.join("xixia")
    second.send("heads", heads=7)
    stage = restart(before)
    (found,) = [member for member in stage.room().members() if member.participant == second.participant]
    assert (found.presence, found.name, found.heads) == (Presence.AWAY, "Xixia (2)", 7)
    again = come_back(stage, second, "xixia")
    assert again.joined.participant == second.participant
    assert again.joined.resume == second.joined.resume
    assert again.all(Offer)
    again.publish("0")
    assert again.all(Published)


def test_a_client_that_thinks_its_media_goes_on_is_told_that_it_does_not() -> None:
    """Both connections died with the server; once it has begun anew, no more is said."""
    before = Stage()
    member = before.join("xixia")
    stage = restart(before)
    again = come_back(stage, member, "xixia", slots=0)
    told = [(message.direction, message.state) for message in again.all(Connection)]
    assert told == [(Direction.UP, ConnectionState.FAILED), (Direction.DOWN, ConnectionState.FAILED)]
    again.lose()
    fresh = come_back(stage, member, "xixia")
    assert not fresh.all(Connection)


def test_who_does_not_come_back_within_a_minute_is_gone() -> None:
    """Its row says so."""
    before = Stage()
    xixia, _ = before.join("xixia"), before.join("nanyang")
    stage = restart(before)
    stage.advance(59)
    assert len(stage.room().members()) == 2
    stage.advance(1)
    assert stage.room().members() == ()
    assert come_back(stage, xixia, "xixia").error.code is ErrorCode.RESUME_UNKNOWN
    assert all(seat.left_at for seat in stage.room().attendance())


def test_chair_lock_removals_chat_and_who_waits_are_as_they_were() -> None:
    """All that a meeting must not lose."""
    before = Stage()
    chair, member = before.join("henan", Role.CHAIR), before.join("xixia")
    before.join("office", Role.ORGANISER)
    guest, bad = before.join("luoyang", Role.GUEST), before.join("bad", Role.GUEST)
    chair.send("remove", participant=bad.participant)
    chair.send("hand-on", participant=member.participant)
    member.send("say", text="First.")
    chair.send("say", text="Second.")
    member.send("lock", locked=True)
    stage = restart(before)
    again = come_back(stage, member, "xixia")
    assert again.joined.role is Role.CHAIR
    assert again.joined.room.locked
    assert again.joined.room.chair == member.participant
    assert [line.text for line in again.joined.chat] == ["First.", "Second."]
    assert [site.site for site in again.joined.waiting] == ["luoyang"]
    assert [site.site for site in again.joined.removed] == ["bad"]
    assert stage.join("bad", Role.GUEST).error.code is ErrorCode.REMOVED
    assert stage.join("newcomer").error.code is ErrorCode.ROOM_LOCKED
    back = come_back(stage, guest, "luoyang", Role.GUEST)
    assert back.all(Waiting)
    again.send("say", text="Third.")
    assert len({line.id for line in stage.room().lines}) == 3
    stage.advance(1)
    again.send("admit", participants=[guest.participant])
    assert len(back.joined.members) == 4
    assert again.last(Desk).waiting == ()


def test_a_chair_whose_holder_does_not_come_back_falls_to_another_chairs_link() -> None:
    """After a minute, as after any other loss."""
    before = Stage()
    first, second = before.join("henan", Role.CHAIR), before.join("henan", Role.CHAIR)
    stage = restart(before)
    again = come_back(stage, second, "henan", Role.CHAIR)
    assert again.joined.role is Role.MEMBER
    assert again.joined.room.chair == first.participant
    stage.advance(60)
    assert stage.room().chair is stage.room().participants[second.participant]


def test_who_left_before_the_restart_is_in_the_attendance_and_not_in_the_room() -> None:
    """Attendance loses nobody; what came after is behind it."""
    before = Stage()
    before.join("xixia").send("leave")
    stage = restart(before)
    assert stage.room().members() == ()
    stage.join("nanyang")
    assert [seat.site for seat in stage.room().attendance()] == ["xixia", "nanyang"]


def test_a_room_that_ended_is_still_known_as_ended_and_invitations_are_there() -> None:
    """Its link says so; the sites that were invited are on the desk of another room."""
    before = Stage()
    before.join("henan", Role.CHAIR).send("end")
    record = RoomRecord(id="ward", kind=RoomKind.CONSULTATION, title="Ward", created_at=0)
    invitation = InvitationRecord(jti="j1", room="ward", site="lushi", name="Lushi", role=Role.MEMBER, expires_at=1)
    before.perform(before.directory.create(record, [invitation])[1])
    stage = restart(before)
    assert stage.join("xixia").error.code is ErrorCode.ROOM_ENDED
    assert stage.room("ward").invitations == {"j1": invitation}
    assert [site.site for site in stage.join("henan", Role.CHAIR, room="ward").joined.sites] == ["lushi", "henan"]
    stage.advance(24 * 3600)
    assert not stage.directory.find("demo")
    assert not restart(before, 24 * 3600).directory.find("demo")


def test_a_secret_is_kept_only_as_its_hash() -> None:
    """Whoever reads the database joins nowhere with it."""
    stage = Stage()
    client = stage.join("xixia")
    assert client.joined.resume not in repr(stage.kept)
    assert stage.room().attendance()[0].secret_hash in repr(stage.kept)
