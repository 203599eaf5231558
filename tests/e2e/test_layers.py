"""Whether a publisher's three layers reach the server, and each viewer gets the one that its tile has room for."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Playwright

from e2e.bare import Bare, chromium, chromium_pid
from e2e.load import Tries, Watch, fed
from e2e.server import Server
from e2e.site import Capture, eventually
from e2e.stage import Bot, Sign
from telepresence.bots.chart import ChartFormat, Tone
from telepresence.bots.fixtures import write_audio, write_video
from telepresence.bots.peer import VideoCodec

pytestmark = pytest.mark.e2e

CAMERA = Sign(number=21, hz=600)
FORM = ChartFormat(width=1280, height=720, fps=25)
SECONDS = 2
"""A second of it takes 35 MB."""

RIDS = ("q", "h", "f")
LADDER = [
    {"rid": "q", "scaleResolutionDownBy": 4, "maxBitrate": 150_000},
    {"rid": "h", "scaleResolutionDownBy": 2, "maxBitrate": 500_000},
    {"rid": "f", "scaleResolutionDownBy": 1, "maxBitrate": 1_500_000},
]
OPEN_S = 5.0
SWITCH_S = 5.0
"""The estimate may have to grow first; a switch itself waits for one key frame."""

SMALL, LARGE = (320, 180), (1280, 720)
OPENINGS = Tries(enough=1, most=3)
SOURCE = "camera"


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Capture:
    """A camera of 720p, whose picture has a number."""
    folder = tmp_path_factory.mktemp("camera")
    write_video(folder / "720.y4m", form=FORM, label="Three layers", source=CAMERA.number, seconds=SECONDS)
    write_audio(folder / "720.wav", tone=Tone(hz=CAMERA.hz, level_dbfs=CAMERA.level_dbfs), seconds=SECONDS)
    return Capture(camera=folder / "720.y4m", microphone=folder / "720.wav")


async def open_layers(publisher: Bare) -> set[str]:
    """The layers of which frames were sent within the time that all of them have."""
    until = asyncio.get_running_loop().time() + OPEN_S
    while True:
        sent = {rid for rid, stats in (await publisher.outbound()).items() if stats.get("framesSent", 0) > 0}
        if len(sent) == len(RIDS) or asyncio.get_running_loop().time() > until:
            return sent
        await asyncio.sleep(0.1)


async def shown_width(viewer: Bare, size: tuple[int, int], participant: str) -> int:
    """Asks for a size, and returns the width that the picture has come to in time."""
    await viewer.view([(participant, SOURCE)], size, pinned=True)
    until = asyncio.get_running_loop().time() + SWITCH_S
    while True:
        timeline = await viewer.timeline()
        width = timeline.runs[0][-1].size[0] if timeline.runs.get(0) else 0
        if width == size[0] or asyncio.get_running_loop().time() > until:
            return width
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("codec", list(VideoCodec))
async def test_three_layers_open_and_a_tile_gets_its_own(
    server: Server, playwright: Playwright, camera: Capture, codec: VideoCodec
) -> None:
    """Within five seconds all three are sent; a tile that grows and shrinks gets the large and the small one, unfrozen."""
    async with chromium(playwright, camera) as browser:

        def watch() -> Watch:
            return Watch({"server": server.pid, "browser": chromium_pid()})

        publisher = await Bare.join(browser, server, "xixia", slots=0)
        await publisher.publish(codec=codec, encodings=LADDER, size=LARGE, sound=True)
        what = f"layers open within {OPEN_S:g} s"
        await fed(what, lambda: open_layers(publisher), lambda rids: rids == set(RIDS), OPENINGS, watch)

        viewer = await Bare.join(browser, server, "viewer", slots=1)
        await viewer.sources(1)
        for size in (SMALL, LARGE, SMALL):
            what = f"width of the picture in a tile of {size[0]}"
            await fed(
                what,
                lambda size=size: shown_width(viewer, size, publisher.participant),
                lambda width, size=size: width == size[0],
                OPENINGS,
                watch,
            )
        stats, timeline = (await viewer.inbound())["v0"], await viewer.timeline()
        assert stats["freezeCount"] == 0
        assert timeline.unreadable == 0, "a reference was broken: frames that nobody can read"
        assert {run.number for run in timeline.runs[0]} == {CAMERA.number}


async def test_a_bot_and_a_browser_meet_in_h264(server: Server, playwright: Playwright) -> None:
    """What aiortc encodes as H264 is seen by a browser and by another aiortc."""
    sign = Sign(number=22, hz=900)
    async with (
        Bot("sender", server.link("sender"), sign, codec=VideoCodec.H264) as sender,
        Bot("watcher", server.link("watcher"), None) as watcher,
        chromium(playwright) as browser,
    ):
        viewer = await Bare.join(browser, server, "viewer", slots=1)
        await watcher.wait_frames(sender.id, 25)

        async def numbers() -> set[int]:
            return {run.number for run in (await viewer.timeline()).runs.get(0, ())}

        await eventually("the number that the browser sees", numbers, lambda seen: seen == {sign.number}, OPEN_S * 4)
        assert await viewer.codec("v0") == "video/H264"
