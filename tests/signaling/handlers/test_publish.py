"""What a publisher's offer becomes."""

from stage import Stage, offer_sdp, sdp, tracks
from telepresence.engine.commands import Extensions, Open, Receive, Remote, Setup
from telepresence.signaling.messages import ErrorCode, MemberUpdate, Profile, Published


def test_the_engine_hears_open_receive_remote_before_the_client_hears_the_answer() -> None:
    """STUN finds a connection that knows its tracks and its peer."""
    stage = Stage()
    client = stage.join(slots=0)
    client.publish("0", "1")
    opened, receive, remote = stage.engine.commands
    assert isinstance(opened, Open)
    assert isinstance(receive, Receive)
    assert isinstance(remote, Remote)
    assert remote.ufrag == "Kx4d"
    assert remote.setup is Setup.PASSIVE
    assert len(remote.fingerprint) == 64
    assert receive.extensions == Extensions(mid=4)
    audio, video = receive.tracks
    assert (audio.payload_type, audio.nack, audio.ssrc) == (111, False, 1001)
    assert (video.payload_type, video.rtx_payload_type, video.ssrc, video.rtx_ssrc) == (96, 97, 2001, 2002)
    assert video.nack
    assert video.pli
    assert video.remb
    answer = client.last(Published).sdp
    assert f"a=ice-ufrag:{opened.ufrag}" in answer
    assert f"a=ice-pwd:{opened.pwd}" in answer
    assert "a=setup:passive" in answer


def test_everybody_sees_the_new_source() -> None:
    """The publisher too, so that its page shows what the server knows."""
    stage = Stage()
    client, other = stage.join("xixia"), stage.join("nanyang")
    client.send("publish", sdp=offer_sdp(), tracks=[{**tracks("1")[0], "label": "Probe 探头", "profile": "ultrasound"}])
    for page in (client, other):
        (source,) = page.last(MemberUpdate).member.sources
        assert (source.label, source.profile) == ("Probe 探头", Profile.ULTRASOUND)
        assert source.video
        assert source.audio is None


def test_the_same_ufrag_renegotiates_and_a_track_keeps_its_number() -> None:
    """Only a new list of tracks goes to the engine, and our credentials stay."""
    stage = Stage()
    client = stage.join(slots=0)
    client.publish("1")
    first = client.last(Published).sdp
    (video,) = stage.engine.tracks
    client.publish("0", "1")
    assert [type(command) for command in stage.engine.commands[3:]] == [Receive]
    assert video in stage.engine.tracks
    ufrag = next(line for line in first.split("\r\n") if line.startswith("a=ice-ufrag"))
    assert ufrag in client.last(Published).sdp
    assert "o=- 1 2 IN" in client.last(Published).sdp


def test_the_same_connection_of_a_browser_later_in_the_call() -> None:
    """One camera stopped, one added, a data channel refused: Chromium's own second offer."""
    stage = Stage()
    client = stage.join(slots=0)
    client.send("publish", sdp=sdp("chromium-offer"), tracks=[*tracks("0"), *tracks("1")])
    again = [*tracks("0"), *tracks("2", source="second")]
    client.send("publish", sdp=sdp("chromium-offer-again"), tracks=again)
    answer = client.last(Published).sdp
    assert "m=application 0 " in answer
    assert answer.count("a=inactive") == 2
    assert [type(command) for command in stage.engine.commands] == [Open, Receive, Remote, Receive]
    assert {source.id for source in client.last(MemberUpdate).member.sources} == {"camera", "second"}


def test_a_track_that_no_line_of_the_offer_has_is_unknown() -> None:
    """The message names the mid; nothing was opened."""
    stage = Stage()
    client = stage.join(slots=0)
    client.send("publish", sdp=offer_sdp(), tracks=tracks("7"))
    assert client.error.code is ErrorCode.TRACK_UNKNOWN
    assert "7" in client.error.message
    assert not stage.engine.commands


def test_two_tracks_of_one_kind_in_a_source_are_refused() -> None:
    """A source is a picture, a voice, or both."""
    client = Stage().join()
    client.publish("0", "1", "2")
    assert client.error.code is ErrorCode.MALFORMED


def test_a_mid_twice_is_refused() -> None:
    """Also under two sources."""
    client = Stage().join()
    client.send("publish", sdp=offer_sdp(), tracks=[*tracks("1"), *tracks("1", source="other")])
    assert client.error.code is ErrorCode.MALFORMED


def test_a_refused_offer_leaves_what_was_published() -> None:
    """Nothing changes by an error."""
    stage = Stage()
    client, other = stage.join("xixia"), stage.join("nanyang")
    client.publish("0", "1")
    other.inbox.clear()
    client.send("publish", sdp="v=0\r\nnonsense\r\n", tracks=[])
    assert client.error.code is ErrorCode.SDP_INVALID
    assert "Line 2" in client.error.message
    assert not other.inbox


def test_a_server_carries_no_more_tracks_than_the_operator_allows() -> None:
    """Three, in all rooms: the fourth is refused in words and changes nothing; who leaves makes room."""
    stage = Stage(tracks_max=3)
    first, second = stage.join("a"), stage.join("b", slots=0)
    first.publish("0", "1")
    second.publish("0", "1")
    assert second.error.code is ErrorCode.TOO_MANY
    assert "tracks" in second.error.message
    assert len(stage.engine.tracks) == 2
    second.publish("0")
    second.publish("1")
    first.publish("0", "1", ufrag="Anew")
    assert len(stage.engine.tracks) == 3
    first.send("leave")
    second.publish("0", "1")
    assert len(stage.engine.tracks) == 2
    assert not stage.engine.refusals
