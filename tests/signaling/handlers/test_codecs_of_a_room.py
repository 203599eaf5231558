"""A room's set of codecs: what is offered, what may be published, who is told of what it will not see."""

from stage import Client, Stage, answer_to, example, sdp, tracks
from telepresence.signaling.messages import (
    Codec,
    CodecMissing,
    Direction,
    Done,
    ErrorCode,
    Offer,
    Published,
    Role,
    RoomKind,
)


def without_h264(offer: str) -> str:
    """Returns the answer of a browser that decodes no H264."""
    lines = [line for line in answer_to(offer).split("\r\n") if not line.startswith(("a=rtpmap:102", "a=rtpmap:103"))]
    return "\r\n".join(lines)


def stage_with(*codecs: Codec) -> Stage:
    """A server with a room `only` of that set."""
    stage = Stage()
    stage.create("only", RoomKind.CONSULTATION, "Only", codecs=codecs)
    return stage


def join(stage: Stage, site: str = "xixia") -> Client:
    """Joins that room."""
    return stage.join(site, room="only")


def test_a_room_without_h264_offers_none_and_takes_none() -> None:
    """A picture that comes in H264 alone is refused by the room's set in words."""
    stage = stage_with(Codec.OPUS, Codec.VP8)
    client = join(stage)
    assert client.joined.room.codecs == (Codec.OPUS, Codec.VP8)
    assert "H264" not in client.last(Offer).sdp
    assert "VP8" in client.last(Offer).sdp
    client.answer()
    assert not client.all(CodecMissing)
    offer = sdp("chromium-h264-offer").replace("VP8/90000", "VP9/90000")
    client.send("publish", sdp=offer, tracks=tracks("1"))
    assert client.error.code is ErrorCode.NO_COMMON_CODEC
    assert "VP8" in client.error.message
    assert "H264" not in client.error.message


def test_a_room_of_h264_takes_h264_where_vp8_is_offered_too() -> None:
    """The room's set decides, not the browser's order."""
    stage = stage_with(Codec.OPUS, Codec.H264)
    client = join(stage)
    assert "VP8" not in client.last(Offer).sdp
    client.send("publish", sdp=sdp("chromium-h264-offer"), tracks=tracks("1"))
    assert "H264" in client.last(Published).sdp
    assert "VP8" not in client.last(Published).sdp


def test_a_watcher_that_cannot_decode_a_codec_of_the_room_is_told_once() -> None:
    """After `done`; a restart of ICE does not repeat it, and nothing changes for anybody else."""
    stage = Stage()
    client = stage.join()
    offer = client.last(Offer)
    replies = client.send("answer", generation=offer.generation, sdp=without_h264(offer.sdp))
    assert [type(reply) for reply in replies][-2:] == [Done, CodecMissing]
    assert client.last(CodecMissing).codec is Codec.H264
    client.send("restart", direction="down")
    offer = client.last(Offer)
    client.send("answer", generation=offer.generation, sdp=without_h264(offer.sdp))
    assert len(client.all(CodecMissing)) == 1


def test_an_encoder_gets_no_down_connection_whatever_it_asks_for() -> None:
    """It may not answer an offer."""
    stage = Stage()
    client = stage.join("scope", Role.ENCODER, slots=4)
    assert client.joined.slots == 0
    assert not client.all(Offer)
    client.publish("0", "1")
    assert client.all(Published)
    assert stage.connection(client, Direction.UP)


def test_an_offer_without_any_codec_of_the_room_is_refused_by_its_set() -> None:
    """Whether it publishes nothing or tests the way."""
    stage = Stage()
    offer = example("test")["sdp"].replace("opus/48000/2", "PCMU/8000")
    client, tester = stage.join(), stage.open()
    client.send("publish", sdp=offer, tracks=[])
    tester.send("test", token=stage.token(), sdp=offer)
    for refused in (client, tester):
        assert refused.error.code is ErrorCode.NO_COMMON_CODEC
        assert "no Opus, no VP8 and no H264" in refused.error.message
