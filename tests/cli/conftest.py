"""The command line in the test's own process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from house import House
from telepresence.cli import app

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command; returns exit code and all it wrote. Its data directory is that of `open_house(tmp_path)`."""
    monkeypatch.setenv("TELEPRESENCE_DATA__DIRECTORY", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(arguments))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return result.exit_code, result.output

    return run


@pytest.fixture
def ask(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., asyncio.Future[tuple[int, str]]]:
    """Runs a command that asks a running server, beside it."""

    def ask(place: House, *arguments: str) -> asyncio.Future[tuple[int, str]]:
        monkeypatch.setenv("TELEPRESENCE_SERVER__PORT", str(place.server.port))
        monkeypatch.setenv("TELEPRESENCE_ADMIN__PORT", str(place.server.admin_port))
        return asyncio.ensure_future(asyncio.to_thread(run, *arguments))

    return ask
