"""What aiortc reads frames, samples and encoded packets from, each at its due time.

Before this module are pure pictures, tones and clips (`chart.py`, `clip.py`); after it, `participant.py` publishes
the tracks. The tracks of one source share a `Clock`, so picture and sound stay together.

Two properties of aiortc's VP8 encoder matter here. It takes I420 frames as they are, runs in an executor beside the
event loop (libvpx, real time, one thread up to 640×480) at 500 kbit/s until a REMB says otherwise (at most 1.5
Mbit/s), and answers a keyframe request with its next frame. A track that yields packets instead is passed through:
no encoder, and no answer to a keyframe request (see `clip.py`).
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, Packet, VideoFrame

from telepresence.bots.chart import SAMPLE_RATE, Chart, ChartFormat, Tone
from telepresence.bots.clip import Clip, ClipPacket
from telepresence.bots.peer import VideoCodec
from telepresence.signaling.messages import Profile

VIDEO_CLOCK = 90_000
"""Ticks a second of a video timestamp. Source: RFC 7741 §4.1."""

_MILLISECOND = Fraction(1, 1000)
_TONE_SAMPLES = SAMPLE_RATE // 50  # 20 ms, one Opus packet


@dataclass(frozen=True, kw_only=True)
class BotSource:
    """One source to publish; `open_tracks` makes fresh tracks, once for each new connection. `codec` is the picture's."""

    id: str
    label: str
    open_tracks: Callable[[], tuple[MediaStreamTrack, ...]]
    profile: Profile = Profile.CONSULT
    codec: VideoCodec = VideoCodec.VP8


class Pace:
    """Which unit (frame, packet) of a source is next and when it is due. Pure: `now` counts from the source's start.

    `due_s` gives a unit's time in seconds. After a stall of `period` units or more, whole periods are left out, so a
    bot that was held up neither drifts nor floods: a chart drops single frames (period 1), a clip whole rounds, for
    the frames within one need each other.
    """

    def __init__(self, due_s: Callable[[int], float], *, period: int = 1) -> None:
        self._due_s = due_s
        self._period = period
        self._next = 0

    def take(self, now: float) -> tuple[int, float]:
        """Number of the next unit and when it is due; it counts as taken."""
        unit = self._next
        late = now - self._due_s(unit)
        period_s = self._due_s(unit + self._period) - self._due_s(unit)
        if late >= period_s:
            unit += self._period * int(late / period_s)
        self._next = unit + 1
        return unit, self._due_s(unit)


class Clock:
    """The start that the tracks of one source share: when the first of them was first read."""

    def __init__(self) -> None:
        self._start: float | None = None
        self.start_wall_ms = 0

    def elapsed(self) -> float:
        """Seconds since the start, which is now if it wasn't before."""
        now = asyncio.get_running_loop().time()
        if self._start is None:
            self._start = now
            self.start_wall_ms = time.time_ns() // 1_000_000
        return now - self._start


class PacedTrack(MediaStreamTrack, ABC):
    """A track whose units come when they are due."""

    def __init__(self, clock: Clock, pace: Pace) -> None:
        super().__init__()
        self._clock = clock
        self._pace = pace

    async def next_unit(self) -> int:
        """Waits until the next unit is due and returns its number."""
        if self.readyState != "live":
            raise MediaStreamError
        unit, due = self._pace.take(self._clock.elapsed())
        await asyncio.sleep(max(0.0, due - self._clock.elapsed()))
        return unit


class ChartTrack(PacedTrack):
    """The chart, drawn when it is due, with the wall clock of that moment."""

    kind = "video"

    def __init__(self, clock: Clock, chart: Chart) -> None:
        super().__init__(clock, Pace(lambda frame: frame / chart.form.fps))
        self._chart = chart

    async def recv(self) -> VideoFrame:
        """The next frame, as I420."""
        number = await self.next_unit()
        picture = self._chart.draw(ms=time.time_ns() // 1_000_000, frame=number)
        frame = VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = number * VIDEO_CLOCK // self._chart.form.fps
        frame.time_base = Fraction(1, VIDEO_CLOCK)
        return frame


class ToneTrack(PacedTrack):
    """The tone, 20 ms at a time."""

    kind = "audio"

    def __init__(self, clock: Clock, tone: Tone) -> None:
        super().__init__(clock, Pace(lambda piece: piece / 50, period=50))
        self._tone = tone

    async def recv(self) -> AudioFrame:
        """The next 20 ms, stereo, both channels the same."""
        first = await self.next_unit() * _TONE_SAMPLES
        mono = self._tone.samples(first=first, count=_TONE_SAMPLES, start_ms=self._clock.start_wall_ms)
        frame = AudioFrame.from_ndarray(np.repeat(mono, 2)[None, :], format="s16", layout="stereo")
        frame.sample_rate = SAMPLE_RATE
        frame.pts, frame.time_base = first, Fraction(1, SAMPLE_RATE)
        return frame


class ClipTrack(PacedTrack):
    """One kind of a clip's packets, round and round, with timestamps that go on."""

    def __init__(self, clock: Clock, kind: str, packets: tuple[ClipPacket, ...], length_ms: int) -> None:
        self.kind = kind
        self._packets = packets
        self._length_ms = length_ms
        super().__init__(clock, Pace(lambda unit: self._ms(unit) / 1000, period=len(packets)))

    async def recv(self) -> Packet[Any]:
        """The next encoded frame or piece of sound."""
        unit = await self.next_unit()
        packet = Packet(self._packets[unit % len(self._packets)].data)
        packet.pts, packet.time_base = self._ms(unit), _MILLISECOND
        return packet

    def _ms(self, unit: int) -> int:
        """When a unit is due, counted through all rounds."""
        rounds, index = divmod(unit, len(self._packets))
        return rounds * self._length_ms + self._packets[index].ms


def chart_source(
    *,
    source_id: str,
    label: str,
    form: ChartFormat,
    number: int,
    tone: Tone | None,
    codec: VideoCodec = VideoCodec.VP8,
    profile: Profile = Profile.SCREEN,
) -> BotSource:
    """A chart with the time code's source `number`, and its tone.

    A test tone never stops, so it would be the active speaker for ever in a profile that can be.
    """
    chart = Chart(form=form, label=label, source=number)

    def open_tracks() -> tuple[MediaStreamTrack, ...]:
        clock = Clock()
        video = ChartTrack(clock, chart)
        return (video,) if tone is None else (ToneTrack(clock, tone), video)

    return BotSource(id=source_id, label=label, open_tracks=open_tracks, codec=codec, profile=profile)


def clip_source(
    *,
    source_id: str,
    label: str,
    clip: Clip,
    codec: VideoCodec = VideoCodec.VP8,
    profile: Profile = Profile.CONSULT,
) -> BotSource:
    """A clip, passed through; `codec` is what it was encoded with."""

    def open_tracks() -> tuple[MediaStreamTrack, ...]:
        clock = Clock()
        video = ClipTrack(clock, "video", clip.video, clip.length_ms)
        return (ClipTrack(clock, "audio", clip.audio, clip.length_ms), video) if clip.audio else (video,)

    return BotSource(id=source_id, label=label, open_tracks=open_tracks, codec=codec, profile=profile)
