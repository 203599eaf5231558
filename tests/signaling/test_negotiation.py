"""Descriptions of real peers are understood; bent ones are refused by line."""

import contextlib
import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stage import Stage, answer_to, offer_sdp, sdp
from telepresence.engine.commands import Codec, Extensions, Setup
from telepresence.signaling import extensions
from telepresence.signaling.codecs import OPUS, VP8
from telepresence.signaling.description import Local, MediaAddress, write_answer
from telepresence.signaling.messages import ErrorCode, Kind, Offer, TrackOffer
from telepresence.signaling.negotiation import read_down_answer, read_up_offer
from telepresence.signaling.refusal import RefusalError

CAMERA = (
    TrackOffer(mid="0", kind=Kind.AUDIO, source="camera"),
    TrackOffer(mid="1", kind=Kind.VIDEO, source="camera"),
)
MIDS = ("a0", "v0", "a1", "v1")
LOCAL = Local(MediaAddress(("192.0.2.7", "2001:db8::7"), 8081, "AB:CD"), "ourUfrag", "ourPassword", "passive")


def refusal(text: str, tracks: tuple[TrackOffer, ...] = CAMERA) -> RefusalError:
    """Returns how an offer is refused."""
    with pytest.raises(RefusalError) as caught:
        read_up_offer(text, tracks)
    return caught.value


# --- real peers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "opus", "vp8", "rtx", "mid_id"),
    [("chromium-offer", 111, 96, 97, 4), ("aiortc-offer", 96, 97, 98, 1), ("firefox-offer", 109, 120, 124, 3)],
)
def test_each_peers_offer_is_read_in_its_own_numbers(name: str, opus: int, vp8: int, rtx: int, mid_id: int) -> None:
    """Payload types, the mid extension, SSRCs and the DTLS role."""
    offer = read_up_offer(sdp(name), CAMERA)
    audio, video = (media.choice for media in offer.media)
    assert audio
    assert video
    assert (audio.found.codec, audio.found.payload_type, audio.extensions.mid) == (OPUS, opus, mid_id)
    assert (video.found.codec, video.found.payload_type, video.found.rtx_payload_type) == (VP8, vp8, rtx)
    assert {"nack", "nack pli", "goog-remb"} <= set(video.feedback)
    assert None not in (audio.ssrc, video.ssrc, video.rtx_ssrc)
    assert offer.transport.setup is Setup.PASSIVE
    assert re.fullmatch("[0-9a-f]{64}", offer.transport.fingerprint)


def test_a_ufrag_that_looks_like_a_number_stays_a_text() -> None:
    """The Firefox fixture has `12e40000`, which a careless parser makes a number of."""
    assert read_up_offer(sdp("firefox-offer"), CAMERA).transport.ufrag == "12e40000"


def test_transport_wide_feedback_is_taken_whole_or_not_at_all() -> None:
    """Chromium offers it for sound and picture; without its extension, or without the feedback, it is left out."""
    whole = sdp("chromium-offer")
    for text, taken in (
        (whole, True),
        (re.sub(r"a=extmap:\d+ \S+transport-wide-cc\S+\r\n", "", whole), False),
        (re.sub(r"a=rtcp-fb:\d+ transport-cc\r\n", "", whole), False),
    ):
        offer = read_up_offer(text, CAMERA)
        answer = write_answer(offer, LOCAL, 5, 1)
        assert [media.choice.extensions.transport_cc is not None for media in offer.media if media.choice] == [
            taken
        ] * 2
        assert answer.count(" transport-cc\r\n") == answer.count("transport-wide-cc") == 2 * taken


@pytest.mark.parametrize("name", ["chromium-offer", "aiortc-offer", "firefox-offer"])
def test_the_answer_keeps_the_peers_numbers(name: str) -> None:
    """One codec a line, the extensions that are read and no other, all candidates inside."""
    offer = read_up_offer(sdp(name), CAMERA)
    answer = write_answer(offer, LOCAL, 5, 1)
    for media in offer.media:
        assert media.choice
        assert f"a=rtpmap:{media.choice.found.payload_type} " in answer
        assert f"a=extmap:{media.choice.extensions.mid} urn:ietf:params:rtp-hdrext:sdes:mid" in answer
    taken = [len(extensions.ids(media.choice.extensions)) for media in offer.media if media.choice]
    assert answer.count("a=extmap:") == sum(taken)
    assert "a=ice-lite\r\n" in answer
    assert "a=group:BUNDLE 0 1\r\n" in answer
    assert answer.count("a=recvonly") == 2
    assert "a=candidate:1 1 udp 2130706431 192.0.2.7 8081 typ host\r\n" in answer
    assert "a=candidate:2 1 udp 2130706175 2001:db8::7 8081 typ host\r\n" in answer
    assert answer.count("a=end-of-candidates") == 2
    assert all(line.isascii() for line in answer.split("\r\n"))


PICTURES = {
    "chromium-answer": (Codec.VP8, Codec.H264),
    "aiortc-answer": (Codec.VP8, Codec.H264),
    "firefox-answer": (Codec.VP8,),
}
EXTENSIONS = {
    "chromium-answer": Extensions(mid=1, abs_send_time=2, audio_level=3, video_orientation=4),
    "aiortc-answer": Extensions(mid=1, abs_send_time=2, audio_level=3),
    "firefox-answer": Extensions(mid=1, abs_send_time=2, audio_level=3),
}


@pytest.mark.parametrize("name", list(PICTURES))
def test_each_peers_answer_takes_what_it_has_and_makes_us_dtls_server(name: str) -> None:
    """Opus, VP8 and perhaps H264, each with RTX and NACK; aiortc and Firefox take the send time for pictures alone."""
    answer = read_down_answer(sdp(name), MIDS)
    opus, *pictures = answer.codecs
    assert (opus.codec, opus.payload_type) == (Codec.OPUS, 111)
    assert tuple(picture.codec for picture in pictures) == PICTURES[name]
    numbers = {Codec.VP8: (96, 97, True), Codec.H264: (102, 103, True)}
    for picture in pictures:
        assert (picture.payload_type, picture.rtx_payload_type, picture.nack) == numbers[picture.codec]
    assert answer.extensions == EXTENSIONS[name]
    assert answer.transport.setup is Setup.PASSIVE


@pytest.mark.parametrize(
    ("old", "new", "codecs"),
    [
        ("packetization-mode=1", "packetization-mode=0", [Codec.OPUS, Codec.VP8]),
        ("profile-level-id=42e01f", "profile-level-id=640c1f", [Codec.OPUS, Codec.VP8]),
        ("VP8/90000", "VP9/90000", [Codec.OPUS, Codec.H264]),
        ("a=rtpmap:96 VP8/90000", "a=rtpmap:98 VP8/90000", [Codec.OPUS, Codec.H264]),
    ],
)
def test_a_codec_that_the_watcher_bent_is_not_sent_to_it(old: str, new: str, codecs: list[Codec]) -> None:
    """Another mode, another profile, another codec or another number than ours."""
    answer = read_down_answer(sdp("chromium-answer").replace(old, new), MIDS)
    assert [codec.codec for codec in answer.codecs] == codecs


def test_what_one_line_of_an_answer_leaves_out_none_is_sent() -> None:
    """The engine keeps one table a connection: here the last picture has neither H264 nor RTX nor NACK."""
    head, tail = sdp("chromium-answer").rsplit("m=video", 1)
    drop = ("a=rtpmap:102", "a=rtpmap:97", "a=fmtp:97", "a=rtcp-fb:96 nack", "a=extmap:4", "a=extmap:2")
    tail = "\r\n".join(line for line in tail.split("\r\n") if not line.startswith(drop))
    answer = read_down_answer(f"{head}m=video{tail}", MIDS)
    _, vp8 = answer.codecs
    assert (vp8.codec, vp8.rtx_payload_type, vp8.nack) == (Codec.VP8, None, False)
    assert answer.extensions == Extensions(mid=1, audio_level=3)


def test_a_peer_that_is_dtls_server_makes_us_the_client() -> None:
    """PyAV's WHIP offers `setup:passive`."""
    text = offer_sdp().replace("a=setup:actpass", "a=setup:passive")
    assert read_up_offer(text, CAMERA).transport.setup is Setup.ACTIVE


def test_our_offer_has_a_pair_of_lines_a_slot_in_lip_sync() -> None:
    """Mids, the shared stream, RTX by FID, and what every browser needs."""
    offer = Stage().join(slots=2).last(Offer).sdp
    assert "a=group:BUNDLE a0 v0 a1 v1\r\n" in offer
    assert offer.count("a=msid:slot1 ") == 2
    assert offer.count("a=ssrc-group:FID ") == 2
    assert offer.count("a=setup:actpass") == 4
    assert re.findall(r"m=(\S+) \d+ \S+ (.+)\r\n", offer) == [("audio", "111"), ("video", "96 97 102 103")] * 2
    assert offer.count("a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n") == 2
    assert re.findall(r"a=extmap:(\d)", offer) == ["1", "2", "3", "1", "2", "4"] * 2
    assert "transport-cc" not in offer
    assert offer.count("a=candidate:") == 4  # aiortc keeps those of the last m-line
    ufrag = re.findall(r"a=ice-ufrag:(\S+)", offer)
    pwd = re.findall(r"a=ice-pwd:(\S+)", offer)
    assert len(set(ufrag)) == len(set(pwd)) == 1
    assert len(ufrag[0]) >= 8
    assert len(pwd[0]) >= 22


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("v=0", "v=1", "Line 1"),
        ("s=-", "nonsense", "Line 3"),
        ("a=ice-ufrag:Kx4d", "a=ice-ufrag:Kx", "ice-ufrag"),
        ("a=ice-pwd:Zq3JvH8cT1mWb6yR0sNfEu5k", "a=ice-pwd:short", "ice-pwd"),
        ("a=fingerprint:sha-256 8F:", "a=fingerprint:sha-256 XX:", "hex digits"),
        ("a=fingerprint:sha-256", "a=fingerprint:sha-1", "sha-256"),
        ("a=setup:actpass", "a=setup:holdconn", "actpass"),
        ("a=setup:actpass\r\n", "", "a=setup"),
        ("a=mid:1\r\n", "", "a=mid"),
        ("a=mid:1", "a=mid:0", "mid"),
        ("a=rtcp-mux\r\n", "", "rtcp-mux"),
        ("a=group:BUNDLE 0 1", "a=group:BUNDLE 0", "BUNDLE"),
        ("a=rtpmap:96 VP8", "a=rtpmap:196 VP8", "0 to 127"),
        ("FID 2001 2002", "FID 2001 4294967296", "4294967295"),
        ("m=video 9 ", "m=video 99999 ", "65535"),
        ("m=video 9 UDP/TLS/RTP/SAVPF 96 97", "m=video 9", "m-line needs"),
        ("a=extmap:4 ", "a=extmap:15 ", "1 to 14"),
        ("m=video", "m=audio", "is video"),
        ("a=sendonly", "a=recvonly", "sendonly or sendrecv"),
    ],
)
def test_a_bent_offer_is_refused_in_words(old: str, new: str, words: str) -> None:
    """Each names what is wrong, and where there is a line, the line."""
    error = refusal(offer_sdp().replace(old, new))
    assert error.code is ErrorCode.SDP_INVALID
    assert words in error.message


def test_lines_that_do_not_share_one_transport_are_refused() -> None:
    """The second m-line has another ufrag."""
    head, tail = offer_sdp().split("m=video")
    error = refusal(head + "m=video" + tail.replace("Kx4d", "Other"))
    assert "share one" in error.message


@pytest.mark.parametrize(("codec", "other"), [("VP8", "VP9"), ("opus", "PCMU")])
def test_an_offer_without_our_codec_has_nothing_in_common(codec: str, other: str) -> None:
    """Told by a code of its own, so that a page can say it in its own words."""
    assert refusal(offer_sdp().replace(codec, other)).code is ErrorCode.NO_COMMON_CODEC


def test_too_many_lines_and_too_many_bytes_are_refused() -> None:
    """64 m-lines and 64 KiB are the bounds."""
    tail = "m=" + offer_sdp().split("m=")[2]
    many = offer_sdp() + "".join(tail.replace("a=mid:1", f"a=mid:{n}") for n in range(2, 65))
    assert "64 m-lines" in refusal(many).message
    assert "65536" in refusal(offer_sdp() + "a=x:" + "é" * 40_000).message


OFFERS = [
    "chromium-offer",
    "chromium-simulcast-offer",
    "chromium-simulcast-h264-offer",
    "firefox-simulcast-offer",
    "aiortc-offer",
    "ffmpeg-whip-offer",
]
CHANGE = st.tuples(
    st.integers(0, 400), st.sampled_from(["drop", "repeat", "cut", "swap", "name", "replace"]), st.text(max_size=12)
)


def changed(line: str, change: str, text: str) -> list[str]:
    """Returns what becomes of a line."""
    return {
        "drop": [],
        "repeat": [line, line],
        "cut": [line[: len(line) // 2]],
        "swap": [line[::-1]],
        "name": [line.partition(":")[0] + ":"],
        "replace": [line[:5] + text],
    }[change]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(OFFERS), st.lists(CHANGE, max_size=4))
@example("chromium-offer", [(place, "name", "") for place in range(400)])
@example("firefox-simulcast-offer", [(place, "name", "") for place in range(8, 400)])
def test_no_mutation_of_an_offer_breaks_the_reader(name: str, changes: list[tuple[int, str, str]]) -> None:
    """Lines dropped, repeated, cut, replaced: it is read or refused, and a read one can be answered."""
    lines = sdp(name).split("\r\n")
    for place, change, text in changes:
        index = place % max(1, len(lines))
        lines[index : index + 1] = changed(lines[index], change, text) if lines else []
    with contextlib.suppress(RefusalError):
        offer = read_up_offer("\r\n".join(lines), CAMERA)
        assert write_answer(offer, LOCAL, 1, 1).startswith("v=0\r\n")


ATTRIBUTES = [line for name in ("chromium-offer", "firefox-offer") for line in sdp(name).split("\r\n") if ":" in line]


@pytest.mark.parametrize("line", sorted({line.partition(":")[0] for line in ATTRIBUTES}))
@pytest.mark.parametrize("value", ["", " ", "FID", "0", "96", "\t1 2 3"])
def test_no_attribute_with_a_value_cut_short_breaks_the_reader(line: str, value: str) -> None:
    """Each attribute that browsers write, with next to nothing behind its colon."""
    bent = offer_sdp().replace("a=sendonly\r\n", f"a=sendonly\r\n{line}:{value}\r\n")
    with contextlib.suppress(RefusalError):
        read_up_offer(bent, CAMERA)


@settings(max_examples=200, deadline=None)
@given(st.text(), st.integers(0, 4000))
def test_no_mutation_of_an_answer_breaks_the_reader(text: str, place: int) -> None:
    """Any text put anywhere."""
    whole = answer_to(Stage().join(slots=2).last(Offer).sdp)
    bent = whole[:place] + text + whole[place:]
    with contextlib.suppress(RefusalError):
        read_down_answer(bent, MIDS)


# --- work ---------------------------------------------------------------------------------------

PER_LINE = 400
"""Steps of Python's machine that a line of a description may cost; a browser's offer takes about 230."""


def steps(work: Callable[[], object]) -> int:
    """Counts the steps (bytecode instructions) of some work: the same on every machine, unlike time."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def crowded(shared: list[str], own: list[str], sections: int = 60) -> str:
    """Returns an offer of many m-lines, with many attributes of the session and of each m-line."""
    transport = ["a=ice-ufrag:abcd", f"a=ice-pwd:{'p' * 24}", f"a=fingerprint:sha-256 {':'.join(['AB'] * 32)}"]
    lines = ["v=0", *shared, f"a=group:BUNDLE {' '.join(map(str, range(sections)))}", *transport, "a=setup:actpass"]
    for mid in range(sections):
        lines += ["m=video 9 UDP/TLS/RTP/SAVPF 96", *own, f"a=mid:{mid}", "a=rtcp-mux", "a=rtpmap:96 VP8/90000"]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("shared", "own"),
    [
        (["a=b"] * 7000, []),
        (["a=fingerprint:x y"] * 2000, []),
        (["a=fingerprint:x y"] * 50, ["a=rtcp-fb:97 nack"] * 30),
        ([], ["a=b"] * 150),
        ([], ["a=fmtp:97 apt=98"] * 30),
        ([], ["a=fingerprint:x y"] * 30),
    ],
    ids=["crowded session", "fingerprints", "both", "crowded m-lines", "formats", "fingerprints of each"],
)
def test_the_work_for_an_offer_grows_with_its_lines_alone(shared: list[str], own: list[str]) -> None:
    """Not with m-lines times attributes: one participant could hold up everybody with legal descriptions."""
    text = crowded(shared, own)
    assert len(text) < 64 * 1024

    def read() -> None:
        with contextlib.suppress(RefusalError):
            read_up_offer(text, ())

    assert steps(read) < PER_LINE * text.count("\n")


def test_more_attributes_of_the_session_than_any_browser_writes_are_refused() -> None:
    """By the line of the first one too many."""
    assert "at most 64 attributes" in refusal(crowded(["a=b"] * 65, [])).message
