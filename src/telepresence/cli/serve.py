"""`telepresence serve`: the server, with or without the demo."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from telepresence import demo, logs
from telepresence.cli.common import ConfigOption, fail, read_settings
from telepresence.rooms.directory import ServerFullError
from telepresence.server import Running, StartError, open_engine, running, snapshot_on_signal, stop_signal
from telepresence.settings import Settings
from telepresence.signaling.messages import Role

NO_ROOMS = (
    "There is no room yet. An organiser makes them on the start page (`telepresence token --role organiser` prints its link) "
    "or by `telepresence room create`; [[rooms]] of the settings are there from the start."
)


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(epilog="Example: telepresence serve --demo")(serve)


def serve(
    config: ConfigOption = None,
    with_demo: Annotated[
        bool, typer.Option("--demo", help="Make two rooms to try, print links to them, and put bot sites on the air.")
    ] = False,
    fake_engine: Annotated[
        bool, typer.Option("--fake-engine", help="Run without media, to work on the control plane without Rust.")
    ] = False,
) -> None:
    """Run the server until SIGTERM or Ctrl-C.

    On SIGUSR1, and when it stops, it logs one line `engine.snapshot`: what the media engine has counted since the start,
    packets that it dropped by reason, how many connections and tracks there are, and its CPU time.
    """
    settings = read_settings(config)
    logs.configure(settings.log)
    try:
        uvloop.run(_serve(settings, with_demo=with_demo, fake_engine=fake_engine))
    except StartError as error:
        fail(str(error))


async def _serve(settings: Settings, *, with_demo: bool, fake_engine: bool) -> None:
    stopped = stop_signal()
    engine = open_engine(settings, use_fake=fake_engine)
    async with running(settings, engine) as server, contextlib.AsyncExitStack() as stack:
        console = Console()
        snapshot_on_signal(engine)
        if with_demo:
            _create_demo(server)
            _print_links(console, server)
            await stack.enter_async_context(_bots(console, server, fake_engine=fake_engine))
        elif not server.hub.world.directory.rooms:
            console.print(NO_ROOMS, soft_wrap=True, markup=False)
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
        role = f"{entry.role}, waits to be admitted" if entry.role is Role.GUEST else str(entry.role)
        _print_link(console, f"{entry.who}, {role}", entry.url(server.url, authority))
    _print_link(
        console, f"{demo.ORGANISER.who}: the start page, where rooms are made", demo.start_page(server.url, authority)
    )
    console.print()


def _print_link(console: Console, who: str, url: str) -> None:
    console.print(f"\n[bold]{escape(who)}[/bold]")
    # On a line of its own and never wrapped, so that it can be copied whole.
    console.print(url, soft_wrap=True, highlight=False, markup=False)


@contextlib.asynccontextmanager
async def _bots(console: Console, server: Running, *, fake_engine: bool) -> AsyncIterator[None]:
    """Keeps the bot sites on the air while the context lasts."""
    if fake_engine or not demo.has_bots():
        why = "the fake engine carries no media" if fake_engine else "pip install 'telepresence[bots]' brings it"
        console.print(f"No bot site is on the air: {escape(why)}.", soft_wrap=True)
        yield
        return
    task = asyncio.create_task(demo.keep_bots(server.url, server.hub.world.authority))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
