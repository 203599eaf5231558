"""Simulcast: which layers are read, how they are answered, and which lists are refused."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stage import offer_sdp, sdp
from telepresence.signaling.codecs import H264, VP8, RoomCodec
from telepresence.signaling.description import Local, MediaAddress, write_answer
from telepresence.signaling.messages import ErrorCode, Kind, TrackOffer
from telepresence.signaling.negotiation import MediaChoice, read_up_offer
from telepresence.signaling.refusal import RefusalError

CAMERA = (TrackOffer(mid="1", kind=Kind.VIDEO, source="camera"),)
LOCAL = Local(MediaAddress(("192.0.2.7",), 8081, "AB:CD"), "ourUfrag", "ourPassword", "passive")
RID = "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED = "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"


def offer(*lines: str) -> str:
    """Returns the golden offer with lines added to its picture."""
    return offer_sdp() + "".join(f"{line}\r\n" for line in lines)


def layered(simulcast: str, *rids: str) -> str:
    """Returns an offer with that list, and a line for each rid."""
    return offer(RID, REPAIRED, *(f"a=rid:{rid} send" for rid in rids), f"a=simulcast:{simulcast}")


def picture(text: str) -> MediaChoice:
    """Reads an offer; returns what was chosen for its picture."""
    choice = read_up_offer(text, CAMERA).media[1].choice
    assert choice
    return choice


@pytest.mark.parametrize(
    ("name", "codec", "rid", "repaired"),
    [
        ("chromium-simulcast-offer", VP8, 10, 11),
        ("chromium-simulcast-h264-offer", H264, 10, 11),
        ("firefox-simulcast-offer", VP8, 8, 9),
    ],
)
def test_three_layers_of_real_peers_are_taken_and_told_by_rid_alone(
    name: str, codec: RoomCodec, rid: int, repaired: int
) -> None:
    """Firefox writes SSRCs beside its rids, without saying whose: they are left out."""
    read = read_up_offer(sdp(name), CAMERA)
    choice = read.media[1].choice
    assert choice
    assert choice.found.codec is codec
    assert choice.rids == ("q", "h", "f")
    assert (choice.ssrc, choice.rtx_ssrc) == (None, None)
    assert (read.extensions.rid, read.extensions.repaired_rid) == (rid, repaired)
    answer = write_answer(read, LOCAL, 1, 1)
    assert "a=rid:q recv\r\na=rid:h recv\r\na=rid:f recv\r\na=simulcast:recv q;h;f\r\n" in answer
    assert f"a=extmap:{rid} urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n" in answer
    assert f"a=extmap:{repaired} urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n" in answer


def test_a_plain_offer_has_no_layers_and_no_need_of_their_extensions() -> None:
    """Chromium offers both extensions all the same."""
    read = read_up_offer(sdp("chromium-offer"), CAMERA)
    answer = write_answer(read, LOCAL, 1, 1)
    assert (read.extensions.rid, read.extensions.repaired_rid) == (None, None)
    assert "stream-id" not in answer
    assert "simulcast" not in answer


def test_without_the_rid_extension_layers_could_not_be_told_apart() -> None:
    """The offer is taken as one layer; the SSRCs count again."""
    text = layered("send q;f", "q", "f").replace(f"{RID}\r\n", "")
    choice = picture(text)
    assert choice.rids == ()
    assert choice.ssrc == 2001
    assert "rid" not in write_answer(read_up_offer(text, CAMERA), LOCAL, 1, 1)


@pytest.mark.parametrize(
    ("simulcast", "rids"),
    [
        ("send f", ("f",)),
        ("send h;f", ("h", "f")),
        ("send f;h;q", ("f", "h", "q")),
        ("send ~q;h", ("q", "h")),
        ("send q,~h;f", ("q", "f")),
        ("send q;f recv h", ("q", "f")),
        ("recv h send q", ("q",)),
        ("recv h", ()),
    ],
)
def test_one_to_three_layers_in_the_order_of_the_offer(simulcast: str, rids: tuple[str, ...]) -> None:
    """The first of alternatives, paused or not; what the peer would receive is not our concern."""
    assert picture(layered(simulcast, "q", "h", "f")).rids == rids


@pytest.mark.parametrize(
    "simulcast",
    [
        "send a;b;c;d",
        "send q;q",
        "send q;",
        "send ;q",
        "send q,;h",
        "send",
        "send ~",
        "send q send h",
        "share q",
        "q;h;f",
        "send q;h recv",
        "send rid=q",
        "send q;unknown",
        "send 12345678901234567",
        "",
    ],
)
def test_a_bent_list_is_refused_by_its_line(simulcast: str) -> None:
    """Too many, twice, empty, without a direction, without its `a=rid`."""
    rids = ("a", "b", "c", "d", "q", "h", "f", "12345678901234567")
    text = layered(simulcast, *rids)
    with pytest.raises(RefusalError) as caught:
        picture(text)
    assert caught.value.code is ErrorCode.SDP_INVALID
    line = text.split("\r\n").index(f"a=simulcast:{simulcast}") + 1
    assert f"Line {line} " in caught.value.message
    assert "rid" in caught.value.message


def test_two_lists_are_refused() -> None:
    """The second line is named."""
    with pytest.raises(RefusalError, match="one `a=simulcast` at most"):
        picture(offer(RID, "a=rid:q send", "a=simulcast:send q", "a=simulcast:send q"))


WORD = st.text("qhf~,; \tsendrcv=*", max_size=12)
LINES = st.lists(
    st.builds(
        "{}{}".format,
        st.sampled_from(["a=rid:", "a=simulcast:", "a=simulcast:send ", "a=rid:q send", "a=rid:h send ", RID]),
        WORD,
    ),
    max_size=6,
)


@settings(max_examples=300)
@given(LINES)
def test_whatever_lines_of_layers_come_they_are_read_or_refused(lines: list[str]) -> None:
    """What is read has one to three distinct layers, or none, and can be answered with the same."""
    with contextlib.suppress(RefusalError):
        read = read_up_offer(offer(*lines), CAMERA)
        choice = read.media[1].choice
        assert choice
        assert len(set(choice.rids)) == len(choice.rids) <= 3
        answer = write_answer(read, LOCAL, 1, 1)
        assert answer.count("a=rid:") == len(choice.rids)
        assert answer.count(f"a=simulcast:recv {';'.join(choice.rids)}\r\n") == bool(choice.rids)
