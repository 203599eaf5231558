"""A session's life: its states, its gates, its end."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stage import Stage, example, offer_sdp, tracks
from telepresence.signaling.frames import CLIENT_TYPES
from telepresence.signaling.messages import (
    MAX_SDP_BYTES,
    Closing,
    ClosingReason,
    Error,
    ErrorCode,
    MemberLeft,
    MemberUpdate,
    Presence,
    Published,
    Role,
)


def test_without_a_join_a_socket_ends_after_five_seconds() -> None:
    """Not at 4.9 s, but at 5."""
    stage = Stage()
    client = stage.open()
    stage.advance(4.9)
    assert not client.inbox
    stage.advance(0.1)
    assert client.error.code is ErrorCode.JOIN_TIMEOUT
    assert client.last(Closing).reason is ClosingReason.REFUSED
    assert client.close_code == 4003


def test_the_first_frame_may_have_eight_kibibytes_and_later_ones_more() -> None:
    """The same long frame is too large before the join and merely unknown after it."""
    stage = Stage()
    frame = json.dumps({"type": "essay", "text": "x" * 9000})
    early = stage.open()
    early.send_raw(frame)
    assert early.error.code is ErrorCode.TOO_LARGE
    late = stage.join()
    late.send_raw(frame)
    assert late.error.code is ErrorCode.UNKNOWN_MESSAGE
    late.send_raw("x" * 100_000)
    assert late.error.code is ErrorCode.TOO_LARGE
    assert late.close_code is None


def test_a_refused_frame_names_its_request_where_that_can_be_read() -> None:
    """`re` is the request, or null."""
    client = Stage().join()
    client.send_raw('{"type": "mute", "request": 41, "mid": 7, "muted": true}')
    assert (client.error.re, client.error.code) == (41, ErrorCode.MALFORMED)
    assert "$.mid" in client.error.message
    client.send_raw('{"type": "mute", "request": true}')
    assert client.error.re is None


def test_a_frame_of_nested_brackets_is_refused() -> None:
    """Depth is no way to exhaust the stack."""
    client = Stage().join()
    client.send_raw("[" * 50_000)
    assert client.error.code is ErrorCode.MALFORMED


def test_a_burst_beyond_the_bucket_is_told_to_wait_and_a_flood_is_cut_off() -> None:
    """The bucket refills with time; sixty refused in a row end the socket."""
    stage = Stage(burst=3)
    client = stage.join()
    for _ in range(4):
        client.send("mute", mid="0", muted=True)
    assert (client.error.code, client.error.re) == (ErrorCode.TOO_MANY, 5)
    stage.advance(1)
    client.send("mute", mid="0", muted=True)
    assert client.error.code is ErrorCode.TRACK_UNKNOWN
    for _ in range(70):
        client.send("mute", mid="0", muted=True)
    assert client.close_code == 4003
    assert client.send("leave") == []
    other = stage.join("other")
    client.lose()
    assert other.last(MemberUpdate).member.presence is Presence.AWAY


def test_draining_tells_everybody_to_come_back() -> None:
    """The reason and the close code are those of a restart."""
    stage = Stage()
    client = stage.join()
    stage.perform(client.session.drain())
    assert client.last(Closing).reason is ClosingReason.DRAINING
    assert client.close_code == 1001
    assert client.session.drain() == []


def test_after_the_end_nothing_is_answered() -> None:
    """A frame behind `leave` is not read."""
    client = Stage().join()
    client.send("leave")
    assert client.send("leave") == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from(sorted({name for kind in CLIENT_TYPES.values() for name in kind.__struct_fields__}))


def bent(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Returns the golden example of a kind with some fields replaced."""
    return {**example(kind), **fields}


def bent_description(kind: str, cut: int, length: int, put: str) -> dict[str, Any]:
    """Returns a golden example with a description, a part of it replaced."""
    message = example(kind)
    text = message["sdp"]
    return {**message, "sdp": text[: cut % len(text)] + put + text[cut % len(text) + length :]}


def swapped_description(kind: str, swaps: list[tuple[str, str]], fields: dict[str, Any]) -> dict[str, Any]:
    """Returns a golden example with a description in which one word stands for another, and other fields."""
    message = {**example(kind), **fields}
    for word, other in swaps:
        message["sdp"] = message["sdp"].replace(word, other)
    return message


MESSAGES = st.builds(bent, st.sampled_from(sorted(CLIENT_TYPES)), st.dictionaries(FIELDS, JSON, max_size=3))
DESCRIPTIONS = st.builds(
    bent_description,
    st.sampled_from(["publish", "answer", "test"]),
    st.integers(0, 4000),
    st.integers(0, 400),
    st.sampled_from(["", "\r\n", "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", "a=mid:0\r\n", "a=x\r\n" * 80, "9" * 40, "\x00"])
    | st.text(),
)
WORDS = [
    ("opus/48000/2", "PCMU/8000"),
    ("VP8/90000", "VP9/90000"),
    ("H264/90000", "H265/90000"),
    ("m=audio 9", "m=audio 0"),
    ("m=video 9", "m=video 0"),
    ("m=audio", "m=application"),
    ("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
    ("a=mid:1", "a=mid:0"),
    ("a=setup", "a=setdown"),
    ("a=rtcp-mux", "a=rtcp"),
    ("BUNDLE", "LS"),
    ("sha-256", "sha-1"),
]
SWAPPED = st.builds(
    swapped_description,
    st.sampled_from(["publish", "answer", "test"]),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    st.sampled_from([{}, {"tracks": []}, {"restart": True}]),
)
WHO = st.sampled_from([None, Role.MEMBER, Role.CHAIR, Role.GUEST, Role.AUDIENCE, Role.ENCODER, Role.RECORDER])


@settings(max_examples=300, deadline=None)
@given(
    frames=st.lists(
        st.binary() | JSON.map(json.dumps) | MESSAGES.map(json.dumps) | (DESCRIPTIONS | SWAPPED).map(json.dumps),
        max_size=4,
    ),
    who=WHO,
)
def test_no_frame_whatsoever_breaks_a_session(frames: list[bytes | str], who: Role | None) -> None:
    """Any bytes, any JSON, any bent message or description, in any role: an answer or an error, and the others' room goes on."""
    stage = Stage()
    other = stage.join("other")
    client = stage.join(role=who) if who else stage.open()
    for frame in frames:
        data = frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else frame
        data = data.replace(example("test")["token"].encode(), stage.token().encode())
        replies = client.send_raw(data)
        if client.close_code is None and client.session.state.name != "GONE":
            assert replies
        stage.advance(1)
    assert not other.errors
    assert not other.all(MemberLeft) or client.close_code == 1000
    assert not stage.engine.refusals


def test_a_description_of_64_kib_is_read_and_a_longer_one_is_refused() -> None:
    """Filled up with what no browser says; as text it is still within a frame."""
    stage = Stage()
    client = stage.join(slots=0)
    text = offer_sdp()
    filled = text + "a=x-padding:" + "x" * (MAX_SDP_BYTES - len(text) - 14) + "\r\n"
    assert len(filled) == MAX_SDP_BYTES
    assert isinstance(client.send("publish", sdp=filled, tracks=tracks("0"))[0], Published)
    client.send("publish", sdp=filled + "x", tracks=tracks("0"))
    assert client.error.code is ErrorCode.MALFORMED


def test_a_description_counts_as_ten_messages() -> None:
    """Five and one mute leave nine: the sixth is told to wait, as an answer to its request; in half a second it goes."""
    stage = Stage()
    client = stage.join(slots=0)
    for _ in range(5):
        client.publish("0")
    client.send("mute", mid="0", muted=True)
    client.publish("0")
    assert (client.error.code, client.error.re) == (ErrorCode.TOO_MANY, 8)
    stage.advance(0.5)
    client.publish("0")
    assert len(client.all(Published)) == 6


@pytest.mark.parametrize("burst", [1, 2, 5, 9, 10])
def test_a_bucket_smaller_than_a_description_still_carries_one(burst: int) -> None:
    """The operator allows few messages at once: a description takes all of them, and the next one goes a second later."""
    stage = Stage(burst=burst)
    client = stage.join()
    client.answer()
    assert not client.all(Error)
    client.publish("0")
    assert (client.error.code, client.error.re) == (ErrorCode.TOO_MANY, 3)
    stage.advance(1)
    client.publish("0")
    assert len(client.all(Published)) == 1


@pytest.mark.parametrize(
    ("frame", "re"),
    [
        ('{"text": [1, {"request": 9}], "request": 41}', 41),
        ('{"type": "mute", "request": true}', None),
        ('{"type": "mute"}', None),
        ("garbage", None),
        (b"\xff", None),
        ("[" * 50_000, None),
        ('{"request": 41, "text": "' + "x" * 100_000 + '"}', None),
    ],
)
def test_a_frame_that_is_refused_unread_names_its_request_where_that_can_be_found(
    frame: str | bytes, re: int | None
) -> None:
    """The bucket is empty, and the frame may be anything."""
    client = Stage(burst=1).join()
    client.send("mute", mid="0", muted=True)
    client.send_raw(frame)
    assert (client.error.code, client.error.re) == (ErrorCode.TOO_MANY, re)
