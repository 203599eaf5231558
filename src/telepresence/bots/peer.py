"""How aiortc is set up here, and what it needs to be told.

Before this module is the library; after it, `participant.py` opens its connections. aiortc is a plain peer: one
layer, no rids, no transport-wide feedback; it negotiates NACK, RTX, PLI and REMB, and asks no STUN server.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from aioice import ice
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCRtpCodecCapability, RTCRtpSender

CONFIGURATION: Final = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
"""Without max-bundle aiortc 1.16 leaves the second picture of a bundle on a transport that never starts."""

_H264_PROFILE = "42e01f"
"""Constrained Baseline, level 3.1: what every browser has. Source: RFC 7742 §6.2."""

_addresses_but_loopback = ice.get_host_addresses


def _host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:  # noqa: FBT001  # aioice's own signature
    """As aioice's, but a machine without any network has its loopback: aioice leaves it out, and nothing is left."""
    found = _addresses_but_loopback(use_ipv4, use_ipv6)
    return found or (["127.0.0.1"] if use_ipv4 else [])


ice.get_host_addresses = _host_addresses


class VideoCodec(StrEnum):
    """What a bot encodes a picture with."""

    VP8 = "vp8"
    H264 = "h264"


def codecs(kind: str, video: VideoCodec = VideoCodec.VP8) -> list[RTCRtpCodecCapability]:
    """What is offered: Opus, or one codec of pictures with its RTX, since what is passed through can be nothing else."""
    names = {"video": (f"video/{video}", "video/rtx"), "audio": ("audio/opus",)}[kind]
    return [
        codec
        for codec in RTCRtpSender.getCapabilities(kind).codecs
        if codec.mimeType.lower() in names and codec.parameters.get("profile-level-id", _H264_PROFILE) == _H264_PROFILE
    ]


def ice_ufrag(sdp: str) -> str:
    """The first `ice-ufrag` of a description, by which one connection is told from another; empty if there is none."""
    found = re.search(r"^a=ice-ufrag:(\S+)", sdp, re.MULTILINE)
    return found[1] if found else ""
