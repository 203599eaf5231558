"""Which codecs the room has, and how they are found in a peer's m-line.

`negotiation.py` asks here what a peer offers or took; `description.py` writes what stands in the table below. Everything
that differs between codecs is here: parameters, feedback, and which of several variants fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from telepresence.engine.commands import Codec
from telepresence.signaling.messages import Kind
from telepresence.signaling.sdp import MAX_PAYLOAD_TYPE, Section, number

MAX_CLOCK_RATE = 2**32 - 1

VIDEO_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb")
"""Feedback that we offer to a watcher of pictures. Transport-cc is left out: nothing estimates the downlink yet."""

TRANSPORT_CC = "transport-cc"
UP_FEEDBACK = {Kind.AUDIO: (TRANSPORT_CC,), Kind.VIDEO: (*VIDEO_FEEDBACK, TRANSPORT_CC)}
"""Feedback that we take from what a publisher offers; its sound counts for its estimate too."""


@dataclass(frozen=True, slots=True)
class RoomCodec:
    """A codec with the payload types of all our offers. `parameters` is its `fmtp` there."""

    codec: Codec
    kind: Kind
    encoding: str
    payload_type: int
    clock_rate: int
    rtx_payload_type: int | None = None
    parameters: str | None = None


OPUS = RoomCodec(Codec.OPUS, Kind.AUDIO, "opus/48000/2", 111, 48_000, parameters="minptime=10;useinbandfec=1")
"""Parameters as browsers offer them: in-band FEC costs little and hides single losses. Source: RFC 7587 §4.1, §6.1."""

VP8 = RoomCodec(Codec.VP8, Kind.VIDEO, "VP8/90000", 96, 90_000, 97)
"""Source: RFC 7741 §6."""

H264_PARAMETERS = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
"""Constrained baseline, which every browser that has H264 decodes. Source: RFC 7742 §6.2, RFC 6184 §8.1."""

H264 = RoomCodec(Codec.H264, Kind.VIDEO, "H264/90000", 102, 90_000, 103, H264_PARAMETERS)

CODECS = {Kind.AUDIO: (OPUS,), Kind.VIDEO: (VP8, H264)}
"""Best first: of what a publisher offers, the first that is in the room's set is taken."""

WORDS = {
    Codec.OPUS: "Opus",
    Codec.VP8: "VP8",
    Codec.H264: "H264 in constrained baseline (profile-level-id 42…)",
}


def of_room(codecs: Iterable[str], kind: Kind) -> tuple[RoomCodec, ...]:
    """Returns the codecs of a room's set that are of that kind, best first."""
    return tuple(codec for codec in CODECS[kind] if codec.codec.value in codecs)


def lacks(codecs: Iterable[str], kind: Kind) -> str:
    """Says what an m-line of that kind lacks: "no VP8 and no H264 …"."""
    return " and ".join(f"no {WORDS[codec.codec]}" for codec in of_room(codecs, kind))


_BASELINE = re.compile(r"42[0-9a-f]{4}")
"""`profile-level-id` of (constrained) baseline at any level. Source: RFC 6184 §8.1."""

NO_PROFILE = "42000a"
"""An H264 that names no profile is baseline at level 1. Source: RFC 6184 §8.1."""

BEST_MODE = 1
"""Non-interleaved: a picture may be cut at any byte, so a packet fits the network. Source: RFC 6184 §6.3."""

_MODES = {"0": 0, "1": BEST_MODE}
"""Modes of packets that the engine reads; 2 is interleaved, which adds delay and no browser has."""


@dataclass(frozen=True, slots=True)
class Found:
    """A codec of the room in a peer's m-line, in the peer's numbers. `parameters` is the `fmtp` of our answer."""

    codec: RoomCodec
    payload_type: int
    rtx_payload_type: int | None
    parameters: str | None
    feedback: tuple[str, ...]


class Formats:
    """The payload types of one m-line, each attribute read once."""

    def __init__(self, section: Section) -> None:
        """Raises SdpError."""
        self._preferred = [int(fmt) for fmt in section.formats if fmt.isascii() and fmt.isdigit() and len(fmt) <= 3]  # noqa: PLR2004 (three digits hold a payload type)
        self._encodings = _encodings(section)
        self._parameters = _parameters(section)
        self._feedback = _feedback(section)

    def choose(self, wanted: Iterable[RoomCodec]) -> Found | None:
        """Returns the first of those codecs that the m-line has, or null."""
        return next((found for codec in wanted if (found := self.find(codec))), None)

    def find(self, codec: RoomCodec) -> Found | None:
        """Returns the codec's best variant, the peer's own order deciding between equals, or null."""
        wanted = (codec.codec.value, codec.clock_rate)
        payload_types = [own for own in self._preferred if self._encodings.get(own) == wanted]
        if codec is H264:
            payload_types = sorted((own for own in payload_types if self._mode(own) is not None), key=self._mode_rank)
        if not payload_types:
            return None
        own = payload_types[0]
        offered = self._feedback.get("*", set()) | self._feedback.get(str(own), set())
        feedback = tuple(value for value in UP_FEEDBACK[codec.kind] if value in offered)
        rtx = self._rtx(own) if codec.kind is Kind.VIDEO else None
        return Found(codec, own, rtx, self._answer_parameters(codec, own), feedback)

    def taken(self, codec: RoomCodec) -> Found | None:
        """Returns a codec of our offer that an answer took, or null.

        The number stays what it was (RFC 3264 §6.1), and the mode too (RFC 6184 §8.2.2), in which our packets come.
        """
        found = self.find(codec)
        if found is None or found.payload_type != codec.payload_type:
            return None
        return None if codec is H264 and self._mode(found.payload_type) != BEST_MODE else found

    def _rtx(self, payload_type: int) -> int | None:
        candidates = (own for own, values in self._parameters.items() if values.get("apt") == str(payload_type))
        return next((own for own in candidates if self._encodings.get(own, ("", 0))[0] == "rtx"), None)

    def _mode(self, payload_type: int) -> int | None:
        """Returns the packetization mode of an H264 that the room's watchers can decode, else null."""
        values = self._parameters.get(payload_type, {})
        if not _BASELINE.fullmatch(values.get("profile-level-id", NO_PROFILE).lower()):
            return None
        return _MODES.get(values.get("packetization-mode", "0"))

    def _mode_rank(self, payload_type: int) -> bool:
        return self._mode(payload_type) != BEST_MODE

    def _answer_parameters(self, codec: RoomCodec, payload_type: int) -> str | None:
        """Mode and profile must stay what was offered; with level asymmetry the level says nothing. RFC 6184 §8.2.2."""
        if codec is not H264:
            return codec.parameters
        values = self._parameters.get(payload_type, {})
        kept = ("level-asymmetry-allowed", "packetization-mode", "profile-level-id")
        return ";".join(f"{name}={values[name]}" for name in kept if name in values) or None


def _encodings(section: Section) -> dict[int, tuple[str, int]]:
    encodings: dict[int, tuple[str, int]] = {}
    for attribute in section.attributes.all("rtpmap"):
        payload_type, _, encoding = attribute.value.partition(" ")
        name, _, rest = encoding.strip().partition("/")
        clock_rate = number(rest.partition("/")[0], attribute.line, MAX_CLOCK_RATE)
        encodings[number(payload_type, attribute.line, MAX_PAYLOAD_TYPE)] = (name.lower(), clock_rate)
    return encodings


def _parameters(section: Section) -> dict[int, dict[str, str]]:
    """Returns the `fmtp` of each payload type; one that isn't a number belongs to none of ours."""
    parameters: dict[int, dict[str, str]] = {}
    for attribute in section.attributes.all("fmtp"):
        own, _, values = attribute.value.partition(" ")
        if own.isascii() and own.isdigit() and len(own) <= 3:  # noqa: PLR2004 (three digits hold a payload type)
            parameters.setdefault(int(own), _values(values))
    return parameters


def _values(text: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in text.split(";"))
    return {name.lower(): value for name, _, value in pairs}


def _feedback(section: Section) -> dict[str, set[str]]:
    feedback: dict[str, set[str]] = {}
    for attribute in section.attributes.all("rtcp-fb"):
        own, _, value = attribute.value.partition(" ")
        feedback.setdefault(own, set()).add(value.strip())
    return feedback
