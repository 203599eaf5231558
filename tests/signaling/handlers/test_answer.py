"""What a watcher's answer becomes."""

from stage import Stage, answer_to
from telepresence.engine.commands import Assign, Codec, Extensions, Open, Remote, Send
from telepresence.signaling.messages import Done, ErrorCode, Kind, Offer


def test_the_engine_hears_slots_and_peer_then_what_stands_in_the_slots() -> None:
    """Open came with the offer; send, remote and assign come with the answer."""
    stage = Stage()
    stage.join("xixia", slots=0).publish("0", "1")
    stage.engine.commands.clear()
    client = stage.join("nanyang", slots=2)
    assert [type(command) for command in stage.engine.commands] == [Open]
    assert isinstance(client.answer()[-1], Done)
    opened, send, remote, *assigned = stage.engine.commands
    assert isinstance(opened, Open)
    assert isinstance(send, Send)
    assert isinstance(remote, Remote)
    assert [type(command) for command in assigned] == [Assign, Assign]
    assert [(slot.slot, slot.mid, slot.kind) for slot in send.slots] == [
        (0, "a0", Kind.AUDIO),
        (1, "v0", Kind.VIDEO),
        (2, "a1", Kind.AUDIO),
        (3, "v1", Kind.VIDEO),
    ]
    assert len({slot.ssrc for slot in send.slots} | {slot.rtx_ssrc for slot in send.slots}) == 7
    assert [(codec.payload_type, codec.rtx_payload_type, codec.nack) for codec in send.codecs] == [
        (111, None, False),
        (96, 97, True),
        (102, 103, True),
    ]
    assert send.extensions == Extensions(mid=1, abs_send_time=2, audio_level=3, video_orientation=4)


def test_what_the_watcher_did_not_take_is_not_sent() -> None:
    """An answer without H264, RTX, NACK and all extensions but the mid of the sound."""
    stage = Stage()
    client = stage.join()
    sdp = answer_to(client.last(Offer).sdp)
    drop = ("a=rtpmap:97", "a=fmtp:97", "a=rtpmap:102", "a=rtcp-fb:96 nack", "a=extmap:2", "a=extmap:3", "a=extmap:4")
    sdp = "\r\n".join(line for line in sdp.split("\r\n") if not line.startswith(drop))
    head, *tail = sdp.split("m=video")
    sdp = "m=video".join([head, *(part.replace("a=extmap:1 ", "a=x:") for part in tail)])
    client.send("answer", generation=1, sdp=sdp)
    send = next(command for command in stage.engine.commands if isinstance(command, Send))
    _, vp8 = send.codecs
    assert (vp8.codec, vp8.rtx_payload_type, vp8.nack) == (Codec.VP8, None, False)
    assert send.extensions == Extensions()


def test_an_answer_is_taken_once() -> None:
    """The second one is stale, and so is one to no offer at all."""
    stage = Stage()
    client = stage.join()
    client.answer()
    client.answer()
    assert client.error.code is ErrorCode.STALE_ANSWER
    silent = stage.join("encoder", slots=0)
    silent.send("answer", generation=0, sdp="v=0")
    assert silent.error.code is ErrorCode.STALE_ANSWER


def test_a_watcher_without_vp8_is_told_so() -> None:
    """All its pictures are rejected."""
    client = Stage().join()
    sdp = answer_to(client.last(Offer).sdp).replace("m=video 8081", "m=video 0")
    client.send("answer", generation=1, sdp=sdp)
    assert client.error.code is ErrorCode.NO_COMMON_CODEC
    assert "VP8" in client.error.message


def test_an_answer_with_other_lines_than_the_offer_is_refused() -> None:
    """Here the answer to an offer of three slots comes for one of two."""
    stage = Stage()
    other, client = stage.join("other", slots=3), stage.join(slots=2)
    client.send("answer", generation=1, sdp=answer_to(other.last(Offer).sdp))
    assert client.error.code is ErrorCode.SDP_INVALID
