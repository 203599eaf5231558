"""Writes our own session descriptions: the answer to a publisher and the offer to a watcher.

`negotiation.py` reads the other side. Plain WebRTC: BUNDLE, rtcp-mux, ICE-lite with all candidates inside.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from telepresence.engine.commands import SendSlot
from telepresence.signaling import extensions, layers
from telepresence.signaling.codecs import VIDEO_FEEDBACK, Found, RoomCodec, of_room
from telepresence.signaling.messages import Codec, Kind
from telepresence.signaling.negotiation import ALLOW_MIXED, MediaChoice, OfferedMedia, UpOffer

HOST_PRIORITY = 2_130_706_431
"""Priority of the first host candidate of component 1: 126·2²⁴ + 65535·2⁸ + 255. Source: RFC 8445 §5.1.2.1."""


@dataclass(frozen=True, slots=True)
class MediaAddress:
    """Where the engine listens, and its certificate. `fingerprint` is upper-case hex pairs with colons."""

    addresses: tuple[str, ...]
    port: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Local:
    """Our side of one connection."""

    address: MediaAddress
    ufrag: str
    pwd: str
    setup: str


def write_answer(offer: UpOffer, local: Local, session_id: int, version: int) -> str:
    """Returns the answer to a publisher's offer, with the publisher's own payload types and extension ids."""
    mids = [media.mid for media in offer.media if media.choice]
    lines = _head(session_id, version, mids if offer.bundled else [])
    if offer.mixed:
        lines.append(f"a={ALLOW_MIXED}")
    candidates = candidate_lines(local.address)
    for media in offer.media:
        if media.choice is None:
            lines += _rejected(media)
            continue
        # In every m-line, not only the bundle's first: aiortc keeps those of the last.
        lines += _answered(media, media.choice, local, candidates)
    return _text(lines)


def write_offer(
    slots: Iterable[SendSlot], local: Local, session_id: int, version: int, codecs: Iterable[Codec] = tuple(Codec)
) -> str:
    """Returns the offer to a watcher: for each slot an m-line that sends one SSRC, in the room's codecs."""
    offered = {kind: of_room(codecs, kind) for kind in Kind}
    slots = tuple(slots)
    lines = _head(session_id, version, [slot.mid for slot in slots])
    candidates = candidate_lines(local.address)
    for slot in slots:
        lines += _offered(slot, offered[slot.kind], local, candidates)
    return _text(lines)


def _head(session_id: int, version: int, bundle: list[str]) -> list[str]:
    lines = ["v=0", f"o=- {session_id} {version} IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite"]
    if bundle:
        lines.append(f"a=group:BUNDLE {' '.join(bundle)}")
    return [*lines, "a=msid-semantic: WMS *"]


def _answered(media: OfferedMedia, choice: MediaChoice, local: Local, candidates: list[str]) -> list[str]:
    found = choice.found
    lines = (
        _media_line(media.kind, _payload_types(found), local) + _transport(local) + candidates + [f"a=mid:{media.mid}"]
    )
    if choice.mixed:
        lines.append(f"a={ALLOW_MIXED}")
    lines += extensions.lines(extensions.ids(choice.extensions))
    lines += ["a=recvonly" if media.track else "a=inactive", "a=rtcp-mux"]
    if choice.rsize:
        lines.append("a=rtcp-rsize")
    lines += _codec(found.codec, found, choice.feedback)
    return lines + layers.answer_lines(choice.rids if media.track else ())


def _rejected(media: OfferedMedia) -> list[str]:
    formats = " ".join(media.formats)
    return [f"m={media.kind} 0 {media.protocol} {formats}", "c=IN IP4 0.0.0.0", f"a=mid:{media.mid}", "a=inactive"]


def _offered(slot: SendSlot, codecs: tuple[RoomCodec, ...], local: Local, candidates: list[str]) -> list[str]:
    stream = slot.cname
    payload_types = [payload_type for codec in codecs for payload_type in _payload_types(codec)]
    lines = _media_line(slot.kind, payload_types, local) + _transport(local) + candidates + [f"a=mid:{slot.mid}"]
    lines += extensions.lines(extensions.OFFERED[slot.kind])
    lines += ["a=sendonly", f"a=msid:{stream} {slot.mid}", "a=rtcp-mux"]
    feedback = () if slot.kind is Kind.AUDIO else VIDEO_FEEDBACK
    if feedback:
        lines.append("a=rtcp-rsize")
    lines += [line for codec in codecs for line in _codec(codec, codec, feedback)]
    if slot.rtx_ssrc is not None:
        lines.append(f"a=ssrc-group:FID {slot.ssrc} {slot.rtx_ssrc}")
    ssrcs = [slot.ssrc] if slot.rtx_ssrc is None else [slot.ssrc, slot.rtx_ssrc]
    for ssrc in ssrcs:
        lines += [f"a=ssrc:{ssrc} cname:{slot.cname}", f"a=ssrc:{ssrc} msid:{stream} {slot.mid}"]
    return lines


def _media_line(kind: str, payload_types: list[int], local: Local) -> list[str]:
    address = local.address.addresses[0]
    family = "IP6" if ":" in address else "IP4"
    formats = " ".join(str(payload_type) for payload_type in payload_types)
    return [f"m={kind} {local.address.port} UDP/TLS/RTP/SAVPF {formats}", f"c=IN {family} {address}"]


def _transport(local: Local) -> list[str]:
    return [
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.pwd}",
        f"a=fingerprint:sha-256 {local.address.fingerprint}",
        f"a=setup:{local.setup}",
    ]


def candidate_lines(address: MediaAddress) -> list[str]:
    """One host candidate an address, in the operator's order; a NAT's public address is one, for no STUN server told it.

    Clients try the highest priority first, and take it when it answers.
    """
    lines = [
        f"a=candidate:{index} 1 udp {HOST_PRIORITY - 256 * (index - 1)} {host} {address.port} typ host"
        for index, host in enumerate(address.addresses, start=1)
    ]
    return [*lines, "a=end-of-candidates"]


def _payload_types(numbers: RoomCodec | Found) -> list[int]:
    both = (numbers.payload_type, numbers.rtx_payload_type)
    return [payload_type for payload_type in both if payload_type is not None]


def _codec(codec: RoomCodec, numbers: RoomCodec | Found, feedback: Iterable[str]) -> list[str]:
    """Describes a codec and its repair by our numbers or the peer's."""
    own, rtx = numbers.payload_type, numbers.rtx_payload_type
    lines = [f"a=rtpmap:{own} {codec.encoding}"]
    if numbers.parameters is not None:
        lines.append(f"a=fmtp:{own} {numbers.parameters}")
    lines += [f"a=rtcp-fb:{own} {value}" for value in feedback]
    if rtx is not None:
        lines += [f"a=rtpmap:{rtx} rtx/{codec.clock_rate}", f"a=fmtp:{rtx} apt={own}"]
    return lines


def _text(lines: list[str]) -> str:
    return "\r\n".join(lines) + "\r\n"
