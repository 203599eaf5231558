"""A back-up taken while a meeting goes on, put back by the very lines of docs/operations.md, is the meeting as it was then."""

from __future__ import annotations

import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from machine import Machine, Site
from stage import REPOSITORY
from telepresence.cli import app
from telepresence.settings import load
from telepresence.signaling.messages import Role
from telepresence.store.database import Store

OPERATIONS = (REPOSITORY / "docs" / "operations.md").read_text()


def restoring(back_up: Path, data: Path) -> str:
    """The lines of the document for these folders; there is no systemd here, and no user `telepresence`."""
    lines = re.search(r"test_backup\.py runs these lines.*?```sh\n(.*?)```", OPERATIONS, re.DOTALL)
    assert lines
    text = re.sub(r"^BACKUP=.*$", f"BACKUP={back_up}", lines[1], flags=re.MULTILINE)
    text = re.sub(r"^DATA=.*$", f"DATA={data}", text, flags=re.MULTILINE)
    return re.sub(r"^(systemctl|chown) .*$", "", text, flags=re.MULTILINE)


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    """A machine whose server runs, with two rooms of the settings."""
    machine = Machine(tmp_path)
    await machine.start("--config", str(tmp_path / "rooms.toml"))
    yield machine
    await machine.kill()
    await machine.http.close()


async def test_what_was_backed_up_in_a_meeting_is_there_after_the_disc_was_lost(machine: Machine) -> None:
    """Chat up to the back-up, the seat with its secret, and the links; what came after it is gone."""
    data, copy = machine.folder / "var", machine.folder / "copies" / "2026-01-31"
    chair = Site(machine, "henan", Role.CHAIR)
    await chair.join()
    await chair.does("say", text="Before")
    backup(data, copy)
    link = machine.token("xixia", Role.MEMBER, "ward")
    await chair.does("say", text="After")
    await machine.kill()

    # The log beside the database is still the old one's; the secret is lost.
    assert (data / "telepresence.sqlite3-wal").exists()
    (data / "token-secret.json").unlink()
    (data / "telepresence.sqlite3").write_bytes(b"lost")
    subprocess.run(["bash", "-euc", restoring(copy, data)], check=True)
    await machine.start("--config", str(machine.folder / "rooms.toml"))

    joined = await chair.join()
    assert [line["text"] for line in joined["chat"]] == ["Before"]
    async with machine.http.ws_connect(f"{machine.url}/ws") as ws:
        await ws.send_json({"type": "join", "request": 1, "versions": [1], "token": link, "slots": 0})
        assert (await ws.receive_json())["type"] == "joined"


def backup(data: Path, target: Path) -> str:
    """Runs the command in a process of its own, as a timer does."""
    command = [sys.executable, "-m", "telepresence", "backup", str(target)]
    environment = {"TELEPRESENCE_DATA__DIRECTORY": str(data), "PYTHONPATH": str(REPOSITORY / "src")}
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


async def test_a_copy_is_its_owners_alone_whole_and_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is written over."""
    data, copy = tmp_path / "var", tmp_path / "copy"
    monkeypatch.setenv("TELEPRESENCE_DATA__DIRECTORY", str(data))
    early = CliRunner().invoke(app, ["backup", str(copy)])
    assert early.exit_code == 1
    assert "no server has used this data directory" in early.output
    store = await Store.open("", data)
    (data / "token-secret.json").write_text("secret")
    assert CliRunner().invoke(app, ["backup", str(copy)]).exit_code == 0
    await store.close()
    assert sorted(file.name for file in copy.iterdir()) == ["telepresence.sqlite3", "token-secret.json"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in copy.iterdir()} == {0o600}
    assert stat.S_IMODE(copy.stat().st_mode) == 0o700
    again = CliRunner().invoke(app, ["backup", str(copy)])
    assert again.exit_code == 1
    assert "exists already" in again.output


async def test_a_copy_of_a_damaged_database_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the older, sound ones would be thrown away."""
    data = tmp_path / "var"
    monkeypatch.setenv("TELEPRESENCE_DATA__DIRECTORY", str(data))
    await (await Store.open("", data)).close()
    (data / "token-secret.json").write_text("secret")
    whole = (data / "telepresence.sqlite3").read_bytes()
    (data / "telepresence.sqlite3").write_bytes(whole[:8192] + b"\xff" * 8192 + whole[16384:])
    done = CliRunner().invoke(app, ["backup", str(tmp_path / "copy")])
    assert done.exit_code == 1
    assert "damaged" in done.output or "malformed" in done.output


async def test_of_a_postgresql_the_secret_alone_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the program is named that copies the rest."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "token-secret.json").write_text("secret")
    monkeypatch.setenv("TELEPRESENCE_DATA__DIRECTORY", str(tmp_path / "var"))
    monkeypatch.setenv("TELEPRESENCE_DATA__DATABASE", "postgresql://tele:hunter2@db/tele")
    done = CliRunner().invoke(app, ["backup", str(tmp_path / "copy")])
    assert done.exit_code == 0
    assert "pg_dump" in done.output
    assert [file.name for file in (tmp_path / "copy").iterdir()] == ["token-secret.json"]


def test_the_settings_of_the_document_are_good(tmp_path: Path) -> None:
    """Behind a proxy."""
    (tmp_path / "settings.toml").write_text(re.findall(r"```toml\n(.*?)```", OPERATIONS, re.DOTALL)[0])
    assert load(tmp_path / "settings.toml", {}).server.trusted_proxies == ["127.0.0.1"]


def test_the_restored_file_would_be_damaged_by_the_old_log(tmp_path: Path) -> None:
    """Why the document removes what lies beside the database: SQLite takes the log of another file for its own."""
    old = sqlite3.connect(tmp_path / "db", isolation_level=None)
    old.execute("PRAGMA journal_mode = WAL")
    old.execute("CREATE TABLE t (x)")
    shutil.copyfile(tmp_path / "db-wal", tmp_path / "kept-wal")
    old.close()
    (tmp_path / "db").unlink()
    fresh = sqlite3.connect(tmp_path / "db", isolation_level=None)
    fresh.execute("CREATE TABLE u (y)")
    fresh.close()
    shutil.move(tmp_path / "kept-wal", tmp_path / "db-wal")
    seen = sqlite3.connect(tmp_path / "db")
    assert [name for (name,) in seen.execute("SELECT name FROM sqlite_master")] == ["t"]
    seen.close()
