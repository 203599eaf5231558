"""What all commands share: settings, spans of time, and how a command fails. Exit code 2 is a wrong use, 1 a failure."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from telepresence.auth import SECRET_NAME, Authority
from telepresence.server import StartError, read_secret
from telepresence.settings import Settings, SettingsError, load

SECONDS = {"m": 60, "h": 3600, "d": 86_400}

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings, a TOML file. Without it the defaults hold."),
]


def fail(message: str, code: int = 1) -> NoReturn:
    """Ends the command with a sentence."""
    Console(stderr=True).print(f"[red]telepresence:[/red] {escape(message)}", soft_wrap=True, highlight=False)
    raise typer.Exit(code)


def read_settings(path: Path | None) -> Settings:
    """Returns the settings, or ends the command."""
    try:
        return load(path, os.environ)
    except SettingsError as error:
        fail(str(error), 2)


def authority_of(settings: Settings) -> Authority:
    """Returns the keys of the server whose data directory the settings name, or ends the command. Says so if there are none yet."""
    directory = Path(settings.data.directory)
    if not (directory / SECRET_NAME).exists():
        text = f"No server has used {directory.resolve()} yet: a new secret is made there. Only a server with this"
        typer.echo(f"{text} data.directory takes the link.", err=True)
    try:
        return Authority(read_secret(settings), time.time)
    except StartError as error:
        fail(str(error))


def span(option: str, text: str) -> int:
    """Returns the seconds of a span such as 30m, or ends the command."""
    number, unit = text[:-1], text[-1:]
    if not (number.isascii() and number.isdigit()) or unit not in SECONDS or int(number) == 0:
        fail(f"{option} {text!r} is no span; right are a number and m, h or d, as in 30m, 12h, 7d.", 2)
    return int(number) * SECONDS[unit]
