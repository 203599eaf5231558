"""Writes our own session descriptions: the answer to a publisher and the offer to a watcher.

`negotiation.py` reads the other side. Plain WebRTC: BUNDLE, rtcp-mux, ICE-lite with all candidates inside.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from telepresence.engine.commands import SendSlot
from telepresence.signaling.messages import Kind
from telepresence.signaling.negotiation import (
    MID_EXTENSION,
    TRANSPORT_CC_EXTENSION,
    VIDEO_FEEDBACK,
    MediaChoice,
    OfferedMedia,
    UpOffer,
)

OPUS, VP8, RTX = 111, 96, 97
"""The payload types of all our offers."""

MID_ID = 1
"""The mid extension's id in all our offers."""

OPUS_PARAMETERS = "minptime=10;useinbandfec=1"
"""As browsers offer it; in-band FEC costs little and hides single losses. Source: RFC 7587 §6.1."""

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
    candidates = _candidates(local.address)
    for media in offer.media:
        if media.choice is None:
            lines += _rejected(media)
            continue
        # In every m-line, not only the bundle's first: aiortc keeps those of the last.
        lines += _answered(media, media.choice, local, candidates)
    return _text(lines)


def write_offer(slots: Iterable[SendSlot], local: Local, session_id: int) -> str:
    """Returns the offer to a watcher: for each slot an m-line that sends one SSRC."""
    slots = tuple(slots)
    lines = _head(session_id, 1, [slot.mid for slot in slots])
    candidates = _candidates(local.address)
    for slot in slots:
        lines += _offered(slot, local, candidates)
    return _text(lines)


def _head(session_id: int, version: int, bundle: list[str]) -> list[str]:
    lines = ["v=0", f"o=- {session_id} {version} IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite"]
    if bundle:
        lines.append(f"a=group:BUNDLE {' '.join(bundle)}")
    return [*lines, "a=msid-semantic: WMS *"]


def _answered(media: OfferedMedia, choice: MediaChoice, local: Local, candidates: list[str]) -> list[str]:
    payload_types = [choice.payload_type] + ([choice.rtx_payload_type] if choice.rtx_payload_type is not None else [])
    lines = _media_line(media.kind, payload_types, local) + _transport(local) + candidates + [f"a=mid:{media.mid}"]
    if choice.mid_extension is not None:
        lines.append(f"a=extmap:{choice.mid_extension} {MID_EXTENSION}")
    if choice.transport_cc_extension is not None:
        lines.append(f"a=extmap:{choice.transport_cc_extension} {TRANSPORT_CC_EXTENSION}")
    lines += ["a=recvonly" if media.track else "a=inactive", "a=rtcp-mux"]
    if choice.rsize:
        lines.append("a=rtcp-rsize")
    if media.kind == Kind.AUDIO:
        return lines + _opus(choice.payload_type, choice.feedback)
    return lines + _vp8(choice.payload_type, choice.rtx_payload_type, choice.feedback)


def _rejected(media: OfferedMedia) -> list[str]:
    formats = " ".join(media.formats)
    return [f"m={media.kind} 0 {media.protocol} {formats}", "c=IN IP4 0.0.0.0", f"a=mid:{media.mid}", "a=inactive"]


def _offered(slot: SendSlot, local: Local, candidates: list[str]) -> list[str]:
    stream = slot.cname
    is_audio = slot.kind is Kind.AUDIO
    lines = _media_line(slot.kind, [OPUS] if is_audio else [VP8, RTX], local) + _transport(local) + candidates
    lines += [f"a=mid:{slot.mid}", f"a=extmap:{MID_ID} {MID_EXTENSION}", "a=sendonly", f"a=msid:{stream} {slot.mid}"]
    lines += ["a=rtcp-mux"]
    lines += _opus(OPUS, ()) if is_audio else ["a=rtcp-rsize", *_vp8(VP8, RTX, VIDEO_FEEDBACK)]
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


def _candidates(address: MediaAddress) -> list[str]:
    """One host candidate an address, in the operator's order."""
    lines = [
        f"a=candidate:{index} 1 udp {HOST_PRIORITY - 256 * (index - 1)} {host} {address.port} typ host"
        for index, host in enumerate(address.addresses, start=1)
    ]
    return [*lines, "a=end-of-candidates"]


def _opus(payload_type: int, feedback: Iterable[str]) -> list[str]:
    lines = [f"a=rtpmap:{payload_type} opus/48000/2", f"a=fmtp:{payload_type} {OPUS_PARAMETERS}"]
    return lines + [f"a=rtcp-fb:{payload_type} {value}" for value in feedback]


def _vp8(payload_type: int, rtx: int | None, feedback: Iterable[str]) -> list[str]:
    lines = [f"a=rtpmap:{payload_type} VP8/90000"]
    lines += [f"a=rtcp-fb:{payload_type} {value}" for value in feedback]
    if rtx is not None:
        lines += [f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={payload_type}"]
    return lines


def _text(lines: list[str]) -> str:
    return "\r\n".join(lines) + "\r\n"
