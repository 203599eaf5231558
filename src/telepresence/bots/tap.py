"""Takes what is received before it is decoded: for counting, where decoding costs too much, and for recording as it came.

Before this module is aiortc's receiver of one track; after it, a sink gets each whole frame as an `Encoded`. aiortc has no
switch against decoding and tells no clock, so names of its inside are replaced, all of them here: the version is pinned, and
`tests/bots/test_bot_tap.py` fails with another that lacks them.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
import weakref
from collections import deque
from dataclasses import dataclass
from typing import Any, Final, cast

from aiortc import RTCRtpReceiver, rtcrtpreceiver
from aiortc.rtp import AnyRtcpPacket, RtcpSrPacket, RtpPacket

from telepresence.signaling.messages import Codec, Kind

_ARRIVALS_KEPT: Final = 1024
"""Timestamps whose arrival is remembered: a frame is whole long before so many newer ones came."""

_NTP_UNITS: Final = 2**32
"""NTP timestamps count 2⁻³² s. Source: RFC 5905 §6."""


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """A whole frame, or a packet of sound, as it was sent.

    `seconds` is its timestamp on the stream's own clock; `arrived` is when its first packet came, on the monotonic clock.
    `ahead` is what to add to `seconds` for the sender's wall clock, null before its first report: sound and picture of one
    source share that clock.
    """

    kind: Kind
    codec: Codec
    data: bytes
    seconds: float
    arrived: float
    ahead: float | None

    @property
    def is_keyframe(self) -> bool:
        """Whether decoding may begin here."""
        if self.codec is Codec.VP8:
            return bool(self.data) and not self.data[0] & 1  # source: RFC 6386 §9.1
        if self.codec is Codec.H264:
            return any(nal[:1] and nal[0] & 0x1F == _H264_PARAMETERS for nal in self.data.split(b"\0\0\1")[1:])
        return True


_H264_PARAMETERS = 7  # a sequence parameter set, which senders put before each IDR picture; source: RFC 6184 §1.3


class Tap:
    """Follows one receiver: what it makes whole goes into its track undecoded, and `encoded` gives it a time."""

    def __init__(self, receiver: RTCRtpReceiver) -> None:
        """Must be made before the receiver is started, which is with the local description."""
        inside = cast("Any", receiver)
        self._arrivals: deque[tuple[int, float]] = deque(maxlen=_ARRIVALS_KEPT)
        self._unwrapped = _Unwrapped()
        self._report: tuple[float, int] | None = None
        self._take_rtp, self._take_rtcp = inside._handle_rtp_packet, inside._handle_rtcp_packet
        inside._handle_rtp_packet, inside._handle_rtcp_packet = self._on_rtp, self._on_rtcp
        inside._RTCRtpReceiver__timestamp_mapper = self._unwrapped
        _undecoded.add(inside.track._queue)

    def encoded(self, whole: Whole) -> Encoded:
        """The frame with what is known of its time."""
        arrived = next((at for stamp, at in self._arrivals if stamp == whole.timestamp % 2**32), time.monotonic())
        ahead = None
        if self._report is not None:
            wall, stamp = self._report
            ahead = wall - self._unwrapped.near(stamp) / whole.rate
        kind = Kind.AUDIO if whole.codec is Codec.OPUS else Kind.VIDEO
        return Encoded(
            kind=kind, codec=whole.codec, data=whole.data, seconds=whole.timestamp / whole.rate, arrived=arrived, ahead=ahead
        )  # fmt: skip

    async def _on_rtp(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        """Notes when a timestamp was first seen; retransmissions come later and tell nothing new."""
        if not self._arrivals or self._arrivals[-1][0] != packet.timestamp:
            self._arrivals.append((packet.timestamp, time.monotonic()))
        await self._take_rtp(packet, arrival_time_ms)

    async def _on_rtcp(self, packet: AnyRtcpPacket) -> None:
        """Notes the newest pair of wall clock and timestamp."""
        if isinstance(packet, RtcpSrPacket):
            info = packet.sender_info
            self._report = (info.ntp_timestamp / _NTP_UNITS, info.rtp_timestamp)
        await self._take_rtcp(packet)


@dataclass(frozen=True)
class Whole:
    """What stands in the queue of a track that is not decoded: `timestamp` never wraps, `rate` is its ticks a second."""

    codec: Codec
    data: bytes
    timestamp: int
    rate: int


class _Unwrapped:
    """In the place of aiortc's own mapper, which begins at 0 and keeps the beginning to itself."""

    def __init__(self) -> None:
        self._newest: int | None = None

    def map(self, timestamp: int) -> int:
        """The timestamp without its wrap-around."""
        self._newest = self.near(timestamp)
        return self._newest

    def near(self, timestamp: int) -> int:
        """The one of its possible values that is nearest to the newest."""
        if self._newest is None:
            return timestamp
        return self._newest + (timestamp - self._newest + 2**31) % 2**32 - 2**31


_undecoded: weakref.WeakSet[asyncio.Queue[Any]] = weakref.WeakSet()
_decoding = rtcrtpreceiver.decoder_worker


def _worker(
    loop: asyncio.AbstractEventLoop, whole: queue.Queue[Any], out: asyncio.Queue[Any], failed: threading.Event
) -> None:
    """In the place of aiortc's decoding thread: hands on what shall not be decoded."""
    if out not in _undecoded:
        _decoding(loop, whole, out, failed)
        return
    while (task := whole.get()) is not None:
        codec, frame = task
        piece = Whole(Codec(codec.name.lower()), frame.data, frame.timestamp, codec.clockRate)
        loop.call_soon_threadsafe(out.put_nowait, piece)
    loop.call_soon_threadsafe(out.put_nowait, None)


rtcrtpreceiver.decoder_worker = _worker
