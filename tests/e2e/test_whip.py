"""Encoders that come by WHIP: FFmpeg, whose stack is nobody else's here, and a browser with three layers."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Playwright

from e2e.bare import NOTHING, chromium, chromium_pid
from e2e.load import Tries, Watch, fed
from e2e.server import ROOM, Server, stop
from e2e.site import PATIENCE_S, Capture, eventually
from e2e.stage import Bot, Sign
from telepresence.bots.chart import ChartFormat, Tone
from telepresence.bots.fixtures import write_audio, write_video
from telepresence.bots.watch import SourceReport
from telepresence.signaling.messages import Role

pytestmark = pytest.mark.e2e

HERE = Path(__file__).parent

ENCODER = Sign(number=31, hz=700)
SECONDS = 8
"""How long FFmpeg publishes: long enough for the judge's mean, short enough to see the end."""

LEAST_FPS = 24.0
"""Of 25, as a mean since the first one."""

HZ_TOLERANCE, LEVEL_TOLERANCE_DB = 12.0, 4.0

CAMERA = Sign(number=32, hz=600)
LADDER = [
    {"rid": "q", "scaleResolutionDownBy": 4, "maxBitrate": 150_000},
    {"rid": "h", "scaleResolutionDownBy": 2, "maxBitrate": 500_000},
    {"rid": "f", "scaleResolutionDownBy": 1, "maxBitrate": 1_500_000},
]
WIDTHS = {"q": 320, "h": 640, "f": 1280}
LAYERS_S = 5.0
OPENINGS = Tries(enough=1, most=3)

Snapshot = dict[str, Any]


@contextmanager
def ffmpeg(server: Server, folder: Path, token: str) -> Iterator[subprocess.Popen[bytes]]:
    """FFmpeg publishes a chart to the room."""
    folder.mkdir()
    url = f"{server.origin}/whip/{ROOM}"
    arguments = [url, str(folder), str(ENCODER.number), str(ENCODER.hz), str(SECONDS)]
    with (folder / "encoder.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, HERE / "encoder.py", *arguments],
            env=os.environ | {"WHIP_TOKEN": token},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        stop(process)


def video_of(snapshot: Snapshot) -> dict[str, Any] | None:
    """The one picture that the engine receives."""
    return next((track for track in snapshot["tracks"] if track["kind"] == "video"), None)


async def test_what_ffmpeg_publishes_is_seen_and_heard_and_ends_with_it(server: Server, tmp_path: Path) -> None:
    """H264 and Opus, decoded by aiortc; the DELETE at its end takes its tile away at once."""
    token = server.token("probe", role=Role.ENCODER)
    async with Bot("watcher", server.link("watcher"), None) as watcher:
        with ffmpeg(server, tmp_path / "encoder", token) as process:
            encoder = await watcher.participant_of("probe")
            member = watcher.participant.members[encoder]
            assert (member.role, [source.id for source in member.sources]) == (Role.ENCODER, ["encoder"])

            async def judged() -> SourceReport | None:
                return watcher.report(encoder)

            def good(report: SourceReport | None) -> bool:
                if report is None or report.video is None or report.audio is None or report.audio.level_dbfs is None:
                    return False
                hz, level = report.audio.frequency_hz or 0, report.audio.level_dbfs
                sounds = abs(hz - ENCODER.hz) <= HZ_TOLERANCE and abs(level - ENCODER.level_dbfs) <= LEVEL_TOLERANCE_DB
                return sounds and report.video.frames_decoded > LEAST_FPS and (report.video.fps or 0) >= LEAST_FPS

            report = await eventually("FFmpeg's picture and tone", judged, good, SECONDS)
            assert report
            assert report.video
            assert set(report.video.numbers) == {ENCODER.number}
            assert await asyncio.to_thread(process.wait, SECONDS + PATIENCE_S) == 0

        async def present() -> bool:
            return encoder in watcher.participant.members

        await eventually("the encoder's end", present, lambda here: not here, 1.0)
        assert not server.snapshot()["tracks"]


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Capture:
    """A camera of 720p: a smaller one never sends three layers."""
    folder = tmp_path_factory.mktemp("whip-camera")
    form = ChartFormat(width=1280, height=720, fps=25)
    write_video(folder / "720.y4m", form=form, label="WHIP", source=CAMERA.number, seconds=2)
    write_audio(folder / "720.wav", tone=Tone(hz=CAMERA.hz, level_dbfs=CAMERA.level_dbfs), seconds=2)
    return Capture(camera=folder / "720.y4m", microphone=folder / "720.wav")


class Publisher:
    """A page that speaks WHIP by hand (`whip.js`)."""

    def __init__(self, page: Page, server: Server) -> None:
        """Nothing happens before `begin`."""
        self._page = page
        self._server = server

    async def begin(self) -> int:
        """Publishes; returns the status."""
        await self._page.goto(f"{self._server.origin}{NOTHING}")
        await self._page.evaluate((HERE / "whip.js").read_text())
        token = self._server.token("console", role=Role.ENCODER)
        wish = {"encodings": LADDER, "width": 1280, "height": 720}
        script = "([token, url, wish]) => { globalThis.whip = new Whip(token); return whip.publish(url, wish); }"
        return await self._page.evaluate(script, [token, f"/whip/{ROOM}", wish])

    async def call(self, method: str) -> Any:
        """Calls a method of the page's client."""
        return await self._page.evaluate(f"() => whip.{method}()")


async def test_a_browser_publishes_three_layers_restarts_ice_and_ends(
    server: Server, playwright: Playwright, camera: Capture
) -> None:
    """All three arrive at the engine; after a PATCH media goes on by the new credentials; DELETE ends it."""
    async with chromium(playwright, camera) as browser:

        def watch() -> Watch:
            return Watch({"server": server.pid, "browser": chromium_pid()})

        context = await browser.new_context(bypass_csp=True)
        publisher = Publisher(await context.new_page(), server)
        assert await publisher.begin() == 201

        async def layers() -> dict[str, int]:
            until = asyncio.get_running_loop().time() + LAYERS_S
            while True:
                video = video_of(server.snapshot())
                widths = {layer["rid"]: layer["width"] for layer in video["layers"] if layer["live"]} if video else {}
                if widths == WIDTHS or asyncio.get_running_loop().time() > until:
                    return widths
                await asyncio.sleep(0.1)

        await fed("layers at the engine, by width", layers, lambda widths: widths == WIDTHS, OPENINGS, watch)

        before = await publisher.call("pair")
        assert before["ufrag"]
        assert await publisher.call("restart") == 200

        async def pair() -> dict[str, Any]:
            return await publisher.call("pair")

        def moved(now: dict[str, Any]) -> bool:
            return now["ufrag"] != before["ufrag"] and now["answered"] > 0 and now["state"] == "connected"

        await eventually("ICE by the new credentials", pair, moved, PATIENCE_S)
        counted = video_of(server.snapshot())
        assert counted

        async def packets() -> int:
            video = video_of(server.snapshot())
            return video["packets"] if video else 0

        await eventually("media after the restart", packets, lambda now: now > counted["packets"] + 25, PATIENCE_S)
        assert await publisher.call("end") == 200
        assert not server.snapshot()["tracks"]
