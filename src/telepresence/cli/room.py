"""`telepresence room`: rooms made and listed through the running server, as on the start page."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import segno
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from telepresence.api.invitations import NewRoom, PlanError, plan
from telepresence.cli.common import ConfigOption, authority_of, fail, read_settings
from telepresence.cli.remote import organiser
from telepresence.cli.sites import Row, SitesError, read_sites
from telepresence.signaling.messages import Role, RoomKind

TERMINAL = "-"
"""Of `--qr`: show the codes instead of writing them."""

app = typer.Typer(no_args_is_help=True, help="Make rooms and list them, through the running server.")

As = Annotated[
    str, typer.Option("--as", metavar="ID", help="Whose rooms: the --site of the organiser's link of the start page.")
]


@app.command(epilog='Example: telepresence room create --sites sites.csv --title "Tumour board" --minutes 90')
def create(
    sites: Annotated[
        Path,
        typer.Option(
            help="CSV with site, name, role (member if empty), label, profile; UTF-8 or GB18030.", dir_okay=False
        ),
    ],
    title: Annotated[str, typer.Option(help="What people see.")],
    kind: Annotated[RoomKind, typer.Option(help="The shape of the meeting.")] = RoomKind.CONSULTATION,
    start: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], help="This machine's time. Without it: now."),
    ] = None,
    minutes: Annotated[
        int, typer.Option(min=1, max=10_080, help="How long it is planned; links live 12 h longer.")
    ] = 120,
    room_id: Annotated[str | None, typer.Option("--id", help="What stands in links. Without it: a random one.")] = None,
    qr: Annotated[
        str | None, typer.Option(metavar="DIR|-", help="Write a QR code for each link, as SVG; '-' shows them here.")
    ] = None,
    organised_by: As = "organiser",
    *,
    waiting_room: Annotated[bool, typer.Option("--waiting-room", help="Members wait until they are admitted.")] = False,
    h264: Annotated[bool, typer.Option(help="Also take H.264, which encoders send.")] = True,
    config: ConfigOption = None,
) -> None:
    """Make a room and print a link for each site."""
    settings = read_settings(config)
    starts_at = start.timestamp() if start else time.time()
    rows = _read(sites)
    try:
        body = _room(
            rows, title, kind, room_id, starts_at, starts_at + minutes * 60, waiting_room=waiting_room, h264=h264
        )
        plan(body, organised_by, time.time())
    except PlanError as error:
        fail(_in_the_file(error, sites, rows), 2)
    except msgspec.ValidationError as error:
        fail(f"The room can't be made: {error}.", 2)
    authority = authority_of(settings)
    answer = asyncio.run(organiser(settings, authority, organised_by, msgspec.to_builtins(body)))
    _print_room(Console(), answer)
    if qr:
        _codes(answer, qr)


def _read(path: Path) -> list[Row]:
    try:
        return read_sites(path.read_bytes())
    except OSError as error:
        fail(f"{path} can't be read: {error.strerror}.", 2)
    except SitesError as error:
        fail(f"{path}: {error}.", 2)


def _room(
    rows: list[Row],
    title: str,
    kind: RoomKind,
    room_id: str | None,
    starts_at: float,
    ends_at: float,
    *,
    waiting_room: bool,
    h264: bool,
) -> NewRoom:
    wanted = NewRoom(
        kind=kind,
        title=title,
        sites=[row.site for row in rows],
        starts_at=starts_at,
        ends_at=ends_at,
        waiting_room=waiting_room,
        h264=h264,
        id=room_id,
    )
    return msgspec.convert(msgspec.to_builtins(wanted), NewRoom)  # Only reading checks the bounds.


def _in_the_file(error: PlanError, path: Path, rows: list[Row]) -> str:
    """Says a place such as `sites.2.role` as the line of the file."""
    section, _, rest = error.field.partition(".")
    number = rest.partition(".")[0]
    if section == "sites" and number.isdecimal():
        return f"{path}: line {rows[int(number)].line}: {error}"
    return str(error)


@app.command("list", epilog="Example: telepresence room list")
def show(
    organised_by: As = "organiser",
    *,
    links: Annotated[bool, typer.Option("--links", help="Also print the links.")] = False,
    config: ConfigOption = None,
) -> None:
    """List the rooms that an organiser made: planned, open, or ended within a day."""
    settings = read_settings(config)
    rooms = asyncio.run(organiser(settings, authority_of(settings), organised_by))["rooms"]
    console = Console()
    table = Table(Column("Room", no_wrap=True), "State", Column("From", no_wrap=True), "To", "People", "Title")
    for room in rooms:
        people = f"{room['members']} + {room['audience']}" if room["audience"] else str(room["members"])
        cells = (room["id"], room["state"], _when(room["startsAt"]), _when(room["endsAt"]), people, room["title"])
        table.add_row(*map(escape, cells))
    console.print(table if rooms else "There is no room.")
    for room in rooms if links else []:
        _print_room(console, room)


def _when(at: float | None) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M") if at else ""


def _print_room(console: Console, room: dict[str, Any]) -> None:
    """Prints who is invited as a table, and each link on a line of its own, never wrapped, so that it can be copied whole."""
    title = f"{room['title']} ({room['id']}), {_when(room['startsAt'])} to {_when(room['endsAt'])}"
    console.print(title, soft_wrap=True, highlight=False, markup=False)
    table = Table("Site", "Name", "Role")
    for entry in room["links"]:
        table.add_row(escape(entry["site"]), escape(entry["name"]), entry["role"])
    console.print(table)
    for entry in room["links"]:
        console.print(f"\n{entry['name']}, {entry['role']}", soft_wrap=True, highlight=False, markup=False)
        for line in _lines(room["id"], entry):
            console.print(line, soft_wrap=True, highlight=False, markup=False)


def _lines(room: str, entry: dict[str, Any]) -> list[str]:
    """An encoder is no browser: it wants an address and a token."""
    if entry["role"] != Role.ENCODER:
        return [entry["url"]]
    address, _, token = entry["url"].partition("#t=")
    return [f"WHIP address: {address.removesuffix(f'/room/{room}')}/whip/{room}", f"bearer token: {token}"]


def _codes(room: dict[str, Any], where: str) -> None:
    links = [entry for entry in room["links"] if entry["role"] != Role.ENCODER]
    if where == TERMINAL:
        for entry in links:
            typer.echo(f"\n{entry['name']}, {entry['role']}")
            segno.make(entry["url"], error="l", micro=False).terminal(out=sys.stdout, compact=True)
        return
    directory = Path(where)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for entry in links:
            name = f"{room['id']}-{entry['site']}-{entry['role']}.svg"
            (directory / name).write_text(entry["qr"], encoding="utf-8")
    except OSError as error:
        fail(f"The room is made, but {error.filename} can't be written: {error.strerror}.")
    typer.echo(f"\n{len(links)} QR codes are in {directory}.")
