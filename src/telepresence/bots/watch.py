"""Watches a room with the eyes of `judge.py`: one judge a source, a report for programs, a table for people.

Before this module `participant.py` decodes; after it, `running.py` prints.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType

import msgspec
import numpy as np
from av import AudioFrame, VideoFrame
from rich.table import Table

from telepresence.bots.judge import AudioFigures, AudioJudge, VideoFigures, VideoJudge
from telepresence.bots.media import SourceKey
from telepresence.bots.timecode import Luma
from telepresence.signaling.messages import Member

_NOBODY: Mapping[str, float] = MappingProxyType({})


class SourceReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One source as it was received; `left`: its participant has gone. `video` and `audio` are null where nothing of it came."""

    participant: str
    site: str
    name: str
    source: str
    label: str
    left: bool
    video: VideoFigures | None
    audio: AudioFigures | None


class Watcher:
    """A participant's sink that judges each source by itself."""

    def __init__(self) -> None:
        self._video: dict[SourceKey, VideoJudge] = {}
        self._audio: dict[SourceKey, AudioJudge] = {}
        self._known: dict[SourceKey, tuple[str, str, str]] = {}

    def video(self, key: SourceKey, frame: VideoFrame) -> None:
        """Judges a picture that was decoded just now."""
        judge = self._video.setdefault(key, VideoJudge())
        judge.feed(now=time.monotonic(), wall_ms=time.time() * 1000, luma=luma_of(frame))

    def audio(self, key: SourceKey, frame: AudioFrame) -> None:
        """Judges a piece of sound that was decoded just now, by its left channel."""
        judge = self._audio.setdefault(key, AudioJudge())
        samples = frame.to_ndarray()[0, :: len(frame.layout.channels)]
        judge.feed(now=time.monotonic(), samples=np.asarray(samples, np.int16), rate=frame.sample_rate)

    def sources(
        self, members: Mapping[str, Member], left_at: Mapping[str, float] = _NOBODY
    ) -> tuple[SourceReport, ...]:
        """The verdict for each source that was ever received: at this moment, or when its participant left."""
        present = time.monotonic()
        reports = []
        for key in sorted(self._video.keys() | self._audio.keys()):
            site, name, label = self._names(key, members)
            video, audio = self._video.get(key), self._audio.get(key)
            now = left_at.get(key[0], present)
            reports.append(
                SourceReport(
                    participant=key[0],
                    site=site,
                    name=name,
                    source=key[1],
                    label=label,
                    left=key[0] in left_at,
                    video=video.figures(now=now) if video else None,
                    audio=audio.figures(now=now) if audio else None,
                )
            )
        return tuple(reports)

    def _names(self, key: SourceKey, members: Mapping[str, Member]) -> tuple[str, str, str]:
        """Site, its name and the source's label; those last known of who has left."""
        member = members.get(key[0])
        if member is not None:
            labels = {source.id: source.label for source in member.sources}
            self._known[key] = (member.site, member.name, labels.get(key[1], ""))
        return self._known.get(key, ("", "", ""))


def luma_of(frame: VideoFrame) -> Luma:
    """The luma plane of a decoded frame, without a copy where the frame is planar, as all decoders here give it."""
    if frame.format.name not in {"yuv420p", "yuvj420p", "yuv422p", "yuv444p", "nv12", "gray"}:
        frame = frame.reformat(format="gray")
    plane = frame.planes[0]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]


def table(sources: tuple[SourceReport, ...]) -> Table:
    """The verdict for people."""
    shown = Table(
        title="Received",
        caption="Delay: from drawing to decoding, p50/p95, if both clocks are the same. Gap: the longest.",
    )
    for heading in ("Site", "Source", "Picture", "fps", "Delay, ms", "Freezes", "Gap, ms", "Tone", "dBFS"):
        shown.add_column(heading, justify="left" if heading in {"Site", "Source"} else "right")
    for source in sources:
        site = (source.name or source.site or source.participant) + (" (left)" if source.left else "")
        shown.add_row(site, source.label or source.source, *_video_cells(source.video), *_audio_cells(source.audio))
    if not sources:
        shown.add_row("Nobody is on the air yet", *("" for _ in range(8)))
    return shown


def _video_cells(video: VideoFigures | None) -> tuple[str, str, str, str, str]:
    """Picture, frame rate, delay, freezes, longest gap."""
    if video is None:
        return ("no picture", "", "", "", "")
    delay = "no code" if video.delay is None else f"{video.delay.p50_ms:.0f}/{video.delay.p95_ms:.0f}"
    freezes = f"{video.freezes}: {video.freeze_seconds:.1f} s" if video.freezes else "none"
    return (f"{video.width}×{video.height}", f"{video.fps:.1f}", delay, freezes, f"{video.longest_gap_ms:.0f}")


def _audio_cells(audio: AudioFigures | None) -> tuple[str, str]:
    """Tone and level."""
    if audio is None:
        return ("no sound", "")
    tone = "silence" if audio.frequency_hz is None else f"{audio.frequency_hz:.0f} Hz"
    return (tone, "" if audio.level_dbfs is None else f"{audio.level_dbfs:.1f}")
