"""Stories of the desk: locked, removed, muted by another, asked, shown large."""

import pytest

from stage import Client, Stage, offer_sdp
from telepresence.rooms.records import RemovalRecord, RoomRecord
from telepresence.signaling.messages import (
    Asked,
    Closing,
    ClosingReason,
    Desk,
    ErrorCode,
    Joined,
    LeaveReason,
    MemberLeft,
    MemberUpdate,
    Muted,
    Role,
    RoomUpdate,
    SourceName,
    Speaker,
    Wish,
)


def chair_and_member(stage: Stage) -> tuple[Client, Client]:
    """A chair, and a member who publishes microphone and camera, both with pictures of the other."""
    chair, member = stage.join("henan", Role.CHAIR), stage.join("xixia")
    chair.answer()
    member.answer()
    member.publish("0", "1")
    return chair, member


# --- lock ---------------------------------------------------------------------------------------


def test_a_locked_room_lets_nobody_new_in_but_those_who_lead() -> None:
    """A member and a guest are told so; the moderator passes; a resume goes on; opened again, all may come."""
    stage = Stage()
    chair, member = stage.join("henan", Role.CHAIR), stage.join("xixia")
    chair.send("lock", locked=True)
    assert member.last(RoomUpdate).room.locked
    for role in (Role.MEMBER, Role.GUEST, Role.AUDIENCE, Role.ENCODER, Role.RECORDER):
        late = stage.join("late", role)
        assert late.error.code is ErrorCode.ROOM_LOCKED
        assert late.close_code == 4003
    assert stage.join("moderator", Role.MODERATOR).joined.room.locked
    member.lose()
    again = stage.open()
    again.join(stage.token("xixia"), slots=0, resume=member.joined.resume)
    assert again.joined.resumed
    chair.send("lock", locked=False)
    assert stage.join("late").all(Joined)


def test_who_waited_before_the_lock_may_still_be_admitted() -> None:
    """The lock is for newcomers."""
    stage = Stage()
    chair, guest = stage.join("henan", Role.CHAIR), stage.join("luoyang", Role.GUEST)
    chair.send("lock", locked=True)
    chair.send("admit", participants=[guest.participant])
    assert guest.all(Joined)


def test_a_lock_that_is_there_already_is_neither_told_nor_kept() -> None:
    """Two desks press the same button."""
    stage = Stage()
    chair = stage.join("henan", Role.CHAIR)
    chair.send("lock", locked=True)
    before = len(stage.kept)
    chair.inbox.clear()
    chair.send("lock", locked=True)
    assert not chair.all(RoomUpdate)
    assert len(stage.kept) == before


# --- removal ------------------------------------------------------------------------------------


def test_a_removed_site_stays_out_by_join_by_resume_and_by_test_until_it_is_readmitted() -> None:
    """All its devices go, their connections are closed, the others are told why."""
    stage = Stage()
    chair, first = chair_and_member(stage)
    second = stage.join("xixia")
    other = stage.join("nanyang")
    chair.send("remove", participant=first.participant)
    for device in (first, second):
        assert device.last(Closing).reason is ClosingReason.REMOVED
        assert isinstance(device.inbox[-1], Closing)
        assert device.close_code == 4003
    gone = [(message.participant, message.reason) for message in other.all(MemberLeft)]
    assert gone == [(first.participant, LeaveReason.REMOVED), (second.participant, LeaveReason.REMOVED)]
    assert len(stage.engine.connections) == 2
    assert stage.join("xixia").error.code is ErrorCode.REMOVED
    resumed, tested = stage.open(), stage.open()
    resumed.join(stage.token("xixia"), resume=first.joined.resume)
    tested.test(stage.token("xixia"))
    assert resumed.error.code is tested.error.code is ErrorCode.REMOVED
    chair.send("readmit", site="xixia")
    assert chair.last(Desk).removed == ()
    assert stage.join("xixia").all(Joined)
    assert [type(keep.record) for keep in stage.kept].count(RemovalRecord) == 2


def test_frames_of_a_removed_device_mean_nothing() -> None:
    """Its socket is being closed; what it still sends changes nothing and is not answered."""
    stage = Stage()
    chair, member = chair_and_member(stage)
    chair.send("remove", participant=member.participant)
    chair.inbox.clear()
    assert member.send("say", text="I protest") == []
    member.lose()
    stage.advance(60)
    assert not chair.all(MemberLeft)


def test_nobody_removes_the_own_site_an_organiser_or_the_chair() -> None:
    """But an organiser removes the chair, with the chair's second device; then the chair is empty."""
    stage = Stage()
    chair, organiser = stage.join("henan", Role.CHAIR), stage.join("office", Role.ORGANISER)
    moderator, second = stage.join("moderator", Role.MODERATOR), stage.join("henan", Role.CHAIR)
    for who, whom in (
        (chair, chair),
        (chair, organiser),
        (moderator, chair),
        (moderator, second),
        (organiser, organiser),
    ):
        who.send("remove", participant=whom.participant)
        assert who.error.code is ErrorCode.FORBIDDEN
        who.inbox.clear()
    organiser.send("remove", participant=chair.participant)
    assert second.last(Closing).reason is ClosingReason.REMOVED
    assert organiser.last(RoomUpdate).room.chair is None


# --- muted by another ---------------------------------------------------------------------------


def test_a_track_that_another_mutes_flows_to_nobody_until_its_owner_opens_it() -> None:
    """The engine's slot loses it at once; all see it muted, the owner is told by whom."""
    stage = Stage()
    chair, member = chair_and_member(stage)
    room = stage.room()
    assert len(stage.engine.assigned) == 2
    chair.send("mute-other", participant=member.participant, mid="0")
    assert [slot % 2 for _, slot in stage.engine.assigned] == [1]
    assert member.last(Muted) == Muted(mid="0", by="Henan")
    (source,) = chair.last(MemberUpdate).member.sources
    assert source.audio
    assert source.audio.muted
    late = stage.join("late")
    late.answer()
    assert {slot % 2 for _, slot in stage.engine.assigned} == {1}
    member.send("mute", mid="0", muted=False)
    assert len(stage.engine.assigned) == 4
    assert not room.participants[member.participant].sources["camera"].tracks["audio"].muted  # type: ignore[index]


def test_neither_a_second_mute_nor_a_renegotiation_nor_a_reload_opens_it() -> None:
    """Only `muted: false` does."""
    stage = Stage()
    chair, member = chair_and_member(stage)
    chair.send("mute-other", participant=member.participant, mid="0")
    chair.send("mute-other", participant=member.participant, mid="0")
    assert len(member.all(Muted)) == 1
    member.send("mute", mid="0", muted=True)
    member.publish("0", "1")
    member.publish("0", "1", ufrag="Zz9y")
    assert [slot % 2 for _, slot in stage.engine.assigned] == [1]
    audio = chair.last(MemberUpdate).member.sources[0].audio
    assert audio
    assert audio.muted
    member.send("mute", mid="0", muted=False)
    assert len(stage.engine.assigned) == 2


def test_who_was_muted_while_speaking_is_not_the_speaker() -> None:
    """Whatever the engine still hears of it."""
    stage = Stage()
    chair, member = chair_and_member(stage)
    voice = next(iter(stage.engine.tracks))
    stage.engine.speak(stage.room().voice_group, voice, speaker=voice)
    assert chair.last(Speaker).participant == member.participant
    chair.send("mute-other", participant=member.participant, mid="0")
    assert chair.last(Speaker).participant is None
    member.send("mute", mid="0", muted=False)
    assert chair.last(Speaker).participant == member.participant


def test_a_track_that_is_not_there_cannot_be_muted() -> None:
    """The words name it."""
    stage = Stage()
    chair, member = chair_and_member(stage)
    chair.send("mute-other", participant=member.participant, mid="9")
    assert chair.error.code is ErrorCode.TRACK_UNKNOWN
    assert "'9'" in chair.error.message


# --- asked --------------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", ["microphone", "camera"])
def test_a_site_is_asked_and_nothing_else_happens(wish: str) -> None:
    """Who asks, and for what; the others hear nothing of it."""
    stage = Stage()
    chair, member = stage.join("henan", Role.CHAIR), stage.join("xixia")
    before = len(stage.engine.commands)
    chair.send("ask-for", participant=member.participant, wish=wish)
    assert member.last(Asked) == Asked(wish=Wish(wish), by="Henan", participant=chair.participant)
    assert not chair.all(Asked)
    assert len(stage.engine.commands) == before


def test_who_may_not_publish_is_not_asked_to() -> None:
    """A recorder has no camera; one of the audience is no member."""
    stage = Stage()
    chair = stage.join("henan", Role.CHAIR)
    recorder, audience = stage.join("recorder", Role.RECORDER), stage.join("hall", Role.AUDIENCE)
    chair.send("ask-for", participant=recorder.participant, wish="camera")
    assert chair.error.code is ErrorCode.FORBIDDEN
    chair.send("ask-for", participant=audience.participant, wish="camera")
    assert chair.error.code is ErrorCode.PARTICIPANT_UNKNOWN


# --- spotlight ----------------------------------------------------------------------------------


def test_a_spotlight_is_told_to_all_and_to_latecomers_and_ends_with_its_source() -> None:
    """Whether the source is taken back or its owner leaves."""
    stage = Stage()
    chair, member = chair_and_member(stage)
    lit = SourceName(participant=member.participant, source="camera")
    source = {"participant": member.participant, "source": "camera"}
    chair.send("spotlight", source=source)
    assert member.last(RoomUpdate).room.spotlight == lit
    assert stage.join("late").joined.room.spotlight == lit
    member.send("publish", sdp=offer_sdp(), tracks=[])
    assert chair.last(RoomUpdate).room.spotlight is None
    member.publish("1")
    chair.send("spotlight", source=source)
    member.send("leave")
    assert chair.last(RoomUpdate).room.spotlight is None


def test_a_spotlight_is_put_out_by_null_and_never_on_what_is_not_there() -> None:
    """The words say what is missing."""
    stage = Stage()
    chair, member = chair_and_member(stage)
    chair.send("spotlight", source={"participant": member.participant, "source": "screen"})
    assert chair.error.code is ErrorCode.TRACK_UNKNOWN
    chair.send("spotlight", source={"participant": member.participant, "source": "camera"})
    chair.send("spotlight", source=None)
    assert member.last(RoomUpdate).room.spotlight is None


# --- what everybody sees ------------------------------------------------------------------------


def test_heads_and_who_records_are_seen_by_all() -> None:
    """Heads may be stated at the join, later, and again at a resume; a count of 0 there says nothing."""
    stage = Stage()
    chair = stage.join("henan", Role.CHAIR)
    member = stage.open()
    member.send("join", versions=[1], token=stage.token("xixia"), slots=0, heads=3)
    assert chair.last(MemberUpdate).member.heads == 3
    member.send("heads", heads=8)
    chair.send("record", recording=True)
    assert chair.last(MemberUpdate).member.recording
    assert member.last(MemberUpdate).member.participant == chair.participant
    member.lose()
    again = stage.open()
    again.join(stage.token("xixia"), slots=0, resume=member.joined.resume)
    assert chair.last(MemberUpdate).member.heads == 8
    assert [seat.heads for seat in stage.room().attendance()] == [0, 8]
    chair.send("record", recording=False)
    assert not again.last(MemberUpdate).member.recording


def test_a_lock_is_in_the_row_that_is_kept() -> None:
    """With who asked for it, so that he is told if it could not be kept."""
    stage = Stage()
    chair = stage.join("henan", Role.CHAIR)
    chair.send("lock", locked=True)
    keep = stage.kept[-1]
    assert isinstance(keep.record, RoomRecord)
    assert keep.record.locked
    assert (keep.session, keep.re) == (chair.session.id, 2)


def test_the_chair_of_a_removed_site_falls_once_and_to_no_device_of_it() -> None:
    """Its second device has the chair's link too, and goes with it."""
    stage = Stage()
    organiser, first = stage.join("office", Role.ORGANISER), stage.join("henan", Role.CHAIR)
    second, other = stage.join("henan", Role.CHAIR), stage.join("nanyang", Role.CHAIR)
    organiser.inbox.clear()
    organiser.send("remove", participant=first.participant)
    assert second.close_code == 4003
    assert [told.room.chair for told in organiser.all(RoomUpdate)] == [other.participant]


def test_who_may_no_longer_record_still_says_that_it_stopped() -> None:
    """A chair that handed the chair on; it may not begin again."""
    stage = Stage()
    chair, heir = stage.join("henan", Role.CHAIR), stage.join("xixia")
    chair.send("record", recording=True)
    chair.send("hand-on", participant=heir.participant)
    chair.send("record", recording=False)
    assert not chair.errors
    chair.send("record", recording=True)
    assert chair.error.code is ErrorCode.FORBIDDEN
