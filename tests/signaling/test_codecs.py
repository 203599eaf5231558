"""Which codec of a publisher is taken, and by what parameters it is answered."""

import pytest

from stage import offer_sdp, sdp
from telepresence.signaling.codecs import H264, VP8
from telepresence.signaling.description import Local, MediaAddress, write_answer
from telepresence.signaling.messages import ErrorCode, Kind, TrackOffer
from telepresence.signaling.negotiation import MediaChoice, UpOffer, read_up_offer
from telepresence.signaling.refusal import RefusalError

CAMERA = (TrackOffer(mid="1", kind=Kind.VIDEO, source="camera"),)
LOCAL = Local(MediaAddress(("192.0.2.7",), 8081, "AB:CD"), "ourUfrag", "ourPassword", "passive")
MODE = "level-asymmetry-allowed=1;packetization-mode="


def picture(offer: UpOffer) -> MediaChoice:
    """Returns what was chosen for the camera."""
    (choice,) = [media.choice for media in offer.media if media.kind == Kind.VIDEO]
    assert choice
    return choice


def h264(*variants: str) -> str:
    """Returns an offer of H264 alone, in variants from payload type 100 on; RTX of each is 10 more."""
    lines: list[str] = []
    for own, parameters in enumerate(variants, start=100):
        lines += [f"a=rtpmap:{own} H264/90000", f"a=rtpmap:{own + 10} rtx/90000", f"a=fmtp:{own + 10} apt={own}"]
        lines += [f"a=fmtp:{own} {parameters}"] if parameters else []
    numbers = " ".join(str(own) for own in range(100, 100 + len(variants)))
    head, _ = offer_sdp().split("a=rtpmap:96")
    return head.replace("SAVPF 96 97", f"SAVPF {numbers}") + "\r\n".join(lines) + "\r\n"


def test_vp8_is_taken_before_h264_whatever_the_peer_prefers() -> None:
    """Every watcher has VP8; Chromium's own order is turned round here."""
    text = sdp("chromium-offer").replace("SAVPF 96 97 102 103", "SAVPF 102 103 96 97")
    assert picture(read_up_offer(text, CAMERA)).found.codec is VP8


@pytest.mark.parametrize(
    ("name", "own", "rtx"),
    [("chromium-h264-offer", 102, 103), ("chromium-simulcast-h264-offer", 102, 103), ("ffmpeg-whip-offer", 106, 105)],
)
def test_h264_of_real_peers_is_taken_in_their_numbers(name: str, own: int, rtx: int) -> None:
    """Mode 1 and baseline, as the peers list them first; the answer says the same."""
    offer = read_up_offer(sdp(name), CAMERA)
    found = picture(offer).found
    assert (found.codec, found.payload_type, found.rtx_payload_type) == (H264, own, rtx)
    answer = write_answer(offer, LOCAL, 1, 1)
    assert f"a=fmtp:{own} {found.parameters}\r\n" in answer
    assert "packetization-mode=1;profile-level-id=4200" in str(found.parameters)
    assert f"a=fmtp:{rtx} apt={own}\r\n" in answer


@pytest.mark.parametrize(
    ("variants", "own"),
    [
        (["packetization-mode=0;profile-level-id=42e01f", "packetization-mode=1;profile-level-id=42001f"], 101),
        (["packetization-mode=1;profile-level-id=640c1f", "packetization-mode=1;profile-level-id=42E034"], 101),
        (["packetization-mode=1;profile-level-id=4d001f", "packetization-mode=0;profile-level-id=42e00a"], 101),
        (["packetization-mode=2;profile-level-id=42e01f", ""], 101),
        (["profile-level-id=42001f; packetization-mode=1", "packetization-mode=1;profile-level-id=42e01f"], 100),
    ],
    ids=["mode 1 first", "no high profile", "no main profile", "neither interleaved", "the peer's order"],
)
def test_of_several_h264_the_one_that_watchers_decode_is_taken(variants: list[str], own: int) -> None:
    """By profile, then by mode, then by the peer's order; levels say nothing."""
    found = picture(read_up_offer(h264(*variants), CAMERA)).found
    assert (found.payload_type, found.rtx_payload_type) == (own, own + 10)


@pytest.mark.parametrize("profile", ["640c1f", "4d001f", "58001f", "42e0", "nonsense"])
def test_h264_that_watchers_may_not_decode_is_refused_with_what_would_be_right(profile: str) -> None:
    """Main, high, extended, and what is no profile."""
    with pytest.raises(RefusalError, match="42…") as caught:
        read_up_offer(h264(f"packetization-mode=1;profile-level-id={profile}"), CAMERA)
    assert caught.value.code is ErrorCode.NO_COMMON_CODEC


def test_the_answer_repeats_of_h264_what_must_stay_and_nothing_else() -> None:
    """Parameter sets and limits of the sender are its own."""
    text = h264("sprop-parameter-sets=Z0LAH9k=,aM4=;packetization-mode=1;profile-level-id=42C01F;max-br=9")
    answer = write_answer(read_up_offer(text, CAMERA), LOCAL, 1, 1)
    assert "a=fmtp:100 packetization-mode=1;profile-level-id=42C01F\r\n" in answer
