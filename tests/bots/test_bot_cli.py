"""What a person types, and what comes back: words, exit codes, files and one JSON document."""

import asyncio
import json
import os
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bots.small_server import GOOD_TOKEN, SmallServer
from telepresence.bots.cli import app
from telepresence.bots.judge import dominant_hz
from telepresence.bots.link import LinkError, link_from, parse_link
from telepresence.bots.timecode import Timecode, read_timecode

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
