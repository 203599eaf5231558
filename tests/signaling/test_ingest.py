"""Publishers by WHIP in the room: how they come, what the others see, and how they are gone. In virtual time."""

import pytest

from stage import START, Client, Stage, sdp
from telepresence.auth import Claims
from telepresence.engine.commands import Close, Open, Receive, Remote, Restart, Setup
from telepresence.rooms.records import InvitationRecord, SeatRecord
from telepresence.rooms.room import Room
from telepresence.signaling import ingest
from telepresence.signaling.ingest import Created, WhipError
from telepresence.signaling.messages import (
    Direction,
    Error,
    ErrorCode,
    LeaveReason,
    MemberLeft,
    MemberUpdate,
    Presence,
    Profile,
    Role,
)
from telepresence.signaling.refusal import RefusalError

FFMPEG, CHROMIUM = "ffmpeg-whip-offer", "chromium-simulcast-offer"
RESTART = "a=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n"


def claims(stage: Stage, site: str = "probe", role: Role = Role.ENCODER, room: str = "demo") -> Claims:
    """What the token of an encoder says."""
    invitation = InvitationRecord(
        f"jti-{site}", room, site, site.title(), role, int(START) + 3600, "Probe 探头", Profile.ULTRASOUND
    )
    return stage.authority.verify(stage.authority.token_of(invitation))


def begin(stage: Stage, name: str = FFMPEG, site: str = "probe") -> Created:
    """POST."""
    created, effects = ingest.begin(stage.world, claims(stage, site), "demo", sdp(name), stage.now)
    stage.perform(effects)
    return created


def connection(stage: Stage, created: Created) -> int:
    """Its number in the engine."""
    up = stage.room().participants[created.participant].up
    assert up
    return up.conn


def seat(room: Room, created: Created) -> SeatRecord:
    """Its row in the attendance."""
    return room.seats[created.participant]


def seen(client: Client, created: Created) -> MemberUpdate:
    """The newest that the page was told of the encoder."""
    return [told for told in client.all(MemberUpdate) if told.member.participant == created.participant][-1]


def test_an_encoder_is_a_member_with_a_source_of_its_token() -> None:
    """Nobody admits it, and it is here without a socket; the offer is FFmpeg's own."""
    stage = Stage(waiting_room=True)
    chair = stage.join("xixia", Role.CHAIR)
    created = begin(stage)
    member = seen(chair, created).member
    assert (member.site, member.role, member.presence) == ("probe", Role.ENCODER, Presence.HERE)
    (source,) = member.sources
    assert (source.id, source.label, source.profile) == ("encoder", "Probe 探头", Profile.ULTRASOUND)
    assert source.audio
    assert source.video
    assert seat(stage.room(), created).admitted_at is not None


def test_the_engine_is_told_what_a_publisher_without_mids_on_its_packets_needs() -> None:
    """SSRCs and payload types; FFmpeg is the DTLS server, so we begin."""
    stage = Stage()
    created = begin(stage)
    opened, receive, remote = stage.engine.commands
    assert isinstance(opened, Open)
    assert isinstance(receive, Receive)
    assert isinstance(remote, Remote)
    assert remote.setup is Setup.ACTIVE
    assert [track.payload_type for track in receive.tracks] == [111, 106]
    assert all(track.ssrc for track in receive.tracks)
    assert "a=setup:active" in created.sdp
    assert f"a=ice-ufrag:{opened.ufrag}" in created.sdp
    assert created.etag == f'"{opened.ufrag}"'
    assert not stage.engine.refusals


def test_simulcast_is_taken_as_from_a_page() -> None:
    """Three layers, in the offer's order."""
    stage = Stage()
    created = begin(stage, CHROMIUM)
    receive = next(command for command in stage.engine.commands if isinstance(command, Receive))
    assert receive.tracks[1].rids == ("q", "h", "f")
    assert "a=simulcast:recv q;h;f" in created.sdp


def test_its_picture_stands_in_a_watchers_slot_and_leaves_it() -> None:
    """As anybody's."""
    stage = Stage()
    viewer = stage.join("nanyang")
    viewer.answer()
    created = begin(stage)
    assert viewer.view()[0] == (created.participant, "encoder")
    room, participant = ingest.find(stage.world, claims(stage), "demo", created.secret)
    stage.perform(ingest.end(room, participant, stage.now))
    assert viewer.view()[0] is None
    assert viewer.last(MemberLeft).reason is LeaveReason.LEFT
    assert isinstance(stage.engine.commands[-1], Close)
    assert seat(stage.room(), created).reason == "left"
    with pytest.raises(WhipError, match="no such session"):
        ingest.find(stage.world, claims(stage), "demo", created.secret)


def test_it_is_gone_with_its_connection() -> None:
    """Nothing else holds it: no time away, no tile that stays."""
    stage = Stage()
    viewer = stage.join("nanyang")
    created = begin(stage)
    stage.engine.fail(connection(stage, created))
    assert viewer.last(MemberLeft).reason is LeaveReason.LOST
    assert created.participant not in stage.room().participants
    assert set(stage.room().connections) == {stage.connection(viewer, Direction.DOWN)}
    assert seat(stage.room(), created).left_at == START


def test_without_media_it_is_gone_after_half_a_minute() -> None:
    """A connection that stands and carries nothing is nobody's source."""
    stage = Stage()
    viewer = stage.join("nanyang")
    created = begin(stage)
    stage.engine.connect(connection(stage, created))
    stage.advance(29.9)
    assert not viewer.all(MemberLeft)
    stage.advance(0.2)
    assert viewer.last(MemberLeft).participant == created.participant
    assert connection_is_closed(stage)


def connection_is_closed(stage: Stage) -> bool:
    """The newest command closed one."""
    return isinstance(stage.engine.commands[-1], Close)


def test_with_media_it_stays_for_as_long_as_its_connection() -> None:
    """Nobody expects a sign of life by HTTP."""
    stage = Stage()
    viewer = stage.join("nanyang")
    created = begin(stage)
    stage.engine.go_live(max(stage.engine.tracks))
    stage.advance(40)
    stage.advance(4000)
    assert not viewer.all(MemberLeft)
    video = seen(viewer, created).member.sources[0].video
    assert video
    assert video.live


def test_what_the_engine_refuses_ends_it() -> None:
    """A connection that could not be set up is of no use."""
    stage = Stage()
    viewer = stage.join("nanyang")
    created = begin(stage)
    stage.engine.submit(
        Remote(conn=connection(stage, created), ufrag="abcd", setup=Setup.ACTIVE, fingerprint="00" * 32)
    )
    assert viewer.last(MemberLeft).participant == created.participant


def test_a_removed_encoder_stays_out() -> None:
    """Its session is gone, and its token opens no other."""
    stage = Stage()
    chair = stage.join("xixia", Role.CHAIR)
    created = begin(stage)
    chair.send("remove", participant=created.participant)
    assert chair.last(MemberLeft).reason is LeaveReason.REMOVED
    with pytest.raises(RefusalError) as refusal:
        begin(stage)
    assert refusal.value.code is ErrorCode.REMOVED


def test_no_socket_takes_an_encoders_place() -> None:
    """The secret in its address is none for `resume`."""
    stage = Stage()
    created = begin(stage)
    client = stage.open()
    token = stage.authority.issue(room="demo", site="probe", name="Probe", role=Role.ENCODER, valid_s=60)
    client.join(token, resume=created.secret, slots=0)
    assert client.error.code is ErrorCode.RESUME_UNKNOWN


def test_after_a_restart_of_the_server_the_next_session_takes_the_place_of_the_last() -> None:
    """The one before is dead and would be a ghost for a minute; another site's waits for its turn."""
    stage = Stage()
    first, other = begin(stage), begin(stage, site="other")
    for created in (first, other):
        participant = stage.room().participants[created.participant]
        participant.encoder, participant.is_interrupted, participant.up = None, True, None
    second = begin(stage)
    assert set(stage.room().participants) == {other.participant, second.participant}
    assert stage.room().participants[second.participant].name == "Probe"


# --- PATCH --------------------------------------------------------------------------------------


def change(stage: Stage, created: Created, if_match: str | None, text: str) -> ingest.Restarted | None:
    """PATCH."""
    _, participant = ingest.find(stage.world, claims(stage), "demo", created.secret)
    restarted, effects = ingest.change(stage.world, participant, if_match, text, stage.now)
    stage.perform(effects)
    return restarted


@pytest.mark.parametrize("star", ["*", '"*"'])
def test_an_ice_restart_gives_fresh_credentials_and_keeps_the_rest(star: str) -> None:
    """The quotation marks are RFC 9725's own."""
    stage = Stage()
    created = begin(stage)
    before = len(stage.engine.commands)
    restarted = change(stage, created, star, RESTART)
    assert restarted
    restart, remote = stage.engine.commands[before:]
    assert isinstance(restart, Restart)
    assert isinstance(remote, Remote)
    assert (remote.ufrag, remote.setup) == ("ysXw", Setup.ACTIVE)
    assert restarted.etag == f'"{restart.ufrag}"' != created.etag
    assert f"a=ice-pwd:{restart.pwd}" in restarted.fragment
    assert "a=candidate:1 1 udp" in restarted.fragment
    assert not stage.engine.refusals


def test_candidates_change_nothing() -> None:
    """With the entity-tag of the ICE session whose they are; among others, if need be."""
    stage = Stage()
    created = begin(stage)
    up = stage.room().participants[created.participant].up
    assert up
    text = f"a=ice-ufrag:{up.remote_ufrag}\r\na=ice-pwd:{'p' * 24}\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=end-of-candidates\r\n"
    before = len(stage.engine.commands)
    assert change(stage, created, created.etag, text) is None
    assert change(stage, created, f'"old", {created.etag}', "a=end-of-candidates") is None
    assert len(stage.engine.commands) == before


@pytest.mark.parametrize(
    ("if_match", "text", "status"),
    [
        (None, RESTART, 428),
        ('"another"', RESTART, 412),
        ("", RESTART, 412),
        ("W/{etag}", RESTART, 412),
        ("{etag}", RESTART, 422),
        ("*", "a=end-of-candidates", 400),
    ],
)
def test_a_patch_must_say_what_it_is_for(if_match: str | None, text: str, status: int) -> None:
    """A weak tag is none here, and new credentials need the star."""
    stage = Stage()
    created = begin(stage)
    header = if_match.format(etag=created.etag) if if_match else if_match
    before = len(stage.engine.commands)
    with pytest.raises(WhipError) as error:
        change(stage, created, header, text)
    assert error.value.status == status
    assert len(stage.engine.commands) == before


def test_the_tag_of_before_a_restart_matches_no_more() -> None:
    """Candidates that come late are another ICE session's."""
    stage = Stage()
    created = begin(stage)
    restarted = change(stage, created, "*", RESTART)
    assert restarted
    with pytest.raises(WhipError) as error:
        change(stage, created, created.etag, "a=end-of-candidates")
    assert error.value.status == 412
    assert change(stage, created, restarted.etag, "a=ice-ufrag:ysXw\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k") is None


def test_a_flood_of_restarts_is_slowed_down() -> None:
    """By the bucket that every participant has."""
    stage = Stage(burst=30)
    created = begin(stage)
    for _ in range(3):
        change(stage, created, "*", RESTART)
    with pytest.raises(RefusalError) as refusal:
        change(stage, created, "*", RESTART)
    assert refusal.value.code is ErrorCode.TOO_MANY
    stage.advance(1)
    assert change(stage, created, "*", RESTART)


def test_an_encoder_that_was_muted_is_forwarded_again_by_the_desk() -> None:
    """Nobody sits before it: it can't be asked. What a person sends stays the person's to open."""
    stage = Stage()
    chair, xixia = stage.join("henan", Role.CHAIR), stage.join("xixia")
    xixia.publish("0", "1")
    created = begin(stage)
    (source,) = seen(chair, created).member.sources
    assert source.video
    names = {"participant": created.participant, "mid": source.video.mid}
    chair.send("mute-other", **names)
    assert seen(chair, created).member.sources[0].video.muted  # type: ignore[union-attr]
    chair.send("ask-for", participant=created.participant, wish="camera")
    assert chair.error.code is ErrorCode.FORBIDDEN
    chair.send("mute-other", **names, muted=False)
    assert not seen(chair, created).member.sources[0].video.muted  # type: ignore[union-attr]
    xixia.send("mute", mid="1", muted=True)
    before = len(chair.all(Error))
    chair.send("mute-other", participant=xixia.joined.participant, mid="1", muted=False)
    assert len(chair.all(Error)) == before + 1
    assert chair.error.code is ErrorCode.FORBIDDEN
