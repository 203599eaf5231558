"""What a person types, and what comes back: words, exit codes, files and one JSON document."""

import asyncio
import json
import os
import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from bots.conftest import on_air
from bots.small_server import GOOD_TOKEN, PATIENCE_S, SmallServer
from e2e.crowd import Crowd
from telepresence.bots.chart import ChartFormat, Tone
from telepresence.bots.cli import app
from telepresence.bots.counting import Counter
from telepresence.bots.judge import dominant_hz
from telepresence.bots.link import LinkError, link_from, parse_link, read_links
from telepresence.bots.loop import chart_loop
from telepresence.bots.media import SourceKey
from telepresence.bots.participant import Participant
from telepresence.bots.tap import Encoded
from telepresence.bots.timecode import Timecode, read_timecode
from telepresence.bots.tracks import clip_source
from telepresence.signaling.messages import ClosingReason, Kind

runner = CliRunner()


def test_a_link_is_taken_apart() -> None:
    """The socket's address is the page's with another scheme; the token never shows in a representation."""
    link = parse_link("https://meet.example:8443/room/ward-3#t=abc.def-_ghi")
    assert (link.origin, link.socket) == ("https://meet.example:8443", "wss://meet.example:8443/ws")
    assert link.token == "abc.def-_ghi"
    assert "abc" not in repr(link)
    assert link_from("http://localhost:8080/", " abc ").socket == "ws://localhost:8080/ws"


@pytest.mark.parametrize("text", ["http://host/room/a", "host/room/a#t=x", "ftp://host/#t=x", "#t=x", "http://h/#t="])
def test_what_is_no_link_is_refused_without_telling_the_token(text: str) -> None:
    """The message says what a link looks like."""
    with pytest.raises(LinkError, match="looks like") as refusal:
        parse_link(text)
    assert "t=x" not in str(refusal.value)


def test_a_file_of_links_has_one_on_each_line() -> None:
    """Links go where they say, tokens to the server that is given; what is neither is told by its line."""
    links = read_links("http://a.example/room/x#t=one\n\n two \n", "http://b.example")
    assert [(link.origin, link.token) for link in links] == [("http://a.example", "one"), ("http://b.example", "two")]
    with pytest.raises(LinkError, match="line 2: the link has no token"):
        read_links("one\nhttp://a.example/room/x", "http://b.example")
    with pytest.raises(LinkError, match="is empty"):
        read_links("\n", "http://b.example")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["watch"], "exactly one of"),
        (["watch", "--token", "a", "--link", "b"], "exactly one of"),
        (["watch", "--url", "localhost", "--token", "a"], "no address of a server"),
        (["watch", "--token-env", "NO_SUCH_VARIABLE"], "NO_SUCH_VARIABLE is not set"),
        (["publish", "--token", "a", "--size", "big"], "looks like 640x360"),
        (["publish", "--token", "a", "--size", "641x360"], "must be even"),
        (["publish", "--token", "a", "--tone", "5"], "it must be 20 to 20000"),
        (["publish", "--token", "a", "--source", "60", "--count", "5"], "a time code's is 63 at most"),
        (["watch", "--token", "a", "--record", "a.mkv"], "--record and --site belong together"),
        (["watch", "--token", "a", "--record", "a.mkv", "--site", "s", "--count", "2"], "one bot records"),
        (["fixture"], "nothing to write"),
    ],
)
def test_a_wrong_use_is_exit_code_2_and_says_what_would_be_right(arguments: list[str], words: str) -> None:
    """Nothing is tried."""
    result = runner.invoke(app, arguments, env={"COLUMNS": "300", "TERMINAL_WIDTH": "300"})
    assert result.exit_code == 2
    assert words in result.output


def test_no_server_is_exit_code_1_in_a_sentence() -> None:
    """Nothing listens on port 9."""
    result = runner.invoke(app, ["watch", "--url", "http://127.0.0.1:9", "--token", "a", "--patience", "1"])
    assert result.exit_code == 1
    assert "No server can be reached at http://127.0.0.1:9" in result.stderr


def test_files_for_a_browsers_fake_devices(tmp_path: Path) -> None:
    """A Y4M whose frames carry source 3 and their place in the file, and a WAV of 880 Hz."""
    video, audio = tmp_path / "cam.y4m", tmp_path / "mic.wav"
    arguments = ["--video", str(video), "--audio", str(audio), "--source", "3", "--tone", "880", "--seconds", "1"]
    assert runner.invoke(app, ["fixture", *arguments, "--size", "320x180"]).exit_code == 0
    header, frames = video.read_bytes().split(b"\n", 1)
    assert header == b"YUV4MPEG2 W320 H180 F30:1 Ip A1:1 C420jpeg"
    size = 320 * 180 * 3 // 2
    assert len(frames) == 30 * (6 + size)
    for number in range(30):
        frame = frames[number * (6 + size) :]
        assert frame[:6] == b"FRAME\n"
        luma = np.frombuffer(frame[6 : 6 + 320 * 180], np.uint8).reshape(180, 320)
        assert read_timecode(luma) == Timecode(number * 1000 // 30, 3, number)
    with wave.open(str(audio)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (48_000, 2, 48_000)
        samples = np.frombuffer(file.readframes(48_000), "<i2")[::2].astype(np.float64)
    assert dominant_hz(samples, 48_000) == pytest.approx(880, abs=0.1)


@pytest.mark.asyncio
async def test_two_bots_publish_and_watch_and_print_one_document(server: SmallServer) -> None:
    """Each is a process of its own, publishes a chart with its number and tone, and judges the other's."""
    one, two = await asyncio.gather(bot(server, 4, 523), bot(server, 5, 659))
    for (code, document, errors), number, hz in ((one, 5, 659), (two, 4, 523)):
        assert code == 0, errors
        report = json.loads(document)
        (source,) = report["sources"]
        assert set(source["video"]["numbers"]) == {str(number)}
        assert source["video"]["framesDecoded"] > 10
        assert source["audio"]["frequencyHz"] == pytest.approx(hz, abs=5)  # the relay loses a piece now and then


@pytest.mark.asyncio
async def test_a_room_without_media_is_exit_code_1(server: SmallServer) -> None:
    """Alone in the room: the document is printed all the same, with nothing in it."""
    arguments = ["watch", "--url", server.link.origin, "--token-env", "BOT_TOKEN", "--seconds", "1", "--json", "-"]
    code, document, errors = await run(arguments)
    assert code == 1
    assert json.loads(document)["sources"] == []
    assert "Media of 0 sources was received, 1 were expected" in errors


@pytest.mark.asyncio
async def test_a_crowd_comes_in_one_process(server: SmallServer, tmp_path: Path) -> None:
    """Three bots of two lines: each publishes a chart of its own; the first decodes what the others only count."""
    links = [GOOD_TOKEN, f"{server.link.origin}/room/ward#t={GOOD_TOKEN}"]
    chart = ["publish", "--loop", "--size", "320x180", "--source", "7", "--tone", "500", "--watch", "--slots", "2"]
    with Crowd(server.link.origin, links, tmp_path, *chart, count=3) as crowd:
        await crowd.wait_joined(PATIENCE_S)
        judge = Counted()
        watching = Participant(server.link, slots=1, sink=judge)
        async with on_air(watching):
            await judge.until(120)
        report = await crowd.report()
    assert [guest.id for guest in server.departed.values()][-3:] == ["p1", "p2", "p3"]
    assert {number for source in report["sources"] for number in source["video"]["numbers"]} == {"8", "9"}
    assert [other["participant"] for other in report["others"]] == ["p2", "p3"]
    assert all(one["publishing"] for one in (report, *report["others"]))
    for other in report["others"]:
        assert len(other["sources"]) == 2
        assert other["packets"] > 100
        assert all(source["video"]["frames"] > 20 and source["audio"] for source in other["sources"])
    assert "3 bots were in the room ward for" in crowd.log()
    assert "3 of them on the air." in crowd.log()
    assert "p3 counted" in crowd.log()


@pytest.mark.asyncio
async def test_a_site_is_recorded_by_a_command(server: SmallServer, tmp_path: Path) -> None:
    """Everybody is told that it records, and that it has stopped; the file plays."""
    film = tmp_path / "site.mkv"
    tone = Tone(hz=440, level_dbfs=-20)
    clip = chart_loop(form=ChartFormat(width=320, height=180), label="x", number=3, tone=tone)
    source = clip_source(source_id="chart", label="x", clip=clip)
    record = ["watch", "--record", str(film), "--site", "site-p1"]
    async with on_air(Participant(server.link, sources=[source])):
        with Crowd(server.link.origin, [GOOD_TOKEN], tmp_path, *record) as crowd:
            await server.until(lambda: server.recordings == [True])
            judge = Counted()
            async with on_air(Participant(server.link, slots=1, sink=judge)):
                await judge.until(150)
            report = (await crowd.report())["recording"]
    assert server.recordings == [True, False]
    assert report["frames"] > 40
    assert f"{film}: {report['seconds']:g} s" in crowd.log()
    with av.open(str(film)) as played:
        assert {stream.type for stream in played.streams} == {"audio", "video"}
        assert sum(isinstance(frame, av.VideoFrame) for frame in played.decode()) == report["frames"]


class Counted(Counter):
    """A counter of pictures that one can wait for."""

    def __init__(self) -> None:
        super().__init__()
        self._left, self._enough = 0, asyncio.Event()

    def encoded(self, key: SourceKey, slot: int, piece: Encoded) -> None:
        """Counts."""
        super().encoded(key, slot, piece)
        self._left -= piece.kind is Kind.VIDEO
        if self._left <= 0:
            self._enough.set()

    async def until(self, pictures: int) -> None:
        """Waits for so many more."""
        self._left = pictures
        self._enough.clear()
        async with asyncio.timeout(PATIENCE_S):
            await self._enough.wait()


@pytest.mark.asyncio
async def test_a_bot_that_is_sent_away_or_never_let_in_says_so(server: SmallServer) -> None:
    """Exit code 1 and words; an ended meeting is no failure."""
    where = ["watch", "--url", server.link.origin, "--token-env", "BOT_TOKEN"]
    removed = asyncio.create_task(run(where))
    await server.until_joins(1)
    await server.send_away("p1", ClosingReason.REMOVED)
    ended = asyncio.create_task(run([*where, "--seconds", "60"]))
    await server.until_joins(2)
    await server.send_away("p2", ClosingReason.ENDED)
    for gone, expected, words in ((removed, 1, "was removed from the meeting"), (ended, 0, "The meeting was ended")):
        code, _, errors = await gone
        assert code == expected, errors
        assert words in errors
    server.lets_in.clear()
    code, _, errors = await run([*where, "--seconds", "1"])
    assert code == 1
    assert "Waiting to be let in to “Ward”" in errors
    assert "Nobody let the bot in within 1 s" in errors
    server.lets_in.set()


async def bot(server: SmallServer, number: int, hz: int) -> tuple[int | None, str, str]:
    """A bot that publishes and watches for six seconds: a busy machine starts one of them seconds after the other."""
    chart = ["--chart", "--size", "320x180", "--source", str(number), "--tone", str(hz), "--tone-level", "-20"]
    where = ["--url", server.link.origin, "--token-env", "BOT_TOKEN"]
    return await run(["publish", *where, *chart, "--watch", "--seconds", "6", "--json", "-"])


async def run(arguments: list[str]) -> tuple[int | None, str, str]:
    """Exit code, standard output and standard error of `telepresence bot`, run as a module."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "telepresence.bots.cli", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "BOT_TOKEN": GOOD_TOKEN, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    out, errors = await process.communicate()
    return process.returncode, out.decode(), errors.decode()
