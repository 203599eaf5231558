"""The command line: what it prints, and with which code it ends."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from typer.testing import CliRunner

from stage import REPOSITORY
from telepresence.auth import Authority, load_secret
from telepresence.cli import app
from telepresence.settings import render
from telepresence.signaling.messages import Role

COMMANDS = ["serve", "room", "token", "cert", "backup", "bot", "doctor", "config", "version"]
GROUPS = ["room", "bot"]
"""Their commands have the examples."""


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a data directory of its own and no terminal's width."""
    monkeypatch.setenv("TELEPRESENCE_DATA__DIRECTORY", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "80")


def run(*arguments: str) -> tuple[int, str]:
    """Runs the command line; returns exit code and all it wrote."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str) -> None:
    """Help has a sentence; those of one level have an example."""
    code, text = run(command, "--help")
    assert code == 0
    assert command in GROUPS or f"Example: telepresence {command}" in re.sub(r"\s+", " ", text)


def test_a_token_is_a_link_that_the_server_accepts(tmp_path: Path) -> None:
    """On one line, good for the span asked for."""
    code, text = run(
        "token", "--room", "demo", "--site", "xixia", "--name", "西峡县人民医院", "--role", "chair", "--expires", "30m"
    )
    assert code == 0
    *notice, line = text.splitlines()
    assert "a new secret is made there" in " ".join(notice)
    assert line.startswith("http://localhost:8080/room/demo#t=")
    claims = Authority(load_secret(tmp_path / "var"), lambda: 0).verify(line.split("#t=")[1])
    assert (claims.site, claims.role) == ("xixia", Role.CHAIR)


def test_links_lead_to_rooms_of_the_settings_alone(tmp_path: Path) -> None:
    """A room of the file is good, another one is refused with those that there are."""
    path = tmp_path / "settings.toml"
    path.write_text('[[rooms]]\nid = "tumour-board"\n[[rooms]]\nid = "ward.2"\n')
    known = ("--site", "xixia", "--name", "X", "--config", str(path))
    code, text = run("token", "--room", "ward.2", *known)
    assert code == 0
    assert text.splitlines()[-1].startswith("http://localhost:8080/room/ward.2#t=")
    code, text = run("token", "--room", "ward", *known)
    assert code == 2
    assert "tumour-board, ward.2" in re.sub(r"\s+", " ", text)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["token", "--room", "demo", "--site", "x", "--name", "X", "--expires", "soon"], 2, "30m, 12h, 7d"),
        (["token", "--room", "demo", "--site", "x" * 65, "--name", "X"], 2, "site"),
        (["token", "--room", "demo"], 2, "site"),
        (["token", "--room", "ward", "--site", "x", "--name", "X"], 2, "[[rooms]]"),
        (["token", "--room", "demo", "--site", "a b", "--name", "X"], 2, "letters, digits"),
        (["config", "--config", "missing.toml"], 2, "can't be read"),
        (["serve", "--config", "missing.toml"], 2, "can't be read"),
        (["sevre"], 2, "sevre"),
    ],
)
def test_a_wrong_use_ends_with_two_and_a_sentence(arguments: list[str], code: int, words: str) -> None:
    """No traceback."""
    result, text = run(*arguments)
    assert result == code
    assert words in text
    assert "Traceback" not in text


def test_the_printed_default_is_the_commented_default() -> None:
    """Exactly the file, so that it can be redirected."""
    assert run("config", "--print") == (0, render())
    assert run("config") == (0, "The settings are good.\n")


def test_versions_of_all_parts_are_shown() -> None:
    """One line a part."""
    code, text = run("version")
    assert code == 0
    for part in ("telepresence", "engine", "Python", "aiohttp"):
        assert part in text


def test_the_doctor_says_what_to_do_and_fails_when_an_address_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """192.0.2.1 is of a documentation network."""
    monkeypatch.setenv("TELEPRESENCE_MEDIA__HOST", "192.0.2.1")
    code, text = run("doctor")
    assert code == 1
    assert "UDP 192.0.2.1:8081" in text
    assert "media.port" in text


def serve(tmp_path: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Starts a real server process with the fake engine, on any free port; without arguments it is the demo."""
    settings = {
        "TELEPRESENCE_SERVER__PORT": "0",
        "TELEPRESENCE_ADMIN__PORT": "0",
        "TELEPRESENCE_DATA__DIRECTORY": str(tmp_path / "var"),
    }
    return subprocess.Popen(  # noqa: S603 (our own server)
        [sys.executable, "-m", "telepresence", "serve", "--fake-engine", *(arguments or ["--demo"])],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "COLUMNS": "80", **settings, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_demo_prints_whole_links_and_stops_on_a_signal(tmp_path: Path) -> None:
    """A link for each site and one to the start page, each on one line; SIGTERM ends it with 0."""
    process = serve(tmp_path)
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if line.startswith("Listening on"):
            break
    process.send_signal(signal.SIGTERM)
    out, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors + out
    links = [line for line in lines if re.fullmatch(r"http://localhost:\d+/room/(demo|training)#t=[\w.-]+", line)]
    assert len(links) == 7
    assert [line for line in lines if re.fullmatch(r"http://localhost:\d+/#t=[\w.-]+", line)]
    assert any("西峡县人民医院" in line for line in lines)


def test_a_server_whose_port_is_taken_ends_with_one_and_a_sentence(tmp_path: Path) -> None:
    """A socket of ours holds it."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        process = serve(tmp_path, TELEPRESENCE_SERVER__PORT=str(holder.getsockname()[1]))
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "is taken" in errors
    assert "Traceback" not in errors


def listening(process: subprocess.Popen[str]) -> str:
    """Reads until the server listens; returns its address."""
    assert process.stdout
    for line in process.stdout:
        if line.startswith("Listening on"):
            return line.split()[2]
    raise AssertionError(process.communicate()[1])


async def test_a_server_of_rooms_from_its_file_drains_on_sigterm(tmp_path: Path) -> None:
    """A link by `token` leads in; SIGUSR1 logs the counters; SIGTERM tells the client to come back, and ends with 0."""
    path = tmp_path / "settings.toml"
    path.write_text('[log]\nformat = "json"\n[[rooms]]\nid = "ward"\ntitle = "Ward 2"\n')
    code, link = run("token", "--room", "ward", "--site", "xixia", "--name", "X", "--config", str(path))
    assert code == 0
    process = serve(tmp_path, "--config", str(path))
    try:
        url = listening(process)
        async with asyncio.timeout(20), aiohttp.ClientSession() as http, http.ws_connect(f"{url}/ws") as ws:
            await ws.send_json({"type": "join", "request": 1, "versions": [1], "token": link.strip().split("#t=")[1]})
            joined = await ws.receive_json()
            room = joined["room"]
            assert (room["id"], room["kind"], room["title"]) == ("ward", "consultation", "Ward 2")
            process.send_signal(signal.SIGUSR1)
            process.send_signal(signal.SIGTERM)
            told = [message.json() async for message in ws]
            assert told[-1]["type"] == "closing"
            assert told[-1]["reason"] == "draining"
            assert ws.close_code == 1001
        out, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    lines = [json.loads(line) for line in errors.splitlines()]
    snapshots = [line for line in lines if line["event"] == "engine.snapshot"]
    assert len(snapshots) == 2
    assert snapshots[0]["connections"] == 1
    assert {"cpu_us", "tracks", "drops", "counters"} <= snapshots[0].keys()
    assert "Traceback" not in out + errors


def test_a_server_without_rooms_says_that_no_link_leads_anywhere(tmp_path: Path) -> None:
    """And how to have some."""
    process = serve(tmp_path, "--fake-engine")
    assert process.stdout
    first = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert "[[rooms]]" in first
