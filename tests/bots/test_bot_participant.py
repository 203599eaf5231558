"""Bots meet in a small server (see conftest.py) and see and hear each other through real connections."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from av import AudioFrame, VideoFrame

from bots.conftest import on_air
from bots.small_server import PATIENCE_S, SmallServer
from e2e.load import Watch
from telepresence.bots.chart import ChartFormat, Tone
from telepresence.bots.clip import load_clip
from telepresence.bots.media import SourceKey
from telepresence.bots.participant import Participant
from telepresence.bots.session import RefusedError
from telepresence.bots.tracks import BotSource, chart_source, clip_source
from telepresence.bots.watch import SourceReport, Watcher
from telepresence.signaling.messages import ErrorCode, LeaveReason

pytestmark = pytest.mark.asyncio

BUSY_IDLE_SHARE = 0.25
"""With less than half of one of two cores to spare, a low frame rate is no fault of the bots'."""


class Waiting(Watcher):
    """A judge that one can wait for."""

    def __init__(self) -> None:
        super().__init__()
        self._tick = asyncio.Event()

    def video(self, key: SourceKey, frame: VideoFrame) -> None:
        """Judges, and wakes who waits."""
        super().video(key, frame)
        self._tick.set()

    def audio(self, key: SourceKey, frame: AudioFrame) -> None:
        """Judges, and wakes who waits."""
        super().audio(key, frame)
        self._tick.set()

    async def until(self, met: Callable[[dict[str, SourceReport]], bool], bot: Participant) -> dict[str, SourceReport]:
        """Waits until the reports (by source) meet the condition."""
        reports = {}
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    reports = {report.source: report for report in self.sources(bot.members, bot.left_at)}
                    if met(reports):
                        return reports
                    self._tick.clear()
                    await self._tick.wait()
        except TimeoutError:
            pytest.fail(f"not within {PATIENCE_S:g} s: {reports}")


def small_chart(number: int, hz: float) -> BotSource:
    """A chart that is cheap to send through three encoders."""
    form = ChartFormat(width=320, height=180)
    return chart_source(
        source_id="chart", label="Chart", form=form, number=number, tone=Tone(hz=hz, level_dbfs=-20)
    )  # fmt: skip


async def test_a_chart_and_a_clip_are_seen_and_heard(server: SmallServer, film: Path, tmp_path: Path) -> None:
    """One bot publishes a chart and a passed-through clip, another receives both in two slots and judges them."""
    clip = load_clip(film, tmp_path / "cache")
    sources = [small_chart(7, 440), clip_source(source_id="clip", label="Clip", clip=clip)]
    judge, machine = Waiting(), Watch({})
    watching = Participant(server.link, slots=2, sink=judge)
    async with on_air(watching), on_air(Participant(server.link, sources=sources)):
        reports = await judge.until(
            lambda seen: len(seen) == 2
            and all(
                source.video is not None and source.video.frames_decoded > 90 and source.audio is not None
                and source.audio.seconds > 2
                for source in seen.values()
            ),
            watching,
        )  # fmt: skip
    is_busy = machine.report().idle < BUSY_IDLE_SHARE
    chart, clip_report = reports["chart"], reports["clip"]
    assert chart.name == "Hospital p2"
    assert chart.video is not None
    assert chart.video.numbers == {7: chart.video.codes_read}
    assert chart.video.codes_read == chart.video.frames_decoded == chart.video.codes_different
    assert chart.video.fps > 25 or is_busy
    assert chart.video.delay is not None
    assert chart.video.delay.p50_ms < 500 or is_busy
    assert chart.audio is not None
    assert chart.audio.frequency_hz == pytest.approx(440, abs=5)
    assert chart.audio.level_dbfs == pytest.approx(-20, abs=1)
    assert clip_report.video is not None
    assert (clip_report.video.width, clip_report.video.height) == (640, 360)
    assert clip_report.video.fps > 22 or is_busy
    assert clip_report.audio is not None
    assert clip_report.audio.frequency_hz == pytest.approx(660, abs=5)


async def test_a_lost_socket_is_resumed_while_media_goes_on(server: SmallServer) -> None:
    """The publisher has no socket: pictures come all the same. It comes back with its secret, no slots, the same media."""
    judge = Waiting()
    watching = Participant(server.link, slots=1, sink=judge)
    publishing = Participant(server.link, sources=[small_chart(1, 440)])
    async with on_air(watching), on_air(publishing):
        await judge.until(lambda seen: "chart" in seen and seen["chart"].video is not None, watching)
        first, up = publishing.joined, server.guests["p2"].up
        server.lets_back.clear()
        await publishing.drop_socket()
        so_far = frames({report.source: report for report in judge.sources(watching.members)})
        await judge.until(lambda seen: frames(seen) > so_far + 15, watching)
        assert len(server.joins) == 2
        server.lets_back.set()
        await server.until_joins(3)
        await judge.until(lambda seen: frames(seen) > so_far + 45, watching)
        assert server.guests["p2"].up is up
        again = publishing.joined
    assert first is not None
    assert again is not None
    assert (server.joins[2].resume, server.joins[2].slots) == (first.resume, 0)
    assert (again.resumed, again.participant) == (True, first.participant)
    assert server.departures == [LeaveReason.LEFT, LeaveReason.LEFT]


async def test_an_answer_lost_with_its_socket_is_made_anew(server: SmallServer) -> None:
    """The socket goes before the server has the answer: the bot comes back to its seat, asks for slots again and sees."""
    server.answers_to_lose = 1
    judge = Waiting()
    watching = Participant(server.link, slots=1, sink=judge)
    async with on_air(watching), on_air(Participant(server.link, sources=[small_chart(1, 440)])):
        await judge.until(lambda seen: frames(seen) > 10, watching)
        first, again = (join for join in server.joins if join.slots)
        assert first.resume is None
        assert watching.joined is not None
        assert again.resume == watching.joined.resume


async def test_lost_media_is_published_anew_from_the_same_seat(server: SmallServer) -> None:
    """The server drops the up connection and says so: the publisher resumes its seat, and who comes then sees it."""
    judge = Waiting()
    watching = Participant(server.link, slots=1, sink=judge)
    publishing = Participant(server.link, sources=[small_chart(1, 440)])
    async with on_air(publishing):
        await server.fail_up("p1")
        await server.until_joins(2)
        async with on_air(watching):
            await judge.until(lambda seen: frames(seen) > 10, watching)
        assert publishing.joined is not None
        assert (publishing.joined.participant, publishing.joined.resumed) == ("p1", True)
    assert len(server.joins) == 3


async def test_who_has_left_is_judged_until_then(server: SmallServer) -> None:
    """The publisher leaves: its picture is marked, and the time after is no freeze."""
    judge = Waiting()
    watching = Participant(server.link, slots=1, sink=judge)
    async with on_air(watching):
        async with on_air(Participant(server.link, sources=[small_chart(1, 440)])):
            await judge.until(lambda seen: frames(seen) > 20, watching)
        async with on_air(Participant(server.link, sources=[small_chart(2, 440)])):
            await server.until_joins(3)
        (report,) = judge.sources(watching.members, watching.left_at)
    assert report.left
    at_leaving = judge._video[report.participant, report.source].figures(now=watching.left_at[report.participant])
    assert report.video == at_leaving


async def test_a_seat_that_is_gone_is_taken_anew(server: SmallServer) -> None:
    """The server has forgotten the publisher: it joins as a new one and publishes again."""
    judge = Waiting()
    watching = Participant(server.link, slots=2, sink=judge)
    publishing = Participant(server.link, sources=[small_chart(1, 440)])
    async with on_air(watching), on_air(publishing):
        await judge.until(lambda seen: frames(seen) > 0, watching)
        forgotten = server.guests.pop("p2")
        await publishing.drop_socket()
        await judge.until(lambda _: ("p3", "chart") in watching.slots.values(), watching)
        assert forgotten.up is not None
        await forgotten.up.close()
        assert publishing.joined is not None
        assert publishing.joined.participant == "p3"


async def test_a_refused_token_ends_the_bot_with_the_servers_words(server: SmallServer) -> None:
    """Asking again would not help, so `run` ends."""
    bot = Participant(replace(server.link, token="a-foreign-one"), sources=[small_chart(1, 440)])
    with pytest.raises(RefusedError, match="not issued by this server") as refusal:
        await bot.run()
    assert refusal.value.code is ErrorCode.TOKEN_INVALID


async def test_a_server_that_is_not_there_is_named(server: SmallServer) -> None:
    """Nothing listens: the bot goes on trying, and says what is wrong."""
    bot = Participant(replace(server.link, origin="http://127.0.0.1:9"))
    running = asyncio.create_task(bot.run())
    async with asyncio.timeout(PATIENCE_S):
        while not bot.trouble:
            await asyncio.wait({running}, timeout=0.1)
    running.cancel()
    assert bot.trouble.startswith("No server can be reached at http://127.0.0.1:9")


def frames(seen: dict[str, SourceReport]) -> int:
    """Frames of the chart so far."""
    chart = seen.get("chart")
    return 0 if chart is None or chart.video is None else chart.video.frames_decoded
