"""Stories of the chair: taken, handed on, back when its holder is gone."""

from stage import Stage
from telepresence.rooms.records import RoomRecord
from telepresence.signaling.messages import Asked, Desk, ErrorCode, MemberUpdate, OwnRole, Role, RoomUpdate, Wish


def roles(stage: Stage) -> dict[str, Role]:
    """Returns the role of each member by name."""
    return {member.name: member.role for member in stage.room().members()}


def test_the_first_with_a_chairs_link_takes_the_chair() -> None:
    """It learns of it by its `joined`; those who were there by `room` and `member`."""
    stage = Stage()
    member = stage.join("xixia")
    assert member.joined.room.chair is None
    chair = stage.join("henan", Role.CHAIR)
    assert (chair.joined.role, chair.joined.room.chair) == (Role.CHAIR, chair.participant)
    assert not chair.all(OwnRole)
    assert member.last(RoomUpdate).room.chair == chair.participant
    assert member.last(MemberUpdate).member.role is Role.CHAIR


def test_a_second_device_with_the_chairs_link_is_a_member_and_asks_for_the_chair() -> None:
    """The first device says yes by handing it on; then the first is the member."""
    stage = Stage()
    first, second = stage.join("henan", Role.CHAIR), stage.join("henan", Role.CHAIR)
    assert roles(stage) == {"Henan": Role.CHAIR, "Henan (2)": Role.MEMBER}
    second.send("lock", locked=True)
    assert second.error.code is ErrorCode.FORBIDDEN
    second.send("ask-chair")
    assert first.last(Asked) == Asked(wish=Wish.CHAIR, by="Henan (2)", participant=second.participant)
    assert not second.all(Asked)
    first.send("hand-on", participant=second.participant)
    assert (first.last(OwnRole).role, second.last(OwnRole).role) == (Role.MEMBER, Role.CHAIR)
    assert roles(stage) == {"Henan": Role.MEMBER, "Henan (2)": Role.CHAIR}


def test_the_chair_is_handed_to_a_member_and_comes_back_when_the_member_is_gone() -> None:
    """Away is not gone: for half a minute the chair waits for its holder."""
    stage = Stage()
    henan, xixia = stage.join("henan", Role.CHAIR), stage.join("xixia")
    nanyang = stage.join("nanyang")
    henan.send("hand-on", participant=xixia.participant)
    assert roles(stage) == {"Henan": Role.MEMBER, "Xixia": Role.CHAIR, "Nanyang": Role.MEMBER}
    assert nanyang.last(RoomUpdate).room.chair == xixia.participant
    stage.advance(0.5)
    assert xixia.last(Desk)
    xixia.send("lock", locked=True)
    xixia.lose()
    stage.advance(29)
    assert henan.last(RoomUpdate).room.chair == xixia.participant
    stage.advance(1)
    assert henan.last(RoomUpdate).room.chair == henan.participant
    assert henan.last(OwnRole).role is Role.CHAIR
    assert roles(stage) == {"Henan": Role.CHAIR, "Nanyang": Role.MEMBER}


def test_without_another_chairs_link_the_chair_is_empty_until_one_comes() -> None:
    """A link that comes later takes it; an organiser leads without it."""
    stage = Stage()
    organiser, henan = stage.join("office", Role.ORGANISER), stage.join("henan", Role.CHAIR)
    henan.send("leave")
    assert organiser.last(RoomUpdate).room.chair is None
    organiser.send("lock", locked=True)
    assert not organiser.errors
    later = stage.join("henan", Role.CHAIR)
    assert later.joined.role is Role.CHAIR


def test_the_chair_falls_to_one_who_is_here_before_one_who_is_away() -> None:
    """Of the three devices with a chair's link the second is away."""
    stage = Stage()
    first, second, third = (stage.join("henan", Role.CHAIR) for _ in range(3))
    second.lose()
    first.send("leave")
    assert third.last(OwnRole).role is Role.CHAIR


def test_an_organiser_with_the_chair_stays_an_organiser() -> None:
    """Only `room.chair` says that it has it; the chair before is a member."""
    stage = Stage()
    henan, organiser = stage.join("henan", Role.CHAIR), stage.join("office", Role.ORGANISER)
    henan.send("hand-on", participant=organiser.participant)
    assert roles(stage) == {"Henan": Role.MEMBER, "Office": Role.ORGANISER}
    assert henan.last(RoomUpdate).room.chair == organiser.participant
    assert not organiser.all(OwnRole)


def test_a_chair_away_keeps_its_rights_when_it_comes_back() -> None:
    """Its resume says chair again."""
    stage = Stage()
    henan, _ = stage.join("henan", Role.CHAIR), stage.join("henan", Role.CHAIR)
    henan.lose()
    again = stage.open()
    again.join(stage.token("henan", Role.CHAIR), slots=0, resume=henan.joined.resume)
    assert again.joined.role is Role.CHAIR


def test_the_chair_is_for_sites_with_people() -> None:
    """Neither an encoder nor a recorder nor the audience gets it, and nobody who is not there."""
    stage = Stage()
    henan = stage.join("henan", Role.CHAIR)
    for role, code in (
        (Role.ENCODER, ErrorCode.FORBIDDEN),
        (Role.RECORDER, ErrorCode.FORBIDDEN),
        (Role.AUDIENCE, ErrorCode.PARTICIPANT_UNKNOWN),
        (Role.GUEST, ErrorCode.PARTICIPANT_UNKNOWN),
    ):
        henan.send("hand-on", participant=stage.join("other", role).participant)
        assert henan.error.code is code
        henan.inbox.clear()
    henan.send("hand-on", participant=stage.room().record.chair)
    assert not henan.errors


def test_without_a_chair_an_organiser_is_asked_and_without_both_nobody() -> None:
    """The words say so."""
    stage = Stage()
    member = stage.join("xixia")
    member.send("ask-chair")
    assert member.error.code is ErrorCode.PARTICIPANT_UNKNOWN
    organiser = stage.join("office", Role.ORGANISER)
    member.send("ask-chair")
    assert organiser.last(Asked).participant == member.participant


def test_who_has_the_chair_is_in_the_row_that_is_kept() -> None:
    """Taken, handed on, empty."""
    stage = Stage()
    henan, xixia = stage.join("henan", Role.CHAIR), stage.join("xixia")
    henan.send("hand-on", participant=xixia.participant)
    henan.send("leave")
    xixia.send("leave")
    chairs = [keep.record.chair for keep in stage.kept if isinstance(keep.record, RoomRecord)][2:]
    assert chairs == [henan.participant, xixia.participant, None]
