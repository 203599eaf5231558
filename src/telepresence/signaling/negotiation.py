"""Reads what a peer describes: from a parsed description to what the engine must be told.

`sdp.py` comes before it; `codecs.py`, `extensions.py` and `layers.py` know what an m-line may say; `publishing.py`
and `handlers/answer.py` come after it; `description.py` writes our own side.
Shapes of Chromium, Firefox and aiortc are fixtures of its tests. Every fault is an SdpError that names the line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from telepresence.engine.commands import Extensions, SendCodec, Setup
from telepresence.signaling import extensions, layers
from telepresence.signaling.codecs import TRANSPORT_CC, Formats, Found, RoomCodec, lacks, of_room
from telepresence.signaling.messages import Codec, ErrorCode, Kind, TrackOffer
from telepresence.signaling.refusal import RefusalError
from telepresence.signaling.sdp import Attribute, Description, SdpError, Section, number, parse

RTP_PROTOCOL = "UDP/TLS/RTP/SAVPF"
"""Source: RFC 5764 §8."""

MAX_SSRC = 2**32 - 1
ALLOW_MIXED = "extmap-allow-mixed"
"""One- and two-byte header extensions in one stream. Source: RFC 8285 §6."""

UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
PWD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_SHA256 = re.compile(r"(?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}")


Codecs = tuple[Codec, ...]
ALL_CODECS: Codecs = tuple(Codec)
"""The largest set that a room may have."""


@dataclass(frozen=True, slots=True)
class Transport:
    """What a bundled peer says of its transport. `setup` is *our* role, `fingerprint` 64 hex digits."""

    ufrag: str
    fingerprint: str
    setup: Setup


@dataclass(frozen=True, slots=True)
class MediaChoice:
    """What was found in an m-line, with the peer's numbers. `rids` are its simulcast layers, which have no known SSRCs.

    `mixed`: the m-line itself allows one- and two-byte header extensions in one stream.
    """

    found: Found
    feedback: tuple[str, ...]
    extensions: Extensions
    rids: tuple[str, ...]
    mixed: bool
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
    """A publisher's offer. `mixed`: all of it allows one- and two-byte header extensions in one stream."""

    transport: Transport
    media: tuple[OfferedMedia, ...]
    extensions: Extensions
    bundled: bool
    mixed: bool


@dataclass(frozen=True, slots=True)
class DownAnswer:
    """What a watcher took of our offer, in our numbers."""

    transport: Transport
    codecs: tuple[SendCodec, ...]
    extensions: Extensions


def read_up_offer(sdp: str, tracks: tuple[TrackOffer, ...], codecs: Codecs = ALL_CODECS) -> UpOffer:
    """Reads the offer of a publisher; `codecs` is the room's set. Raises RefusalError: sdp-invalid, track-unknown, no-common-codec."""
    return up_offer(parse(sdp), tracks, codecs)


def up_offer(description: Description, tracks: tuple[TrackOffer, ...], codecs: Codecs = ALL_CODECS) -> UpOffer:
    """As `read_up_offer`, of a description that was parsed before."""
    wanted = _by_mid(tracks)
    media = tuple(_offered(description, section, wanted, codecs) for section in description.sections)
    mids = [offered.mid for offered in media]
    if len(set(mids)) != len(mids):
        raise SdpError("two m-lines have the same mid")
    if missing := wanted.keys() - {offered.mid for offered in media}:
        raise RefusalError(
            ErrorCode.TRACK_UNKNOWN, f"`tracks` names the mid {min(missing)!r}, which no m-line of the offer has."
        )
    accepted = [section for section, offered in zip(description.sections, media, strict=True) if offered.choice]
    if not accepted:
        text = f"The offer has {lacks(codecs, Kind.AUDIO)}, {lacks(codecs, Kind.VIDEO)}; this room has no other codecs."
        raise RefusalError(ErrorCode.NO_COMMON_CODEC, text)
    bundled = _require_bundle(description, accepted)
    return UpOffer(
        transport=_transport(description, accepted),
        media=media,
        extensions=extensions.merge(offered.choice.extensions for offered in media if offered.choice),
        bundled=bundled,
        mixed=description.attributes.has(ALLOW_MIXED),
    )


def read_down_answer(sdp: str, mids: tuple[str, ...], codecs: Codecs = ALL_CODECS) -> DownAnswer:
    """Reads the answer to our offer with those mids and codecs. Raises RefusalError: sdp-invalid, no-common-codec."""
    description = parse(sdp)
    found = tuple(mid_of(section) for section in description.sections)
    if found != mids:
        raise SdpError(f"an answer repeats the offer's {len(mids)} m-lines in order, {mids[0]!r} first")
    accepted = [section for section in description.sections if section.port != 0]
    audio, video = ([section for section in accepted if section.kind == kind] for kind in Kind)
    taken = {kind: _taken_codecs(own, of_room(codecs, kind)) for kind, own in zip(Kind, (audio, video), strict=True)}
    for kind, found_codecs in taken.items():
        if not found_codecs:
            text = f"The answer does not take one codec in all its m-lines: {lacks(codecs, kind)}."
            raise RefusalError(ErrorCode.NO_COMMON_CODEC, text)
    return DownAnswer(
        transport=_transport(description, accepted),
        codecs=taken[Kind.AUDIO] + taken[Kind.VIDEO],
        extensions=_taken_extensions(audio, video),
    )


def _taken_codecs(sections: list[Section], codecs: tuple[RoomCodec, ...]) -> tuple[SendCodec, ...]:
    """Returns the codecs that all m-lines of a kind took, and of each what all of them took."""
    formats = [Formats(section) for section in sections]
    taken: list[SendCodec] = []
    for codec in codecs:
        found = [own for one in formats if (own := one.taken(codec))]
        if found and len(found) == len(formats):
            taken.append(_send_codec(codec, found))
    return tuple(taken)


def _send_codec(codec: RoomCodec, found: list[Found]) -> SendCodec:
    has_rtx = all(own.rtx_payload_type == codec.rtx_payload_type for own in found)
    return SendCodec(
        codec=codec.codec,
        payload_type=codec.payload_type,
        clock_rate=codec.clock_rate,
        rtx_payload_type=codec.rtx_payload_type if has_rtx else None,
        nack=all("nack" in own.feedback for own in found),
    )


def _taken_extensions(audio: list[Section], video: list[Section]) -> Extensions:
    """The send time goes by the pictures alone: aiortc and Firefox take it there, and pictures are what fills a link."""
    by_sound, by_picture = _taken_ids(audio, Kind.AUDIO), _taken_ids(video, Kind.VIDEO)
    names = (by_sound & by_picture & {"mid"}) | (by_sound & {"audio_level"}) | (by_picture - {"mid"})
    ours = {**extensions.OFFERED[Kind.AUDIO], **extensions.OFFERED[Kind.VIDEO]}
    return Extensions(**{name: ours[name] for name in names})


def _taken_ids(sections: list[Section], kind: Kind) -> set[str]:
    """Returns the extensions that all m-lines of a kind took with our ids."""
    offered = extensions.OFFERED[kind]
    found = [extensions.ids(extensions.read(section, offered, mixed=False)) for section in sections]
    return {name for name, own in offered.items() if all(ids.get(name) == own for ids in found)}


def _by_mid(tracks: tuple[TrackOffer, ...]) -> dict[str, TrackOffer]:
    wanted = {track.mid: track for track in tracks}
    pairs = {(track.source, track.kind) for track in tracks}
    if len(wanted) != len(tracks):
        raise RefusalError(ErrorCode.MALFORMED, "`tracks` names a mid twice.")
    if len(pairs) != len(tracks):
        raise RefusalError(ErrorCode.MALFORMED, "`tracks` gives a source two tracks of one kind; one of each is right.")
    return wanted


def _offered(description: Description, section: Section, wanted: dict[str, TrackOffer], codecs: Codecs) -> OfferedMedia:
    mid = mid_of(section)
    track = wanted.get(mid)
    choice = None
    if is_open(section) and section.protocol == RTP_PROTOCOL and section.kind in tuple(Kind):
        choice = _choose(description, section, of_room(codecs, Kind(section.kind)))
    if track:
        _check_track(description, section, track, choice, codecs)
    return OfferedMedia(mid, section.kind, section.protocol, section.formats, choice, track)


def _check_track(
    description: Description, section: Section, track: TrackOffer, choice: MediaChoice | None, codecs: Codecs
) -> None:
    if section.kind != track.kind:
        raise SdpError(f"`tracks` says that mid {track.mid!r} is {track.kind}", section.line)
    if choice is None:
        text = f"The m-line with mid {track.mid!r} is closed or has {lacks(codecs, track.kind)}; this room has no other codecs."
        raise RefusalError(ErrorCode.NO_COMMON_CODEC, text)
    if direction_of(description, section) not in ("sendonly", "sendrecv"):
        raise SdpError(f"mid {track.mid!r} is in `tracks`, so it must be sendonly or sendrecv", section.line)


def is_open(section: Section) -> bool:
    """Tells whether an m-line is offered: port 0 means no, unless it goes over another one's port. RFC 9143 §6."""
    return section.port != 0 or section.attributes.has("bundle-only")


def direction_of(description: Description, section: Section) -> str:
    """Returns which way an m-line's media go. RFC 8866 §6.7."""
    names = ("sendonly", "sendrecv", "recvonly", "inactive")
    return next((name for name in names if description.first(section, name)), "sendrecv")


def mid_of(section: Section) -> str:
    """Returns an m-line's name. Raises SdpError."""
    attribute = section.attributes.first("mid")
    if attribute is None or not attribute.value:
        raise SdpError("each m-line needs an `a=mid`", section.line)
    return attribute.value


# --- one m-line ---------------------------------------------------------------------------------


def _choose(description: Description, section: Section, codecs: tuple[RoomCodec, ...]) -> MediaChoice | None:
    """Finds the best of the room's codecs in an m-line, and what comes with it."""
    kind, found = Kind(section.kind), Formats(section).choose(codecs)
    if found is None:
        return None
    mixed = description.first(section, ALLOW_MIXED) is not None
    ids = extensions.read(section, extensions.TAKEN[kind], mixed=mixed)
    feedback = found.feedback
    # Negotiated without its numbers, or the numbers without it, feedback would never come (interop.md).
    if TRANSPORT_CC not in feedback or ids.transport_cc is None:
        feedback = tuple(value for value in feedback if value != TRANSPORT_CC)
        ids = extensions.without(ids, "transport_cc")
    # Without the extension nobody could tell one layer from another.
    rids = layers.read_rids(section) if ids.rid is not None else ()
    if not rids:
        ids = extensions.without(ids, "rid", "repaired_rid")
    # Beside rids Firefox writes SSRCs, without saying whose.
    ssrc, rtx_ssrc = (None, None) if rids else _ssrcs(section)
    return MediaChoice(
        found=found,
        feedback=feedback,
        extensions=ids,
        rids=rids,
        mixed=section.attributes.has(ALLOW_MIXED),
        rsize=section.attributes.has("rtcp-rsize"),
        ssrc=ssrc,
        rtx_ssrc=rtx_ssrc,
    )


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
        if (groups or len(accepted) > 1) and mid_of(section) not in bundle:
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
    if not UFRAG.fullmatch(ufrag.value):
        raise SdpError("an ice-ufrag has 4 to 256 letters, digits, `+` or `/`", ufrag.line)
    pwd = _required(description, section, "ice-pwd")
    if not PWD.fullmatch(pwd.value):
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
