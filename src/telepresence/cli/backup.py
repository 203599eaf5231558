"""`telepresence backup`: a copy of database and token secret, taken while the server runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from telepresence.cli.common import ConfigOption, fail, read_settings
from telepresence.store.backup import back_up
from telepresence.store.errors import StoreError


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(epilog="Example: telepresence backup /var/backups/telepresence/2026-01-31")(backup)


def backup(
    directory: Annotated[Path, typer.Argument(metavar="DIRECTORY", help="Where the copy goes; it is made.")],
    config: ConfigOption = None,
) -> None:
    """Copy the database and the token secret. The server may run meanwhile.

    Who has the copy can read questions and chat, and make links: keep it as safe as the server. To restore, put the files
    back into data.directory while the server is stopped (docs/operations.md).
    """
    settings = read_settings(config)
    has_sqlite = not settings.data.database
    try:
        copies = back_up(Path(settings.data.directory), directory, has_sqlite=has_sqlite)
    except StoreError as error:
        fail(str(error))
    for copy in copies:
        typer.echo(str(copy))
    if not has_sqlite:
        typer.echo("The database is a PostgreSQL: copy it with pg_dump.", err=True)
