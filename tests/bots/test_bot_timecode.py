"""The time code survives what a picture goes through, and both readers agree."""

import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from aiortc.codecs.vpx import Vp8Encoder
from av import CodecContext, Packet, VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from telepresence.bots.chart import Chart, ChartFormat
from telepresence.bots.timecode import FRAME_MODULUS, MAX_MS, MAX_SOURCE, Timecode, read_timecode, write_timecode
from telepresence.bots.watch import luma_of

READER = Path(__file__).parent.parent / "e2e" / "timecode.js"
SIZES = [(640, 360), (320, 180), (1280, 720), (854, 480), (640, 480), (426, 240)]

codes = st.builds(Timecode, st.integers(0, MAX_MS), st.integers(0, MAX_SOURCE), st.integers(0, FRAME_MODULUS - 1))


def scaled(luma: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """As an SFU's smaller layer, or a browser's larger canvas, would have it."""
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def through_vp8(pictures: list[npt.NDArray[np.uint8]], bitrate: int) -> list[VideoFrame]:
    """The pictures (I420) encoded as a bot does at `bitrate`, and decoded."""
    encoder, decoder = Vp8Encoder(), CodecContext.create("libvpx", "r")
    encoder.target_bitrate = bitrate
    received = []
    for number, picture in enumerate(pictures):
        frame = VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base = number * 3000, Fraction(1, 90_000)
        payloads, _ = encoder.encode(frame)
        # Each payload has a descriptor of four bytes before it: extension, picture id of 15 bits. RFC 7741 §4.2.
        received += decoder.decode(Packet(b"".join(payload[4:] for payload in payloads)))
    return received


@given(code=codes, size=st.sampled_from(SIZES))
def test_what_is_written_is_read_at_any_size(code: Timecode, size: tuple[int, int]) -> None:
    """Every value comes back, from the size it was drawn in and from six others."""
    luma = np.full((360, 640), 90, np.uint8)
    write_timecode(luma, code)
    assert read_timecode(luma) == code
    assert read_timecode(scaled(luma, size)) == code


@given(code=codes)
@settings(max_examples=20, deadline=None)
def test_it_survives_vp8_at_a_low_rate(code: Timecode) -> None:
    """At 300 kbit/s, with noise that fights for the bits, each of ten frames is read at every size."""
    chart = Chart(form=ChartFormat(), label="VP8", source=code.source)
    noise = np.random.default_rng(code.frame)
    start = min(code.ms, MAX_MS - 1000)
    pictures = []
    for number in range(10):
        picture = chart.draw(ms=start % 2**40 + number * 33, frame=code.frame + number)
        picture[120:220, 200:400] = noise.integers(16, 236, (100, 200))
        pictures.append(picture)
    received = through_vp8(pictures, 300_000)
    assert len(received) == len(pictures)
    for number, frame in enumerate(received):
        expected = Timecode(start % 2**40 + number * 33, code.source, (code.frame + number) % FRAME_MODULUS)
        for size in SIZES:
            assert read_timecode(scaled(luma_of(frame), size)) == expected


@given(seed=st.integers(0, 2**32 - 1))
def test_noise_is_no_code(seed: int) -> None:
    """Neither noise nor a flat picture is read as a code."""
    noise = np.random.default_rng(seed)
    assert read_timecode(noise.integers(0, 256, (360, 640), np.uint8)) is None
    assert read_timecode(np.full((360, 640), seed % 256, np.uint8)) is None


@given(code=codes, cells=st.sets(st.integers(0, 79), min_size=1, max_size=3))
def test_flipped_cells_are_noticed(code: Timecode, cells: set[int]) -> None:
    """One, two or three wrong cells (CRC-16 finds all up to three here) make it no code rather than a wrong one."""
    luma = np.full((360, 640), 90, np.uint8)
    write_timecode(luma, code)
    for cell in cells:
        row, column = divmod(cell, 40)
        part = luma[row * 16 : row * 16 + 16, column * 16 : column * 16 + 16]
        part[:] = 16 + 235 - part
    assert read_timecode(luma) is None


@pytest.mark.parametrize("code", [Timecode(-1, 0, 0), Timecode(MAX_MS + 1, 0, 0), Timecode(0, MAX_SOURCE + 1, 0)])
def test_a_field_that_does_not_fit_is_refused(code: Timecode) -> None:
    """Better no frame than one that says something else."""
    with pytest.raises(ValueError, match="it must be 0 to"):
        write_timecode(np.zeros((360, 640), np.uint8), code)


def test_the_reader_for_browsers_agrees(tmp_path: Path) -> None:
    """The same pictures as RGBA, read by tests/e2e/timecode.js in Node, say the same; noise says null."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    random = np.random.default_rng(7)
    cases = []
    for number, (width, height) in enumerate(SIZES * 4):
        code = Timecode(int(random.integers(0, MAX_MS + 1)), number % 64, int(random.integers(0, FRAME_MODULUS)))
        luma = random.integers(16, 236, (360, 640), np.uint8)
        if number % 6:
            write_timecode(luma, code)
        picture = scaled(luma, (width, height))
        rgb = np.clip((picture.astype(int) - 16) * 255 // 219, 0, 255).astype(np.uint8)
        rgba = np.dstack([rgb, rgb, rgb, np.full_like(rgb, 255)])
        (tmp_path / f"{number}.rgba").write_bytes(rgba.tobytes())
        read = read_timecode(picture)
        assert (read == code) == bool(number % 6)
        cases.append({"file": f"{number}.rgba", "width": width, "height": height, "read": read and read._asdict()})
    script = f"""
        const {{ readTimecode, stripRows }} = require({json.dumps(str(READER))});
        const cases = {json.dumps(cases)};
        const read = cases.map(({{ file, width, height }}) => {{
          const data = new Uint8ClampedArray(require("fs").readFileSync(file));
          const rows = stripRows(height);
          const strip = {{ data: data.subarray(0, rows * width * 4), width, height: rows }};
          return [readTimecode({{ data, width, height }}), readTimecode(strip, height)];
        }});
        console.log(JSON.stringify(read));
    """
    done = subprocess.run([node, "-e", script], cwd=tmp_path, capture_output=True, text=True, check=True)  # noqa: S603  # our own reader
    assert json.loads(done.stdout) == [[case["read"]] * 2 for case in cases]
