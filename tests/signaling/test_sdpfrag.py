"""Fragments of descriptions: what is read, what is refused and where, and what is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telepresence.signaling import sdpfrag
from telepresence.signaling.description import Local, MediaAddress
from telepresence.signaling.sdp import SdpError
from telepresence.signaling.sdpfrag import Fragment

UFRAG, PWD = "EsAw", "P2uYro0UCOQ4zxjKXaWCBui1"
TRICKLE = f"""a=ice-ufrag:{UFRAG}
a=ice-pwd:{PWD}
m=audio 9 RTP/AVP 0
a=mid:0
a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1
a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0 ufrag EsAw network-id 1
a=end-of-candidates
"""
"""Shape of RFC 9725's example."""

LETTERS = st.characters(categories=["L", "N", "P", "Z", "C"])
LINES = st.one_of(
    st.sampled_from([*TRICKLE.splitlines(), "a=ice-ufrag:abc", "a=ice-pwd:short", "a=", "m=", "v=0", "a=ice-lite"]),
    st.text(LETTERS, max_size=30),
)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_credentials_are_read_and_candidates_passed_over(end: str) -> None:
    """Lines end as they will."""
    assert sdpfrag.read(TRICKLE.replace("\n", end)) == Fragment(UFRAG, PWD)


def test_candidates_alone_have_no_credentials() -> None:
    """Some clients send nothing else."""
    assert sdpfrag.read("m=audio 9 RTP/AVP 0\na=mid:0\na=end-of-candidates") == Fragment(None, None)


def test_credentials_may_stand_under_each_m_line_if_they_agree() -> None:
    """All m-lines share one connection."""
    text = f"m=audio 9 RTP/AVP 0\na=ice-ufrag:{UFRAG}\na=ice-pwd:{PWD}\n" * 2
    assert sdpfrag.read(text).ufrag == UFRAG
    with pytest.raises(SdpError, match=r"Line 3 .*differs"):
        sdpfrag.read(f"a=ice-ufrag:{UFRAG}\na=ice-pwd:{PWD}\na=ice-ufrag:Other")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no attribute"),
        ("\n\n", "no attribute"),
        ("m=audio 9 RTP/AVP 0", "no attribute"),
        ("nonsense", "Line 1 .*`a=` or `m=`"),
        (f"a=ice-ufrag:{UFRAG}\nv=0", "Line 2 .*`a=` or `m=`"),
        ("a=ice-ufrag:abc\na=ice-pwd:" + PWD, "Line 1 .*4 to 256"),
        (f"a=ice-ufrag:{UFRAG}\na=ice-pwd:short", "Line 2 .*22 to 256"),
        (f"a=ice-ufrag:{UFRAG}", "belong together"),
        ("a=x:" + "y" * 65_536, "65540 bytes"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, words: str) -> None:
    """So that who writes a client finds it."""
    with pytest.raises(SdpError, match=words):
        sdpfrag.read(text)


@given(st.lists(LINES, max_size=12), st.sampled_from(["\n", "\r\n", "\r"]))
def test_whatever_comes_is_read_or_refused(lines: list[str], end: str) -> None:
    """What is read is fit for the engine."""
    try:
        fragment = sdpfrag.read(end.join(lines))
    except SdpError:
        return
    assert (fragment.ufrag is None) == (fragment.pwd is None)
    assert fragment.ufrag is None or 4 <= len(fragment.ufrag) <= 256


@given(st.text(LETTERS, max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Also lone surrogates, which no UTF-8 has."""
    try:
        sdpfrag.read(text)
    except SdpError:
        return


def test_our_own_fragment_has_what_a_client_needs() -> None:
    """Credentials, and where to send: ICE-lite has no more to say, ever."""
    local = Local(MediaAddress(("192.0.2.7", "198.51.100.7"), 8081, "AA"), "ours", PWD, "passive")
    text = sdpfrag.write(local, "video", "1")
    assert sdpfrag.read(text) == Fragment("ours", PWD)
    lines = text.split("\r\n")
    assert lines[:5] == ["a=ice-lite", "a=ice-ufrag:ours", f"a=ice-pwd:{PWD}", "m=video 9 RTP/AVP 0", "a=mid:1"]
    assert [line.split()[4] for line in lines if line.startswith("a=candidate")] == ["192.0.2.7", "198.51.100.7"]
    assert lines[-2:] == ["a=end-of-candidates", ""]
