"""The command line: what it prints, and with which code it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stage import REPOSITORY
from telepresence.auth import Authority, load_secret
from telepresence.cli import app
from telepresence.settings import render
from telepresence.signaling.messages import Role

COMMANDS = ["serve", "token", "bot", "doctor", "config", "version"]


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
    assert command == "bot" or f"Example: telepresence {command}" in re.sub(r"\s+", " ", text)


def test_a_token_is_a_link_that_the_server_accepts(tmp_path: Path) -> None:
    """On one line, good for the span asked for."""
    code, text = run(
        "token", "--room", "demo", "--site", "xixia", "--name", "西峡县人民医院", "--role", "chair", "--expires", "30m"
    )
    assert code == 0
    (line,) = text.splitlines()
    assert line.startswith("http://localhost:8080/room/demo#t=")
    claims = Authority(load_secret(tmp_path / "var"), lambda: 0).verify(line.split("#t=")[1])
    assert (claims.site, claims.role) == ("xixia", Role.CHAIR)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["token", "--room", "demo", "--site", "x", "--name", "X", "--expires", "soon"], 2, "30m, 12h, 7d"),
        (["token", "--room", "demo", "--site", "x" * 65, "--name", "X"], 2, "site"),
        (["token", "--room", "demo"], 2, "site"),
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


def serve(tmp_path: Path, **environment: str) -> subprocess.Popen[str]:
    """Starts a real server process with the fake engine, on any free port."""
    settings = {"TELEPRESENCE_SERVER__PORT": "0", "TELEPRESENCE_DATA__DIRECTORY": str(tmp_path / "var")}
    return subprocess.Popen(
        [sys.executable, "-m", "telepresence", "serve", "--demo", "--fake-engine"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "COLUMNS": "80", **settings, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_demo_prints_whole_links_and_stops_on_a_signal(tmp_path: Path) -> None:
    """Six links, each on one line, all rooms of the demo; SIGTERM ends it with 0."""
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
    assert len(links) == 6
    assert any("西峡县人民医院" in line for line in lines)


def test_a_server_whose_port_is_taken_ends_with_one_and_a_sentence(tmp_path: Path) -> None:
    """A socket of ours holds it."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        process = serve(tmp_path, TELEPRESENCE_SERVER__PORT=str(holder.getsockname()[1]))
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "can't be opened" in errors
    assert "Traceback" not in errors
