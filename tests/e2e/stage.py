"""A room with people in it: a server (or the demo), sites and bots that a test opens, and that are all closed when it ends.

Before this module a test names who is there; after it, `site.py` and `telepresence.bots` do what these do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from playwright.async_api import Locator, Playwright

from e2e.load import Tries, Watch, fed
from e2e.server import Demo, Server
from e2e.site import ENGLISH, PATIENCE_S, Capture, Picture, Site, Tone, eventually
from telepresence.bots.chart import ChartFormat
from telepresence.bots.chart import Tone as ToneShape
from telepresence.bots.fixtures import write_audio, write_video
from telepresence.bots.judge import AudioFigures
from telepresence.bots.link import parse_link
from telepresence.bots.participant import Participant
from telepresence.bots.peer import VideoCodec
from telepresence.bots.session import RefusedError
from telepresence.bots.tracks import chart_source
from telepresence.bots.watch import SourceReport, Watcher
from telepresence.signaling.messages import Profile

LEAST_FPS = 25.0
"""What a consultation needs. Source: domain.md's row 1, ≥ 25 fps decoded."""

WINDOW_S = 3.0
WINDOWS = Tries(enough=6, most=20)
"""A picture is good if one window of so many is: the machine has two cores for all browsers at once."""

LISTENINGS = Tries(enough=40, most=120)
"""Half a second each, so the same patience as elsewhere, and three times that while there is no CPU."""

LISTENING_S = 0.5

HZ_TOLERANCE = 12.0
"""Two bins of the analyser's transform (5.9 Hz each)."""

LEVEL_TOLERANCE_DB = 4.0
"""Opus at its default rate keeps a sine's level within 1 dB; the rest is for a window with a concealed packet."""

TONE_LEVEL_DBFS = -18.0
SINE_RMS_DB = -3.01
"""A full-scale sine has a root mean square 3.01 dB below full scale."""

SLOTS = 6

CAPTURE_S = 4
"""Length of a camera's file, which is then played again; a second of it takes 10 MB."""


@dataclass(frozen=True)
class Sign:
    """How a publisher is told from all others: the number in its time code, the frequency and level of its tone."""

    number: int
    hz: float
    level_dbfs: float = TONE_LEVEL_DBFS


def write_capture(folder: Path, sign: Sign) -> Capture:
    """Files for a site's camera and microphone, that show and sound the sign."""
    camera, microphone = folder / f"{sign.number}.y4m", folder / f"{sign.number}.wav"
    write_video(camera, form=ChartFormat(), label=f"Source {sign.number}", source=sign.number, seconds=CAPTURE_S)
    write_audio(microphone, tone=ToneShape(hz=sign.hz, level_dbfs=sign.level_dbfs), seconds=CAPTURE_S)
    return Capture(camera=camera, microphone=microphone)


class Bot:
    """An aiortc participant in the test's own process, that publishes a chart and a tone and judges what it gets."""

    def __init__(self, site: str, link: str, sign: Sign | None, *, codec: VideoCodec = VideoCodec.VP8) -> None:
        """Nothing happens before `start`."""
        sources = []
        if sign:
            tone = ToneShape(hz=sign.hz, level_dbfs=sign.level_dbfs)
            sources = [
                chart_source(
                    source_id="chart",
                    label="Chart",
                    form=ChartFormat(),
                    number=sign.number,
                    tone=tone,
                    codec=codec,
                    # As a screen it would be shown large by itself; its tone is no speaker either way.
                    profile=Profile.STETHOSCOPE,
                )
            ]
        self.site = site
        self.sign = sign
        self.watcher = Watcher()
        self.participant = Participant(parse_link(link), sources=sources, slots=SLOTS, sink=self.watcher)
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Joins; outside a `Stage` this is how a bot is sure to leave."""
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves."""
        await self.close()

    async def start(self) -> None:
        """Joins."""
        self._running = asyncio.create_task(self.participant.run())
        async with asyncio.timeout(PATIENCE_S):
            await self.participant.wait_joined()

    @property
    def id(self) -> str:
        """Its participant's id."""
        assert self.participant.joined is not None, "the bot has not joined"
        return self.participant.joined.participant

    async def participant_of(self, site: str) -> str:
        """Waits until somebody of this site is in the room, and returns the id."""

        async def find() -> str | None:
            found = [member.participant for member in self.participant.members.values() if member.site == site]
            return found[0] if found else None

        return await eventually(f"somebody of {site} in the room", find, bool, PATIENCE_S)

    def report(self, participant: str) -> SourceReport | None:
        """The verdict so far on what a participant publishes."""
        reports = [
            report
            for report in self.watcher.sources(self.participant.members, self.participant.left_at)
            if report.participant == participant
        ]
        return reports[0] if reports else None

    def frames(self, participant: str) -> int:
        """Frames decoded so far of what a participant publishes."""
        report = self.report(participant)
        return report.video.frames_decoded if report and report.video else 0

    def codes(self, participant: str) -> int:
        """Time codes so far of a participant that differ from the one before: a picture that stands has one."""
        report = self.report(participant)
        return report.video.codes_different if report and report.video else 0

    async def wait_frames(self, participant: str, more: int) -> None:
        """Waits until so many more frames were decoded of a participant."""
        goal = self.frames(participant) + more

        async def count() -> int:
            return self.frames(participant)

        await eventually(f"{more} more frames of {participant}", count, lambda frames: frames >= goal, PATIENCE_S)

    async def close(self) -> None:
        """Leaves."""
        if self._running is None:
            return
        await self.participant.leave()
        self._running.cancel()
        with suppress(asyncio.CancelledError, RefusedError):
            await self._running


class Stage:
    """Everybody whom a test brings into its server's room."""

    def __init__(self, server: Server | Demo, playwright: Playwright, captures: Callable[[Sign], Capture]) -> None:
        """`captures` makes the files of a site's camera and microphone."""
        self.server = server
        self.sites: list[Site] = []
        self.bots: list[Bot] = []
        self._playwright = playwright
        self._captures = captures

    async def site(self, name: str, sign: Sign | None, link: str = "", *, locale: str = ENGLISH) -> Site:
        """A hospital that has opened its link and not pressed Join. Without a sign it has neither camera nor microphone."""
        capture = self._captures(sign) if sign else None
        site = await Site.open(self._playwright, name, link or self.server.link(name), capture, locale=locale)
        self.sites.append(site)
        return site

    async def bot(self, name: str, sign: Sign | None, link: str = "") -> Bot:
        """A bot that has joined."""
        bot = Bot(name, link or self.server.direct_link(name), sign)
        self.bots.append(bot)
        await bot.start()
        return bot

    def watch(self) -> Watch:
        """Whether the machine is busy from now on, and with whom."""
        return Watch({"server": self.server.pid} | {site.name: site.pid for site in self.sites})

    async def sees(self, viewer: Site, tile: Locator, sign: Sign) -> Picture:
        """Asserts that the tile shows whom it should, at 25 different frames a second."""

        async def look() -> Picture:
            picture = await viewer.watch(tile, WINDOW_S)
            assert set(picture.sources) <= {sign.number}, f"{viewer.name} sees {picture.sources}, not {sign.number}"
            return picture

        what = f"{viewer.name} sees {sign.number} at {LEAST_FPS:g} different frames a second"
        return await fed(what, look, lambda picture: picture.code_fps >= LEAST_FPS, WINDOWS, self.watch)

    async def hears(self, viewer: Site, tile: Locator, sign: Sign) -> Tone:
        """Asserts that the tile's sound is whose it should be, as loud as it was sent."""
        level = sign.level_dbfs + SINE_RMS_DB

        def good(tone: Tone) -> bool:
            return abs(tone.hz - sign.hz) <= HZ_TOLERANCE and abs(tone.dbfs - level) <= LEVEL_TOLERANCE_DB

        what = f"{viewer.name} hears {sign.hz:g} Hz at {level:.1f} dBFS"
        return await fed(what, lambda: viewer.hear(tile), good, LISTENINGS, self.watch)

    async def bot_gets(self, bot: Bot, participant: str, sign: Sign) -> None:
        """Asserts that the bot reads a site's time code at 25 different frames a second, and hears its tone."""

        async def rate() -> float:
            before, began = bot.codes(participant), asyncio.get_running_loop().time()
            await asyncio.sleep(WINDOW_S)
            return (bot.codes(participant) - before) / (asyncio.get_running_loop().time() - began)

        what = f"different frames a second that {bot.site} decodes of {sign.number}"
        await fed(what, rate, lambda fps: fps >= LEAST_FPS, WINDOWS, self.watch)
        report = bot.report(participant)
        assert report
        assert report.video
        assert set(report.video.numbers) == {sign.number}

        async def newest() -> AudioFigures | None:
            await asyncio.sleep(LISTENING_S)
            report = bot.report(participant)
            return report.audio if report else None

        def good(heard: AudioFigures | None) -> bool:
            if heard is None or heard.frequency_hz is None or heard.level_dbfs is None:
                return False
            is_loud = abs(heard.level_dbfs - sign.level_dbfs) <= LEVEL_TOLERANCE_DB
            return is_loud and abs(heard.frequency_hz - sign.hz) <= HZ_TOLERANCE

        what = f"{bot.site} hears {sign.hz:g} Hz at {sign.level_dbfs:g} dBFS"
        await fed(what, newest, good, LISTENINGS, self.watch)

    async def save(self, folder: Path) -> None:
        """Leaves screenshots, consoles and the server's log."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "server.log").write_text(self.server.log())
        await _all(site.save(folder) for site in self.sites)

    async def close(self) -> None:
        """Everybody goes."""
        await _all(bot.close() for bot in self.bots)
        await _all(site.close() for site in self.sites)


async def _all(tasks: Iterable[Awaitable[None]]) -> None:
    """Does all, whatever some of them raise: what is wrong has been said by the test."""
    await asyncio.gather(*tasks, return_exceptions=True)
