"""The time code that a bot burns into a picture, and its reader: who sent this frame, when, and which one it is.

Before this module a chart is drawn (`chart.py`); after it, whoever decoded the picture anywhere (`judge.py`,
`tests/e2e/timecode.js` in a browser) learns delay and frame rate from pixels alone, whatever encoders, engines and
scalers stood between.

Layout, for anyone who writes another reader:

* A strip along the top edge, over the whole width: 40 columns × 2 rows of cells. A cell is W/40 wide and
  2H/45 high, that is 16×16 at 640×360: exactly a macroblock of VP8, so that it costs few bits and survives few.
* A dark cell (luma from 16, RGB from 0) is 0 and a bright one (luma to 235, RGB to 255) is 1; chroma is neutral.
  The shade varies by up to 8 from cell to cell and frame to frame and means nothing: libvpx with its denoiser takes
  a block for unchanged when it finds exactly the same one elsewhere, and flat cells are all the same (at 320×180
  four of a hundred frames were unreadable without it, none with it).
* Row 0 from the left, then row 1, are 80 bits, most significant first:

  ======  ====  ==========================================================================================
  bits    size  meaning
  ======  ====  ==========================================================================================
  0-41    42    the sender's wall clock, milliseconds since 1970 (in a looped file: since the file's start)
  42-47   6     number of the source, 0 to 63
  48-63   16    frame counter, modulo 65,536
  64-79   16    check: CRC-16 over the eight bytes before it (polynomial 0x1021, initial 0xFFFF, no reflection,
                no final xor: "CRC-16/CCITT-FALSE")
  ======  ====  ==========================================================================================

* Reading: in each cell take 4×4 points of its middle, at (column + f)·W/40 and (row + f)·2H/45 for f in
  0.3125, 0.4375, 0.5625, 0.6875, rounded down to a pixel. Their mean luma is a 0 up to 96 and a 1 from 160 on;
  anything between, or a check that fails, is no code. The margin makes pictures without a code fail early, the check
  lets about one in 65,000 of the rest pass.
"""

from __future__ import annotations

import binascii
from functools import lru_cache
from typing import Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Luma = npt.NDArray[np.uint8]
"""A luma plane, rows × columns; rows may be strided."""

COLUMNS: Final = 40
ROWS: Final = 2
STRIP_HEIGHT: Final = 4 / 45
"""Height of the strip as a share of the picture's: two macroblocks of 360 lines."""

MAX_MS: Final = 2**42 - 1
MAX_SOURCE: Final = 63
FRAME_MODULUS: Final = 2**16

_DARK, _BRIGHT = 16, 235  # the limits of luma; source: ITU-R BT.601-7, table 3
_SHADES = np.random.default_rng(80).integers(0, 9, (61, ROWS, COLUMNS), np.uint8)  # by the frame's number modulo 61
_ZERO_UP_TO, _ONE_FROM = 96, 160  # a third of the way in from either limit
_POINTS = (0.3125, 0.4375, 0.5625, 0.6875)  # the cell's middle: deblocking and scaling smear its edges
_CHECK_INITIAL = 0xFFFF  # so that an all-dark strip fails the check


class Timecode(NamedTuple):
    """What a strip says. `ms`: sender's wall clock; `source`: 0 to 63; `frame`: counter modulo 65,536."""

    ms: int
    source: int
    frame: int


def strip_rows(height: int) -> int:
    """Number of pixel rows that the strip takes in a picture of `height` rows."""
    return round(height * STRIP_HEIGHT)


def write_timecode(luma: Luma, code: Timecode) -> None:
    """Burns `code` into the top of a luma plane, in place. The chroma beneath must be neutral (128).

    Raises ValueError if a field doesn't fit.
    """
    bits = np.unpackbits(np.frombuffer(_encode(code), np.uint8)).reshape(ROWS, COLUMNS)
    shades = _SHADES[code.frame % len(_SHADES)]
    cells = np.where(bits, np.uint8(_BRIGHT) - shades, np.uint8(_DARK) + shades)
    height, width = luma.shape
    cv2.resize(cells, (width, strip_rows(height)), dst=luma[: strip_rows(height)], interpolation=cv2.INTER_NEAREST)


def read_timecode(luma: Luma) -> Timecode | None:
    """Reads the code from a luma plane of any resolution; None if there is none that can be trusted."""
    height, width = luma.shape
    rows, columns = _sample_points(height, width)
    sums = luma[rows, columns].sum(axis=0, dtype=np.uint32)
    points = rows.shape[0]
    ones = sums >= _ONE_FROM * points
    if not np.all(ones | (sums <= _ZERO_UP_TO * points)):
        return None
    return _decode(np.packbits(ones).tobytes())


def _encode(code: Timecode) -> bytes:
    """The strip's ten bytes."""
    if not 0 <= code.ms <= MAX_MS:
        raise ValueError(f"the time code's clock is {code.ms} ms, it must be 0 to {MAX_MS}")
    if not 0 <= code.source <= MAX_SOURCE:
        raise ValueError(f"the time code's source number is {code.source}, it must be 0 to {MAX_SOURCE}")
    word = code.ms << 22 | code.source << 16 | code.frame % FRAME_MODULUS
    body = word.to_bytes(8, "big")
    return body + binascii.crc_hqx(body, _CHECK_INITIAL).to_bytes(2, "big")


def _decode(strip: bytes) -> Timecode | None:
    """The code in the strip's ten bytes, if its check is right."""
    body, check = strip[:8], int.from_bytes(strip[8:], "big")
    if binascii.crc_hqx(body, _CHECK_INITIAL) != check:
        return None
    word = int.from_bytes(body, "big")
    return Timecode(ms=word >> 22, source=word >> 16 & MAX_SOURCE, frame=word % FRAME_MODULUS)


@lru_cache(maxsize=32)
def _sample_points(height: int, width: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Row and column of each point to sample, both points × cells, cells in the order of their bits."""
    x = ((np.arange(COLUMNS)[:, None] + _POINTS) * width / COLUMNS).astype(np.intp)
    y = ((np.arange(ROWS)[:, None] + _POINTS) * height * STRIP_HEIGHT / ROWS).astype(np.intp)
    shape = (len(_POINTS), len(_POINTS), ROWS, COLUMNS)  # y point, x point, row, column
    rows = np.broadcast_to(y.T[:, None, :, None], shape).reshape(-1, ROWS * COLUMNS)
    columns = np.broadcast_to(x.T[None, :, None, :], shape).reshape(-1, ROWS * COLUMNS)
    return np.ascontiguousarray(rows), np.ascontiguousarray(columns)
