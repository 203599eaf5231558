"""A film, a server and a way to be on the air for the bots' tests."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import numpy as np
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from av import AudioFrame, VideoFrame

from bots.small_server import GOOD_TOKEN, PATIENCE_S, SmallServer
from telepresence.bots.chart import Tone
from telepresence.bots.link import Link
from telepresence.bots.participant import Participant


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Two seconds of a film: a moving picture in MPEG-4 at 10 fps with a tone of 660 Hz."""
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as sink:
        video = sink.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        audio = sink.add_stream("aac", rate=48_000, layout="stereo")
        for number in range(20):
            picture = np.full((180, 320, 3), number * 12, np.uint8)
            sink.mux(video.encode(VideoFrame.from_ndarray(picture)))
        tone = Tone(hz=660, level_dbfs=-20)
        for piece in range(100):
            samples = tone.samples(first=piece * 960, count=960).repeat(2)[None, :]
            frame = AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
            frame.sample_rate, frame.pts = 48_000, piece * 960
            sink.mux(audio.encode(frame))
        sink.mux(video.encode(None))
        sink.mux(audio.encode(None))
    return path


@pytest_asyncio.fixture
async def server() -> AsyncGenerator[SmallServer, None]:
    """A small server on a port of its own."""
    small = SmallServer()
    app = web.Application()
    app.router.add_get("/ws", small.socket)
    async with TestServer(app) as running:
        small.link = Link(f"http://{running.host}:{running.port}", GOOD_TOKEN)
        yield small
        await small.close()


@asynccontextmanager
async def on_air(bot: Participant) -> AsyncGenerator[asyncio.Task[None], None]:
    """The bot running, joined, and gone afterwards."""
    running = asyncio.create_task(bot.run())
    async with asyncio.timeout(PATIENCE_S):
        await bot.wait_joined()
    try:
        yield running
        await bot.leave()
        async with asyncio.timeout(PATIENCE_S):
            await running
    finally:
        running.cancel()
