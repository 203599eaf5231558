"""Header extensions: which are taken from a publisher, and under which ids."""

import pytest

from stage import offer_sdp, sdp
from telepresence.engine.commands import Extensions
from telepresence.signaling.description import Local, MediaAddress, write_answer
from telepresence.signaling.messages import ErrorCode, Kind, TrackOffer
from telepresence.signaling.negotiation import read_up_offer
from telepresence.signaling.refusal import RefusalError

CAMERA = (
    TrackOffer(mid="0", kind=Kind.AUDIO, source="camera"),
    TrackOffer(mid="1", kind=Kind.VIDEO, source="camera"),
)
LOCAL = Local(MediaAddress(("192.0.2.7",), 8081, "AB:CD"), "ourUfrag", "ourPassword", "passive")
ORIENTATION = "urn:3gpp:video-orientation"
MIXED = "a=extmap-allow-mixed\r\n"


def with_lines(*lines: str) -> str:
    """Returns the golden offer with lines added to its picture."""
    return offer_sdp() + "".join(f"{line}\r\n" for line in lines)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("chromium-offer", Extensions(mid=4, transport_cc=3, audio_level=1, video_orientation=13)),
        (
            "chromium-simulcast-offer",
            Extensions(mid=4, rid=10, repaired_rid=11, transport_cc=3, audio_level=1, video_orientation=13),
        ),
        ("firefox-offer", Extensions(mid=3, transport_cc=7, audio_level=1)),
        ("firefox-simulcast-offer", Extensions(mid=3, rid=8, repaired_rid=9, transport_cc=7, audio_level=1)),
        ("aiortc-offer", Extensions(mid=1, audio_level=2)),
        ("ffmpeg-whip-offer", Extensions()),
    ],
)
def test_of_each_peers_extensions_those_that_the_engine_reads_are_taken(name: str, taken: Extensions) -> None:
    """The level in sound, the orientation in pictures; the send time is nothing to us, for we send no REMB by it."""
    read = read_up_offer(sdp(name), CAMERA)
    assert read.extensions == taken
    audio, video = write_answer(read, LOCAL, 1, 1).split("m=video")
    assert ("ssrc-audio-level" in audio) == (taken.audio_level is not None)
    assert (ORIENTATION in video) == (taken.video_orientation is not None)
    assert "abs-send-time" not in audio + video


@pytest.mark.parametrize("at_session", [True, False])
def test_ids_of_two_bytes_need_the_peers_word_and_are_answered_where_it_stands(at_session: bool) -> None:
    """Without `extmap-allow-mixed` the same id is refused."""
    text = with_lines(f"a=extmap:200 {ORIENTATION}")
    with pytest.raises(RefusalError, match="1 to 14"):
        read_up_offer(text, CAMERA)
    text = text.replace("s=-\r\n", f"s=-\r\n{MIXED}") if at_session else text + MIXED
    read = read_up_offer(text, CAMERA)
    assert read.extensions.video_orientation == 200
    head, _, video = write_answer(read, LOCAL, 1, 1).split("m=")
    assert (MIXED in head, MIXED in video) == (at_session, not at_session)
    with pytest.raises(RefusalError, match="1 to 255"):
        read_up_offer(text.replace("a=extmap:200", "a=extmap:256"), CAMERA)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([f"a=extmap:0 {ORIENTATION}"], "1 to 14"),
        ([f"a=extmap:4 {ORIENTATION}"], "an id of its own"),
        ([], "one id, not 5 and 4"),
    ],
)
def test_in_a_bundle_an_id_means_one_extension_and_an_extension_has_one_id(lines: list[str], words: str) -> None:
    """Else a packet could not be read before its m-line is known."""
    text = with_lines(*lines) if lines else offer_sdp().replace("a=extmap:4", "a=extmap:5", 1)
    with pytest.raises(RefusalError) as caught:
        read_up_offer(text, CAMERA)
    assert caught.value.code is ErrorCode.SDP_INVALID
    assert words in caught.value.message
