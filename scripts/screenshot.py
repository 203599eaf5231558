"""Takes the README's picture anew: two hospitals in Chromium meet the demo's bot, and one of them is photographed.

Use: `.venv/bin/python scripts/screenshot.py [FILE.png]` after `make test` or `make run`. What it shows is the page as it is,
with the demo's links. The hospitals' cameras are files: the film and a chart.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from playwright.async_api import async_playwright, expect

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from e2e.server import Demo  # noqa: E402  # the line above makes it importable
from e2e.site import PATIENCE_S, Capture, Site, eventually  # noqa: E402
from telepresence.bots.chart import ChartFormat, Tone  # noqa: E402
from telepresence.bots.clip import find_film  # noqa: E402
from telepresence.bots.fixtures import write_audio, write_video  # noqa: E402

SIZE = {"width": 1280, "height": 800}
COLOURS = 256
"""As many as a PNG with a palette can have: a third of the full picture's size."""

SAMPLE_PIXELS = 40_000
"""As many tell which colours matter."""

TILES = 3
"""That are live at the first hospital: the bot's film and chart, and the second hospital."""

FRAMES = 60
"""Of each tile, before the picture is taken: the first are soft."""


def write_film(film: Path, camera: Path) -> None:
    """Writes the film as Y4M. The page shows a site its own picture mirrored, so that it is not taken for the bot's."""
    with av.open(str(film)) as source, camera.open("wb") as sink:
        sink.write(b"YUV4MPEG2 W640 H360 F25:1 Ip A1:1 C420jpeg\n")
        for frame in source.decode(video=0):
            picture = frame.reformat(width=640, height=360, format="yuv420p").to_ndarray()
            sink.write(b"FRAME\n" + picture.tobytes())


def with_palette(picture: bytes) -> bytes:
    """The PNG `picture` with the colours that are nearest to its own."""
    pixels = np.asarray(cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR_RGB))
    height, width, _ = pixels.shape
    flat = pixels.reshape(-1, 3).astype(np.float32)
    sample = np.random.default_rng(1).choice(flat, SAMPLE_PIXELS)
    until = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    _, _, colours = cv2.kmeans(sample, COLOURS, np.empty(0), until, 1, cv2.KMEANS_PP_CENTERS)
    nearest = cv2.flann.Index(colours, {"algorithm": 1, "trees": 4}).knnSearch(flat, 1)[0]
    palette = np.zeros((COLOURS, 4), np.uint8)
    palette[:, 0], palette[:, 1:] = 255, colours.round()
    frame = VideoFrame.from_ndarray((nearest.reshape(height, width).astype(np.uint8), palette), format="pal8")
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "pal8"
    encoder.time_base = Fraction(1, 1)
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


async def photograph(demo: Demo, cameras: dict[str, Capture]) -> bytes:
    """Lets the hospitals join, and takes the picture at the first once all are steady."""
    async with async_playwright() as playwright:
        sites = [await Site.open(playwright, name, demo.link(name), camera) for name, camera in cameras.items()]
        for site in sites:
            await site.page.set_viewport_size(SIZE)
            await site.join()
        first = sites[0]
        tiles = first.page.locator('tp-tile[state="live"]')
        await eventually("live tiles", tiles.count, lambda count: count >= TILES, PATIENCE_S)
        for number in range(TILES):
            frames = partial(first.frames, tiles.nth(number))
            await eventually("frames", frames, lambda seen: seen >= FRAMES, PATIENCE_S)
        await expect(first.page.get_by_text("has joined")).to_have_count(0, timeout=PATIENCE_S * 1000)
        picture = await first.page.screenshot()
        for site in sites:
            await site.leave()
            await site.close()
    return picture


def main(path: Path) -> None:
    """Brings the room together and takes the picture."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film, chart, quiet = folder / "film.y4m", folder / "chart.y4m", folder / "quiet.wav"
        write_film(find_film(), film)
        write_video(chart, form=ChartFormat(), label="Henan Provincial Hospital", source=2, seconds=4)
        write_audio(quiet, tone=Tone(hz=440, level_dbfs=-70), seconds=4)
        cameras = {"xixia": Capture(film, quiet), "henan": Capture(chart, quiet)}
        with Demo([sys.executable, "-m", "telepresence", "serve", "--demo"], folder, os.environ, ROOT) as demo:
            path.write_bytes(with_palette(asyncio.run(photograph(demo, cameras))))
    print(f"{path}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/images/room.png")
