"""Judges what was received of one source: is the picture whose it should be, how late, how steady, and what is heard.

Before this module somebody decoded a frame (`participant.py`); after it, `watch.py` shows the verdict and the tests
assert on it. It is pure: times come in, figures come out.

Two clocks are kept apart: `now` is seconds of a monotonic clock and measures intervals, `wall_ms` is the receiver's
wall clock and is only compared with the time code. **The delay is true only if sender and receiver share a clock**
(the same machine, or both synchronised); it is from drawing the frame to having it decoded.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Annotated, Final

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from telepresence.bots.timecode import Luma, Timecode, read_timecode

SILENCE_DBFS: Final = -70.0
"""Quieter than this is silence: 30 dB under the demo's quiet tone, and above what Opus makes of zeros."""

_DELTA_FRAMES = 30  # frames that the freeze rule averages over; source: W3C webrtc-stats, freezeCount
_FREEZE_EXTRA_S = 0.150  # the same
_DELAYS_KEPT = 9_000  # five minutes at 30 fps: percentiles are of these
_WINDOW_S = 0.5  # of sound under one transform: bins of 2 Hz, well under 1 Hz by interpolation
_SOUND_GAP_S = 0.1  # a longer pause between frames of sound is silence too: five packets


class Delay(msgspec.Struct, frozen=True, rename="camel"):
    """Milliseconds from drawing to decoding, over the newest frames; same clock assumed."""

    p50_ms: float
    p95_ms: float
    max_ms: float


class VideoFigures(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The verdict on a picture. Without a time code `fps` counts decoded frames, and `delay` is null."""

    width: int
    height: int
    frames_decoded: int
    codes_read: int
    codes_different: Annotated[int, Meta(description="Of these, how many differ from the one before.")]
    fps: Annotated[float, Meta(description="Frames that differ by their time code, a second.")]
    freezes: Annotated[int, Meta(description="W3C freezeCount's rule; one that still lasts is counted.")]
    freeze_seconds: float
    longest_gap_ms: float
    numbers: Annotated[dict[int, int], Meta(description="Source numbers read, and how often each.")]
    delay: Delay | None


class AudioFigures(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The verdict on a sound. Frequency and level are of the newest whole half second, null before there is one."""

    seconds: Annotated[float, Meta(description="Length of the sound received.")]
    frequency_hz: float | None
    level_dbfs: Annotated[float | None, Meta(description="0 is a sine that just fits into 16 bits.")]
    silence_seconds: Annotated[float, Meta(description="Quieter than -70 dBFS, or nothing received.")]


class VideoJudge:
    """Judges the picture of one source, frame by frame."""

    def __init__(self) -> None:
        self._frames = 0
        self._first_at = self._last_at = 0.0
        self._size = (0, 0)
        self._codes = 0
        self._different = 0
        self._latest: Timecode | None = None
        self._numbers: Counter[int] = Counter()
        self._delays_ms: deque[float] = deque(maxlen=_DELAYS_KEPT)
        self._intervals: deque[float] = deque(maxlen=_DELTA_FRAMES)
        self._freezes = 0
        self._freeze_s = 0.0
        self._longest_s = 0.0

    def feed(self, *, now: float, wall_ms: float, luma: Luma) -> None:
        """One decoded frame, at `now` (monotonic seconds) and `wall_ms` (wall clock)."""
        self._count_interval(now)
        self._size = (luma.shape[1], luma.shape[0])
        code = read_timecode(luma)
        if code is not None:
            self._codes += 1
            self._numbers[code.source] += 1
            self._delays_ms.append(wall_ms - code.ms)
            self._different += code != self._latest
            self._latest = code

    def figures(self, *, now: float) -> VideoFigures | None:
        """The verdict at `now`, null if there was never a frame. A picture that stopped counts against it."""
        if not self._frames:
            return None
        waiting = now - self._last_at
        frozen = self._is_freeze(waiting)
        return VideoFigures(
            width=self._size[0],
            height=self._size[1],
            frames_decoded=self._frames,
            codes_read=self._codes,
            codes_different=self._different,
            fps=round(self._rate(now), 2),
            freezes=self._freezes + frozen,
            freeze_seconds=round(self._freeze_s + (waiting if frozen else 0), 3),
            longest_gap_ms=round(max(self._longest_s, waiting) * 1000, 1),
            numbers=dict(self._numbers),
            delay=self._delay(),
        )

    def _count_interval(self, now: float) -> None:
        """Takes a frame's arrival into account."""
        if self._frames:
            interval = now - self._last_at
            if self._is_freeze(interval):
                self._freezes += 1
                self._freeze_s += interval
            self._longest_s = max(self._longest_s, interval)
            self._intervals.append(interval)
        else:
            self._first_at = now
        self._frames += 1
        self._last_at = now

    def _is_freeze(self, interval: float) -> bool:
        """W3C freezeCount: an interval of at least max(3δ, δ + 150 ms), δ the mean of the last 30."""
        if not self._intervals:
            return False
        delta = sum(self._intervals) / len(self._intervals)
        return interval >= max(3 * delta, delta + _FREEZE_EXTRA_S)

    def _rate(self, now: float) -> float:
        """Different frames a second since the first."""
        different = self._different if self._codes else self._frames
        elapsed = now - self._first_at
        return (different - 1) / elapsed if elapsed > 0 else 0.0

    def _delay(self) -> Delay | None:
        """Percentiles of the delay."""
        if not self._delays_ms:
            return None
        p50, p95, longest = np.percentile(self._delays_ms, (50, 95, 100))
        return Delay(p50_ms=round(float(p50), 1), p95_ms=round(float(p95), 1), max_ms=round(float(longest), 1))


class AudioJudge:
    """Judges the sound of one source."""

    def __init__(self) -> None:
        self._window: list[npt.NDArray[np.float64]] = []
        self._window_samples = 0
        self._seconds = 0.0
        self._silence_s = 0.0
        self._last_at: float | None = None
        self._frequency: float | None = None
        self._level: float | None = None

    def feed(self, *, now: float, samples: npt.NDArray[np.int16], rate: int) -> None:
        """A piece of mono sound (one row of samples, `rate` a second) that was decoded at `now`."""
        length_s = len(samples) / rate
        self._silence_s += self._gap(now)
        self._last_at = now
        self._seconds += length_s
        wave = samples.astype(np.float64)
        if level_dbfs(wave) < SILENCE_DBFS:
            self._silence_s += length_s
        self._window.append(wave)
        self._window_samples += len(wave)
        if self._window_samples >= rate * _WINDOW_S:
            self._close_window(rate)

    def figures(self, *, now: float) -> AudioFigures | None:
        """The verdict at `now`, null if nothing was ever received."""
        if self._last_at is None:
            return None
        return AudioFigures(
            seconds=round(self._seconds, 2),
            frequency_hz=None if self._frequency is None else round(self._frequency, 1),
            level_dbfs=None if self._level is None else round(self._level, 1),
            silence_seconds=round(self._silence_s + self._gap(now), 2),
        )

    def _gap(self, now: float) -> float:
        """Seconds without any sound before `now`, 0 if it just flowed."""
        if self._last_at is None or now - self._last_at <= _SOUND_GAP_S:
            return 0.0
        return now - self._last_at

    def _close_window(self, rate: int) -> None:
        """Half a second is full: measure it and begin the next."""
        wave = np.concatenate(self._window)
        self._window, self._window_samples = [], 0
        self._level = level_dbfs(wave)
        self._frequency = dominant_hz(wave, rate) if self._level >= SILENCE_DBFS else None


def level_dbfs(wave: npt.NDArray[np.float64]) -> float:
    """Level of 16-bit samples, as that of a sine with the same power; 0 is a sine that just fits. Floor: -120."""
    power = float(np.mean(np.square(wave))) if len(wave) else 0.0
    return max(-120.0, 10 * float(np.log10(max(2 * power, 1e-12) / 32_767**2)))


def dominant_hz(wave: npt.NDArray[np.float64], rate: int) -> float:
    """Frequency of the strongest component, by a parabola through the logarithms of the peak's three bins."""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) + 1e-9
    spectrum[0] = 1e-9  # a constant offset is no tone
    peak = int(np.clip(np.argmax(spectrum), 1, len(spectrum) - 2))
    before, at, after = np.log(spectrum[peak - 1 : peak + 2])
    curve = before - 2 * at + after
    shift = 0.5 * (before - after) / curve if curve else 0.0
    return float((peak + shift) * rate / len(wave))
