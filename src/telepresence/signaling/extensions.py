"""RTP header extensions (RFC 8285): which we take from a publisher, which we offer to a watcher, and their ids.

`negotiation.py` reads with it, `description.py` writes with it; `engine.commands.Extensions` is what comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from telepresence.engine.commands import Extensions
from telepresence.signaling.messages import Kind
from telepresence.signaling.sdp import SdpError, Section, number

URIS = {
    "mid": "urn:ietf:params:rtp-hdrext:sdes:mid",
    "rid": "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "repaired_rid": "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "transport_cc": "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "abs_send_time": "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "audio_level": "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "video_orientation": "urn:3gpp:video-orientation",
}
"""By the names of `Extensions`. Source: RFC 9143 §15, RFC 8852 §4, RFC 6464 §4, 3GPP TS 26.114 §7.4.5, and the drafts."""

TAKEN = {
    Kind.AUDIO: ("mid", "transport_cc", "audio_level"),
    Kind.VIDEO: ("mid", "rid", "repaired_rid", "transport_cc", "video_orientation"),
}
"""What we take from a publisher."""

OFFERED: dict[Kind, dict[str, int]] = {
    Kind.AUDIO: {"mid": 1, "abs_send_time": 2, "audio_level": 3},
    Kind.VIDEO: {"mid": 1, "abs_send_time": 2, "video_orientation": 4},
}
"""What we offer to a watcher, with the ids of all our offers. From the send time browsers and aiortc make a good REMB."""

MAX_ONE_BYTE_ID = 14
"""Largest id in the one-byte form. Source: RFC 8285 §4.2."""

MAX_TWO_BYTE_ID = 255
"""Largest id in the two-byte form, which a peer says it can mix in by `a=extmap-allow-mixed`. Source: RFC 8285 §4.3, §6."""


def read(section: Section, names: Iterable[str], *, mixed: bool) -> Extensions:
    """Finds the ids of extensions in an m-line; Firefox writes a direction behind the id. Raises SdpError."""
    by_uri = {URIS[name]: name for name in names}
    maximum = MAX_TWO_BYTE_ID if mixed else MAX_ONE_BYTE_ID
    found: dict[str, int] = {}
    for attribute in section.attributes.all("extmap"):
        own, _, uri = attribute.value.partition(" ")
        name = by_uri.get(uri.strip().partition(" ")[0])
        if name is None or name in found:
            continue
        found[name] = number(own.partition("/")[0], attribute.line, maximum, minimum=1)
    return Extensions(**found)


def merge(found: Iterable[Extensions]) -> Extensions:
    """Returns the extensions of a bundle, in which each has one id wherever it is. Raises SdpError. RFC 9143 §9.1."""
    merged: dict[str, int] = {}
    for extensions in found:
        for name, extension_id in ids(extensions).items():
            if merged.setdefault(name, extension_id) != extension_id:
                raise SdpError(f"bundled m-lines must give {URIS[name]} one id, not {merged[name]} and {extension_id}")
    if len(set(merged.values())) != len(merged):
        raise SdpError("bundled m-lines must give each header extension an id of its own")
    return Extensions(**merged)


def ids(extensions: Extensions) -> dict[str, int]:
    """Returns the ids that there are, by name."""
    return {name: value for name, value in msgspec.structs.asdict(extensions).items() if value is not None}


def without(extensions: Extensions, *names: str) -> Extensions:
    """Returns the others."""
    return msgspec.structs.replace(extensions, **dict.fromkeys(names))


def lines(extension_ids: Mapping[str, int]) -> list[str]:
    """Returns the `extmap` lines of an m-line."""
    return [f"a=extmap:{extension_id} {URIS[name]}" for name, extension_id in extension_ids.items()]
