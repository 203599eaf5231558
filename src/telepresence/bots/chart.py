"""A test chart that a person sees moving and a program can read, and a tone that a listener can verify.

Before this module there is only a clock; after it, `tracks.py` publishes the frames and samples, `fixtures.py` writes
them to files for a browser's fake devices. All here is pure: a frame is a function of the clock and its number, a
sample is a function of its index.

The picture is I420 throughout: brightness is drawn into the luma plane, so a frame costs a copy of the still
background, a few small blits and the time code, and no colour conversion.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from telepresence.bots.timecode import Timecode, strip_rows, write_timecode

SAMPLE_RATE: Final = 48_000
"""Hertz; the only rate that Opus in RTP has. Source: RFC 7587 §4.1."""

FULL_SCALE: Final = 32_767
"""The largest 16-bit sample; a sine that reaches it is 0 dBFS."""

LEAST_SIZE: Final = (160, 90)
"""Below it a cell of the time code is under four pixels."""

MOST_FPS: Final = 60
AUDIBLE_HZ: Final = (20, 20_000)

QUIETEST_DBFS: Final = -90
"""Under it a 16-bit sine is one bit of noise."""

FLASH_MS: Final = 100
"""The square flashes for so long at the start of each second, with the beep if there is one: lip sync is theirs to show."""

_BARS_RGB = ((191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191))
"""Colour bars at 75 %. Source: ITU-R BT.471-1."""

_WHITE, _BLACK = 235, 16  # the limits of luma; source: ITU-R BT.601-7, table 3
_SURROUND = 40  # neutral dark grey (RGB), as the page's own
_LEAST_FONT = 8
_SWEEP_MS = 4_000  # slow enough to follow with the eye, fast enough that a stop is seen in half a second
_DIGITS = "0123456789:."


@dataclass(frozen=True, kw_only=True)
class ChartFormat:
    """Size in pixels (both even, at least 160×90) and frames per second of a chart."""

    width: int = 640
    height: int = 360
    fps: int = 30

    def __post_init__(self) -> None:
        least_width, least_height = LEAST_SIZE
        if self.width % 2 or self.height % 2 or self.width < least_width or self.height < least_height:
            least = f"{least_width}x{least_height}"
            raise ValueError(f"the size is {self.width}x{self.height}, it must be even and at least {least}")
        if not 1 <= self.fps <= MOST_FPS:
            raise ValueError(f"the frame rate is {self.fps}, it must be 1 to {MOST_FPS}")


class Chart:
    """Draws the frames of one source: `label` is shown to people, `source` (0 to 63) goes into the time code."""

    def __init__(self, *, form: ChartFormat, label: str, source: int, zone: tzinfo | None = None) -> None:
        self.form = form
        self._source = source
        self._zone = zone
        self._background = _background(form, label)
        self._scale = form.height / 360
        self._glyphs = _digit_glyphs(round(40 * self._scale))

    def draw(self, *, ms: int, frame: int) -> npt.NDArray[np.uint8]:
        """The picture at wall clock `ms` as I420: (height · 3/2) × width, uint8."""
        picture = self._background.copy()
        luma = picture[: self.form.height]
        self._draw_sweep(luma, ms)
        self._draw_flash(luma, ms)
        self._draw_clock(luma, ms)
        write_timecode(luma, Timecode(ms=ms, source=self._source, frame=frame))
        return picture

    def _draw_sweep(self, luma: npt.NDArray[np.uint8], ms: int) -> None:
        """A white bar that crosses the band below the colour bars once in four seconds."""
        top, bottom = self._rows(232, 256)
        width = self.form.width
        bar = max(8, width // 32)
        left = (width - bar) * (ms % _SWEEP_MS) // _SWEEP_MS
        luma[top:bottom, left : left + bar] = _WHITE

    def _draw_flash(self, luma: npt.NDArray[np.uint8], ms: int) -> None:
        """A white square at the right while a second begins."""
        if ms % 1000 < FLASH_MS:
            top, bottom = self._rows(276, 340)
            side = bottom - top
            right = self.form.width - round(20 * self._scale)
            luma[top:bottom, right - side : right] = _WHITE

    def _draw_clock(self, luma: npt.NDArray[np.uint8], ms: int) -> None:
        """Hours to tenths of a second; hundredths would be a blur and cost bits."""
        now = datetime.fromtimestamp(ms / 1000, self._zone)
        top, _ = self._rows(288, 340)
        left = round(20 * self._scale)
        for character in f"{now:%H:%M:%S}.{ms % 1000 // 100}":
            glyph = self._glyphs[character]
            luma[top : top + glyph.shape[0], left : left + glyph.shape[1]] = glyph
            left += glyph.shape[1]

    def _rows(self, top: int, bottom: int) -> tuple[int, int]:
        """Rows given for 360 lines, at this chart's size."""
        return round(top * self._scale), round(bottom * self._scale)


class Tone:
    """A sine of `hz` at `level_dbfs` (0 is a sine that just fits into 16 bits); with `beep`, only while the square flashes.

    Raises ValueError if the frequency or the level is out of range.
    """

    def __init__(self, *, hz: float, level_dbfs: float, beep: bool = False) -> None:
        if not AUDIBLE_HZ[0] <= hz <= AUDIBLE_HZ[1]:
            raise ValueError(f"the tone is {hz:g} Hz, it must be {AUDIBLE_HZ[0]} to {AUDIBLE_HZ[1]}")
        if not QUIETEST_DBFS <= level_dbfs <= 0:
            raise ValueError(f"the tone's level is {level_dbfs:g} dBFS, it must be {QUIETEST_DBFS} to 0")
        self.hz, self.level_dbfs, self.beep = hz, level_dbfs, beep
        self._amplitude = FULL_SCALE * 10 ** (level_dbfs / 20)

    def samples(self, *, first: int, count: int, start_ms: int = 0) -> npt.NDArray[np.int16]:
        """Samples `first` to `first + count`, mono, 48 kHz; sample 0 sounds at wall clock `start_ms`."""
        index = np.arange(first, first + count)
        # The whole seconds fall out of the phase in integers, so that it stays exact however long the bot runs.
        phase = 2 * np.pi * self.hz * (index % SAMPLE_RATE) / SAMPLE_RATE
        whole = 2 * np.pi * ((index // SAMPLE_RATE) * self.hz % 1)
        sine = self._amplitude * np.sin(phase + whole)
        if self.beep:
            sine *= (start_ms + index * 1000 // SAMPLE_RATE) % 1000 < FLASH_MS
        return np.round(sine).astype(np.int16)


def _background(form: ChartFormat, label: str) -> npt.NDArray[np.uint8]:
    """All that doesn't move, as I420."""
    width, height, scale = form.width, form.height, form.height / 360
    picture = np.full((height, width, 3), _SURROUND, np.uint8)
    edges = np.linspace(0, width, len(_BARS_RGB) + 1).round().astype(int)
    for rgb, left, right in zip(_BARS_RGB, edges, edges[1:], strict=False):
        picture[round(96 * scale) : round(224 * scale), left:right] = rgb[::-1]
    size = _fitting_size(label, width - round(40 * scale), round(30 * scale))
    face = cv2.FontFace("sans")  # OpenCV's own font: it has Chinese, and needs none from the system
    cv2.putText(picture, label, (round(20 * scale), round(76 * scale)), (235, 235, 235), face, size)
    i420 = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
    _neutral_chroma(i420, form, strip_rows(height))
    return i420


def _neutral_chroma(i420: npt.NDArray[np.uint8], form: ChartFormat, rows: int) -> None:
    """Takes the colour out of the first `rows` of the picture, where the time code comes."""
    chroma = i420[form.height :].reshape(2, form.height // 2, form.width // 2)
    chroma[:, : (rows + 1) // 2] = 128


def _fitting_size(label: str, width: int, size: int) -> int:
    """The largest font size up to `size` at which the label is no wider than `width`, if there is a legible one."""
    face = cv2.FontFace("sans")
    while size > _LEAST_FONT and _text_width(label, face, size) > width:
        size -= 1
    return size


def _text_width(text: str, face: cv2.FontFace, size: int) -> int:
    """Width in pixels of a drawn text."""
    _, _, width, _ = cv2.getTextSize((10_000, 100), text, (0, 50), face, size)
    return width


def _digit_glyphs(size: int) -> dict[str, npt.NDArray[np.uint8]]:
    """Luma pictures of the clock's characters, digits all equally wide, so that the clock doesn't jitter."""
    face = cv2.FontFace("sans")
    digit_width = max(_text_width(digit, face, size) for digit in "0123456789")
    surround = _BLACK + (_WHITE - _BLACK) * _SURROUND // 255
    glyphs = {}
    for character in _DIGITS:
        width = digit_width if character.isdigit() else _text_width(character, face, size)
        glyph = np.full((round(size * 1.2), width + 4, 3), surround, np.uint8)
        cv2.putText(glyph, character, (2, size), (_WHITE, _WHITE, _WHITE), face, size)
        glyphs[character] = np.ascontiguousarray(glyph[:, :, 0])
    return glyphs
