"""The command `telepresence`. Errors are sentences; exit code 2 is a wrong use, 1 a failure."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib.metadata
import os
import platform
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import uvloop
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from telepresence import demo, doctor, logs
from telepresence.auth import SECRET_NAME, Authority
from telepresence.bots.cli import app as bots
from telepresence.rooms.directory import ServerFullError
from telepresence.server import (
    Running,
    StartError,
    open_engine,
    read_secret,
    running,
    snapshot_on_signal,
    stop_signal,
)
from telepresence.settings import Settings, SettingsError, load, render
from telepresence.signaling.messages import Role

SECONDS = {"m": 60, "h": 3600, "d": 86_400}

NO_ROOMS = "The settings have no rooms: give --config a file with [[rooms]], as `telepresence config --print` shows."

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="A WebRTC video-conferencing server that hospitals run themselves. Linux only.",
)
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings, a TOML file. Without it the defaults hold."),
]


app.add_typer(bots, name="bot")


def main() -> None:
    """Runs the command line."""
    app()


def _fail(message: str, code: int = 1) -> NoReturn:
    Console(stderr=True).print(f"[red]telepresence:[/red] {escape(message)}", soft_wrap=True, highlight=False)
    raise typer.Exit(code)


def _settings(path: Path | None) -> Settings:
    try:
        return load(path, os.environ)
    except SettingsError as error:
        _fail(str(error), 2)


# --- serve --------------------------------------------------------------------------------------


@app.command(epilog="Example: telepresence serve --demo")
def serve(
    config: ConfigOption = None,
    with_demo: Annotated[
        bool, typer.Option("--demo", help="Make two rooms to try, print links to them, and put a bot site on the air.")
    ] = False,
    fake_engine: Annotated[
        bool, typer.Option("--fake-engine", help="Run without media, to work on the control plane without Rust.")
    ] = False,
) -> None:
    """Run the server until SIGTERM or Ctrl-C.

    On SIGUSR1, and when it stops, it logs one line `engine.snapshot`: what the media engine has counted since the start,
    packets that it dropped by reason, how many connections and tracks there are, and its CPU time.
    """
    settings = _settings(config)
    logs.configure(settings.log)
    try:
        uvloop.run(_serve(settings, with_demo=with_demo, fake_engine=fake_engine))
    except StartError as error:
        _fail(str(error))


async def _serve(settings: Settings, *, with_demo: bool, fake_engine: bool) -> None:
    stopped = stop_signal()
    engine = open_engine(settings, use_fake=fake_engine)
    async with running(settings, engine) as server, contextlib.AsyncExitStack() as stack:
        console = Console()
        snapshot_on_signal(engine)
        if with_demo:
            _create_demo(server)
            _print_links(console, server)
            await stack.enter_async_context(_bot(console, server, fake_engine=fake_engine))
        elif not settings.rooms:
            console.print(f"{NO_ROOMS} No link leads anywhere until then.", soft_wrap=True, markup=False)
        console.print(f"Listening on {server.url} (media on UDP {engine.port}). Ctrl-C stops.", soft_wrap=True)
        await stopped.wait()


def _create_demo(server: Running) -> None:
    try:
        server.hub.perform(demo.create_rooms(server.hub.world.directory))
    except ServerFullError:
        raise StartError(f"limits.rooms leaves no place for the demo's {len(demo.ROOMS)} rooms.") from None


def _print_links(console: Console, server: Running) -> None:
    table = Table("Room", "Who", "Role", title="Demo: open a link in a browser")
    for entry in demo.LINKS:
        table.add_row(entry.room, entry.who, str(entry.role))
    console.print(table)
    authority = server.hub.world.authority
    for entry in demo.LINKS:
        console.print(f"\n[bold]{escape(entry.who)}[/bold]")
        # On a line of its own and never wrapped, so that it can be copied whole.
        console.print(entry.url(server.url, authority), soft_wrap=True, highlight=False, markup=False)
    console.print()


@contextlib.asynccontextmanager
async def _bot(console: Console, server: Running, *, fake_engine: bool) -> AsyncIterator[None]:
    """Keeps the bot site on the air while the context lasts."""
    if fake_engine or not demo.has_bots():
        why = "the fake engine carries no media" if fake_engine else "pip install 'telepresence[bots]' brings it"
        console.print(f"No bot site is on the air: {escape(why)}.", soft_wrap=True)
        yield
        return
    make_token = functools.partial(demo.bot_token, server.hub.world.authority)
    task = asyncio.create_task(demo.keep_bot(server.url, make_token))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


# --- token --------------------------------------------------------------------------------------


@app.command(epilog='Example: telepresence token --room demo --site xixia --name "Xixia County Hospital" --expires 12h')
def token(
    room: Annotated[str, typer.Option(help="The room's id.")],
    site: Annotated[str, typer.Option(help="The site's id, the same for all its devices.")],
    name: Annotated[str, typer.Option(help="The site's name as others see it.")],
    role: Annotated[Role, typer.Option(help="What its bearer may do.")] = Role.MEMBER,
    expires: Annotated[str, typer.Option(metavar="SPAN", help="How long it is good: 30m, 12h, 7d.")] = "12h",
    config: ConfigOption = None,
) -> None:
    """Print a link for one site to one room of the settings, or of the demo."""
    settings = _settings(config)
    _require_room(settings, room)
    directory = Path(settings.data.directory)
    if not (directory / SECRET_NAME).exists():
        text = f"No server has used {directory.resolve()} yet: a new secret is made there. Only a server with this"
        typer.echo(f"{text} data.directory takes the link.", err=True)
    try:
        authority = Authority(read_secret(settings), time.time)
        made = authority.issue(room=room, site=site, name=name, role=role, valid_s=_span(expires))
    except StartError as error:
        _fail(str(error))
    except ValueError as error:
        _fail(f"The link can't be made: {error}.", 2)
    typer.echo(demo.link(settings.public_url(settings.server.port), room, made))


def _require_room(settings: Settings, room: str) -> None:
    """A link to a room that the server will not have would be refused at the door, too late for whoever made it."""
    known = [entry.id for entry in settings.rooms]
    if room in known or room in demo.ROOMS:
        return
    there = f"They have {', '.join(known)}. Choose one of them, or add a [[rooms]] with this id." if known else NO_ROOMS
    _fail(f"--room {room!r} is no room of the settings. {there}", 2)


def _span(text: str) -> int:
    number, unit = text[:-1], text[-1:]
    if not (number.isascii() and number.isdigit()) or unit not in SECONDS or int(number) == 0:
        _fail(f"--expires {text!r} is no span; right are a number and m, h or d, as in 30m, 12h, 7d.", 2)
    return int(number) * SECONDS[unit]


# --- doctor, config, version ----------------------------------------------------------------------


@app.command("doctor", epilog="Example: telepresence doctor --config config/hospital.toml")
def check(config: ConfigOption = None) -> None:
    """Check this machine: ports, clock, UDP buffers, engine, page. Exit code 1 if something fails."""
    console = Console()
    colours = {doctor.Verdict.OK: "green", doctor.Verdict.WARNING: "yellow", doctor.Verdict.FAILED: "red"}
    findings = list(doctor.examine(_settings(config)))
    for finding in findings:
        colour = colours[finding.verdict]
        console.print(
            f"[{colour}]{finding.verdict:8}[/{colour}]{escape(finding.subject)}: {escape(finding.found)}",
            soft_wrap=True,
        )
        if finding.advice:
            console.print(f"        → {escape(finding.advice)}", soft_wrap=True, highlight=False)
    if any(finding.verdict is doctor.Verdict.FAILED for finding in findings):
        raise typer.Exit(1)


@app.command("config", epilog="Example: telepresence config --print > telepresence.toml")
def show_config(
    file: ConfigOption = None,
    print_default: Annotated[
        bool, typer.Option("--print", help="Print the defaults as a commented TOML file.")
    ] = False,
) -> None:
    """Check a settings file and the environment, or print the commented defaults."""
    if print_default:
        typer.echo(render(), nl=False)
        return
    _settings(file)
    typer.echo("The settings are good.")


@app.command(epilog="Example: telepresence version")
def version() -> None:
    """Print the versions of what is installed."""
    try:
        import telepresence.engine._native  # noqa: F401, PLC0415 (whether it loads is the question)

        engine = "built in"
    except ImportError:
        engine = "missing (make engine)"
    try:
        own = importlib.metadata.version("telepresence")
    except importlib.metadata.PackageNotFoundError:
        own = "not installed (runs from its source tree)"
    typer.echo(f"telepresence {own}")
    typer.echo(f"engine       {engine}")
    typer.echo(f"Python       {platform.python_version()}")
    typer.echo(f"aiohttp      {importlib.metadata.version('aiohttp')}")
