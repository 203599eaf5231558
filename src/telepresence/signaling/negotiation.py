"""Reads what a peer describes: from a parsed description to what the engine must be told.

`sdp.py` comes before it; `handlers/publish.py` and `handlers/answer.py` after it; `description.py` writes our own side.
Shapes of Chromium, Firefox and aiortc are fixtures of its tests. Every fault is an SdpError that names the line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from telepresence.engine.commands import Codec, Setup
from telepresence.signaling.messages import ErrorCode, Kind, TrackOffer
from telepresence.signaling.refusal import RefusalError
from telepresence.signaling.sdp import (
    MAX_PAYLOAD_TYPE,
    Attribute,
    Description,
    SdpError,
    Section,
    number,
    parse,
)

MID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:mid"
"""Source: RFC 9143 §15."""

RTP_PROTOCOL = "UDP/TLS/RTP/SAVPF"
"""Source: RFC 5764 §8."""

MAX_SSRC = 2**32 - 1
MAX_EXTENSION = 14
"""One-byte header extensions have the ids 1 to 14. Source: RFC 8285 §4.2."""

CODECS = {Kind.AUDIO: (Codec.OPUS, 48_000), Kind.VIDEO: (Codec.VP8, 90_000)}
"""The codec of each kind, with its RTP clock in Hz. Source: RFC 7587 §4.1, RFC 7741 §4.1."""

TRANSPORT_CC_EXTENSION = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
"""The transport-wide sequence number. Source: that draft, §2."""

VIDEO_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb")
"""Feedback that we offer to a watcher of pictures. Transport-cc is left out: nothing estimates the downlink yet."""

TRANSPORT_CC = "transport-cc"
UP_FEEDBACK = {Kind.AUDIO: (TRANSPORT_CC,), Kind.VIDEO: (*VIDEO_FEEDBACK, TRANSPORT_CC)}
"""Feedback that we take from what a publisher offers; its sound counts for its estimate too."""

_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PWD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_SHA256 = re.compile(r"(?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True)
class Transport:
    """What a bundled peer says of its transport. `setup` is *our* role, `fingerprint` 64 hex digits."""

    ufrag: str
    fingerprint: str
    setup: Setup


@dataclass(frozen=True, slots=True)
class MediaChoice:
    """The codec that was found in an m-line, with the peer's numbers."""

    codec: Codec
    payload_type: int
    clock_rate: int
    rtx_payload_type: int | None
    feedback: tuple[str, ...]
    mid_extension: int | None
    transport_cc_extension: int | None
    rsize: bool
    ssrc: int | None
    rtx_ssrc: int | None


@dataclass(frozen=True, slots=True)
class OfferedMedia:
    """One m-line of a publisher's offer. No `choice`: it is rejected. No `track`: it is answered inactive."""

    mid: str
    kind: str
    protocol: str
    formats: tuple[str, ...]
    choice: MediaChoice | None
    track: TrackOffer | None


@dataclass(frozen=True, slots=True)
class UpOffer:
    """A publisher's offer."""

    transport: Transport
    media: tuple[OfferedMedia, ...]
    bundled: bool


@dataclass(frozen=True, slots=True)
class DownAnswer:
    """What a watcher took of our offer."""

    transport: Transport
    rtx: bool
    nack: bool
    mid_extension: bool


def read_up_offer(sdp: str, tracks: tuple[TrackOffer, ...]) -> UpOffer:
    """Reads the offer of a publisher. Raises RefusalError: sdp-invalid, track-unknown, no-common-codec."""
    description = parse(sdp)
    wanted = _by_mid(tracks)
    media = tuple(_offered(description, section, wanted) for section in description.sections)
    mids = [offered.mid for offered in media]
    if len(set(mids)) != len(mids):
        raise SdpError("two m-lines have the same mid")
    if missing := wanted.keys() - {offered.mid for offered in media}:
        raise RefusalError(
            ErrorCode.TRACK_UNKNOWN, f"`tracks` names the mid {min(missing)!r}, which no m-line of the offer has."
        )
    accepted = [section for section, offered in zip(description.sections, media, strict=True) if offered.choice]
    if not accepted:
        raise RefusalError(ErrorCode.NO_COMMON_CODEC, "No m-line of the offer has Opus or VP8.")
    bundled = _require_bundle(description, accepted)
    return UpOffer(_transport(description, accepted), media, bundled)


def read_down_answer(sdp: str, mids: tuple[str, ...]) -> DownAnswer:
    """Reads the answer to our offer with those mids. Raises RefusalError: sdp-invalid, no-common-codec."""
    description = parse(sdp)
    found = tuple(_mid(section) for section in description.sections)
    if found != mids:
        raise SdpError(f"an answer repeats the offer's {len(mids)} m-lines in order, {mids[0]!r} first")
    accepted = [section for section in description.sections if section.port != 0]
    audio, video = (_choices(accepted, kind) for kind in (Kind.AUDIO, Kind.VIDEO))
    if not audio or not video:
        missing = "VP8" if audio else "Opus"
        raise RefusalError(ErrorCode.NO_COMMON_CODEC, f"The answer takes no {missing} in any m-line.")
    return DownAnswer(
        transport=_transport(description, accepted),
        rtx=all(choice.rtx_payload_type is not None for choice in video),
        nack=all("nack" in choice.feedback for choice in video),
        mid_extension=all(choice.mid_extension is not None for choice in audio + video),
    )


def _by_mid(tracks: tuple[TrackOffer, ...]) -> dict[str, TrackOffer]:
    wanted = {track.mid: track for track in tracks}
    pairs = {(track.source, track.kind) for track in tracks}
    if len(wanted) != len(tracks):
        raise RefusalError(ErrorCode.MALFORMED, "`tracks` names a mid twice.")
    if len(pairs) != len(tracks):
        raise RefusalError(ErrorCode.MALFORMED, "`tracks` gives a source two tracks of one kind; one of each is right.")
    return wanted


def _choices(sections: list[Section], kind: Kind) -> list[MediaChoice]:
    chosen = (_choose(section, kind) for section in sections if section.kind == kind)
    return [choice for choice in chosen if choice]


def _offered(description: Description, section: Section, wanted: dict[str, TrackOffer]) -> OfferedMedia:
    mid = _mid(section)
    track = wanted.get(mid)
    choice = None
    is_open = section.port != 0 or section.attributes.has("bundle-only")
    if is_open and section.protocol == RTP_PROTOCOL and section.kind in tuple(Kind):
        choice = _choose(section, Kind(section.kind))
    if track:
        _check_track(description, section, track, choice)
    return OfferedMedia(mid, section.kind, section.protocol, section.formats, choice, track)


def _check_track(description: Description, section: Section, track: TrackOffer, choice: MediaChoice | None) -> None:
    if section.kind != track.kind:
        raise SdpError(f"`tracks` says that mid {track.mid!r} is {track.kind}", section.line)
    if choice is None:
        name = CODECS[track.kind][0].upper()
        raise RefusalError(ErrorCode.NO_COMMON_CODEC, f"The m-line with mid {track.mid!r} is closed or has no {name}.")
    if _direction(description, section) not in ("sendonly", "sendrecv"):
        raise SdpError(f"mid {track.mid!r} is in `tracks`, so it must be sendonly or sendrecv", section.line)


def _direction(description: Description, section: Section) -> str:
    names = ("sendonly", "sendrecv", "recvonly", "inactive")
    return next((name for name in names if description.first(section, name)), "sendrecv")


def _mid(section: Section) -> str:
    attribute = section.attributes.first("mid")
    if attribute is None or not attribute.value:
        raise SdpError("each m-line needs an `a=mid`", section.line)
    return attribute.value


# --- codecs -------------------------------------------------------------------------------------


def _choose(section: Section, kind: Kind) -> MediaChoice | None:
    """Finds our codec in an m-line: the first in the peer's order of preference."""
    codec, clock_rate = CODECS[kind]
    maps = _rtpmaps(section)
    preferred = [int(fmt) for fmt in section.formats if fmt.isascii() and fmt.isdigit() and len(fmt) <= 3]  # noqa: PLR2004 (three digits hold a payload type)
    found = next((pt for pt in preferred if maps.get(pt) == (codec.value, clock_rate)), None)
    if found is None:
        return None
    ssrc, rtx_ssrc = _ssrcs(section)
    feedback = _feedback(section, found, kind)
    # Negotiated without its numbers, or the numbers without it, feedback would never come (interop.md).
    transport_cc = _extension(section, TRANSPORT_CC_EXTENSION) if TRANSPORT_CC in feedback else None
    if transport_cc is None:
        feedback = tuple(value for value in feedback if value != TRANSPORT_CC)
    return MediaChoice(
        codec=codec,
        payload_type=found,
        clock_rate=clock_rate,
        rtx_payload_type=_rtx(section, maps, found) if kind is Kind.VIDEO else None,
        feedback=feedback,
        mid_extension=_extension(section, MID_EXTENSION),
        transport_cc_extension=transport_cc,
        rsize=section.attributes.has("rtcp-rsize"),
        ssrc=ssrc,
        rtx_ssrc=rtx_ssrc,
    )


def _rtpmaps(section: Section) -> dict[int, tuple[str, int]]:
    maps: dict[int, tuple[str, int]] = {}
    for attribute in section.attributes.all("rtpmap"):
        payload_type, _, encoding = attribute.value.partition(" ")
        name, _, rest = encoding.strip().partition("/")
        clock = number(rest.partition("/")[0], attribute.line, MAX_SSRC)
        maps[number(payload_type, attribute.line, MAX_PAYLOAD_TYPE)] = (name.lower(), clock)
    return maps


def _rtx(section: Section, maps: dict[int, tuple[str, int]], payload_type: int) -> int | None:
    for attribute in section.attributes.all("fmtp"):
        own, _, parameters = attribute.value.partition(" ")
        if f"apt={payload_type}" in [part.strip() for part in parameters.split(";")]:
            candidate = number(own, attribute.line, MAX_PAYLOAD_TYPE)
            if maps.get(candidate, ("", 0))[0] == "rtx":
                return candidate
    return None


def _feedback(section: Section, payload_type: int, kind: Kind) -> tuple[str, ...]:
    offered = set()
    for attribute in section.attributes.all("rtcp-fb"):
        own, _, value = attribute.value.partition(" ")
        if own in ("*", str(payload_type)):
            offered.add(value.strip())
    return tuple(value for value in UP_FEEDBACK[kind] if value in offered)


def _extension(section: Section, wanted: str) -> int | None:
    """Finds the id of a header extension; Firefox writes a direction behind the id."""
    for attribute in section.attributes.all("extmap"):
        own, _, uri = attribute.value.partition(" ")
        if uri.strip().split(" ")[0] == wanted:
            return number(own.partition("/")[0], attribute.line, MAX_EXTENSION)
    return None


def _ssrcs(section: Section) -> tuple[int | None, int | None]:
    for attribute in section.attributes.all("ssrc-group"):
        match attribute.value.split():
            case ["FID", first, second]:
                return number(first, attribute.line, MAX_SSRC), number(second, attribute.line, MAX_SSRC)
    single = section.attributes.first("ssrc")
    return (number(single.value.partition(" ")[0], single.line, MAX_SSRC), None) if single else (None, None)


# --- transport ----------------------------------------------------------------------------------


def _require_bundle(description: Description, accepted: list[Section]) -> bool:
    for section in accepted:
        if not section.attributes.has("rtcp-mux"):
            raise SdpError("the m-line needs `a=rtcp-mux`", section.line)
    groups = [group for group in description.attributes.all("group") if group.value.split(" ")[0] == "BUNDLE"]
    bundle = set(groups[0].value.split()[1:]) if groups else set()
    for section in accepted:
        if (groups or len(accepted) > 1) and _mid(section) not in bundle:
            raise SdpError("the mid is missing in `a=group:BUNDLE`; everything goes over one connection", section.line)
    return bool(groups)


def _transport(description: Description, accepted: list[Section]) -> Transport:
    """Reads the transport of bundled m-lines, which must agree."""
    first, *others = [_transport_of(description, section) for section in accepted]
    for section, other in zip(accepted[1:], others, strict=True):
        if other != first:
            raise SdpError("bundled m-lines must share one ice-ufrag, fingerprint and setup", section.line)
    return first


def _transport_of(description: Description, section: Section) -> Transport:
    ufrag = _required(description, section, "ice-ufrag")
    if not _UFRAG.fullmatch(ufrag.value):
        raise SdpError("an ice-ufrag has 4 to 256 letters, digits, `+` or `/`", ufrag.line)
    pwd = _required(description, section, "ice-pwd")
    if not _PWD.fullmatch(pwd.value):
        raise SdpError("an ice-pwd has 22 to 256 letters, digits, `+` or `/`", pwd.line)
    return Transport(ufrag.value, _fingerprint(description, section), _setup(description, section))


def _required(description: Description, section: Section, name: str) -> Attribute:
    attribute = description.first(section, name)
    if attribute is None:
        raise SdpError(f"`a={name}` is missing", section.line)
    return attribute


def _fingerprint(description: Description, section: Section) -> str:
    _required(description, section, "fingerprint")
    for attribute in description.every(section, "fingerprint"):
        algorithm, _, value = attribute.value.partition(" ")
        if algorithm.lower() == "sha-256":
            if not _SHA256.fullmatch(value.strip()):
                raise SdpError("a sha-256 fingerprint has 32 pairs of hex digits with colons", attribute.line)
            return value.strip().replace(":", "").lower()
    raise SdpError("a fingerprint by sha-256 is needed", section.line)


def _setup(description: Description, section: Section) -> Setup:
    """Returns our own DTLS role. To actpass we are passive: the peer's ClientHello comes first. RFC 5763 §5."""
    attribute = _required(description, section, "setup")
    if attribute.value in ("actpass", "active"):
        return Setup.PASSIVE
    if attribute.value == "passive":
        return Setup.ACTIVE
    raise SdpError("setup must be actpass, active or passive", attribute.line)
