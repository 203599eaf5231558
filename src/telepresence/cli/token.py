"""`telepresence token`: links and tokens made by hand, and their end before their time."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from telepresence import demo
from telepresence.api.invitations import link, start_link
from telepresence.auth import ANY_ROOM
from telepresence.cli.common import ConfigOption, authority_of, fail, read_settings, span
from telepresence.cli.remote import admin
from telepresence.settings import Settings
from telepresence.signaling.messages import Role

app = typer.Typer(invoke_without_command=True)

ROOMS_HINT = (
    "Rooms of the start page and of `telepresence room create` come with their links. Others are [[rooms]] of the settings, "
    "as `telepresence config --print` shows."
)

ALONE = {Role.ORGANISER: ("organiser", "Organiser 会务"), Role.ADMIN: ("admin", "Admin")}
"""Roles that need no room: the id and the name that are used when none is given."""


@app.callback(
    epilog='Example: telepresence token --room demo --site xixia --name "Xixia County Hospital" --expires 12h'
)
def token(
    context: typer.Context,
    room: Annotated[str | None, typer.Option(help="The room's id.")] = None,
    site: Annotated[str | None, typer.Option(help="The site's id, the same for all its devices.")] = None,
    name: Annotated[str | None, typer.Option(help="The site's name as others see it.")] = None,
    role: Annotated[Role, typer.Option(help="What its bearer may do.")] = Role.MEMBER,
    expires: Annotated[str, typer.Option(metavar="SPAN", help="How long it is good: 30m, 12h, 7d.")] = "12h",
    config: ConfigOption = None,
) -> None:
    """Print a link for one site to one room of the settings, or of the demo.

    With --role organiser and no room: the link of the start page, where its bearer makes rooms and sees his own; --site tells
    one organiser from another. With --role admin: the bare token of the admin API.
    """
    if context.invoked_subcommand:
        return
    settings = read_settings(config)
    own_site, own_name = ALONE.get(role, (None, None)) if room is None or role is Role.ADMIN else (None, None)
    site, name = site or own_site, name or own_name
    if own_site is None:
        _require_room(settings, room)
    if site is None or name is None:
        fail(f"--{'site' if site is None else 'name'} is missing: who gets the link?", 2)
    room = ANY_ROOM if own_site or room is None else room
    valid_s = span("--expires", expires)
    try:
        made = authority_of(settings).issue(room=room, site=site, name=name, role=role, valid_s=valid_s)
    except ValueError as error:
        fail(f"The link can't be made: {error}.", 2)
    typer.echo(made if role is Role.ADMIN else _link(settings, room, made))


def _link(settings: Settings, room: str, made: str) -> str:
    base = settings.public_url(settings.server.port)
    return start_link(base, made) if room == ANY_ROOM else link(base, room, made)


def _require_room(settings: Settings, room: str | None) -> None:
    """A link to a room that the server will not have would be refused at the door, too late for whoever made it."""
    known = [entry.id for entry in settings.rooms]
    if room is None:
        fail("--room is missing: all roles but organiser and admin are for one room.", 2)
    if room in known or room in demo.ROOMS:
        return
    there = f"They have {', '.join(known)}. " if known else ""
    fail(f"--room {room!r} is no room of the settings. {there}{ROOMS_HINT}", 2)


@app.command(epilog="Example: telepresence token revoke https://meet.hospital.example/room/x#t=...")
def revoke(
    what: Annotated[str, typer.Argument(metavar="LINK|JTI", help="The link, its token, or the token's number (jti).")],
    config: ConfigOption = None,
) -> None:
    """Refuse a link from now on, at joins and returns. Whoever is in a room by it stays until removed."""
    settings = read_settings(config)
    text = what.rpartition("#t=")[2]
    body = {"token": text} if text.count(".") == 2 else {"jti": text}  # noqa: PLR2004 (a token has three parts)
    done = asyncio.run(admin(settings, authority_of(settings), "/api/admin/revocations", body))
    typer.echo(f"Revoked: {done['jti']}. It opens no door any more; who is in a room by it stays until removed.")
