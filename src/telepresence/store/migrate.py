"""Brings a database up to date, in one transaction, at every start: `migrations/versions/` in their order.

Alembic takes longer to load than all the rest here to run, so it comes only where there is something to migrate. A
database that is empty gets the tables of `tables.py` as they are now; tests compare both ways. A new migration is made by
`make migration`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Connection

from telepresence.store.errors import StoreError
from telepresence.store.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"

VERSIONS = sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True))
"""As Alembic makes it."""


def newest() -> str:
    """Returns the version of the newest migration: its file's name begins with it, and they are numbered."""
    return max(path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def upgrade(connection: Connection, place: str) -> None:
    """Brings it to the newest version. Raises StoreError when it is of a program newer than this one."""
    there = sa.inspect(connection).get_table_names()
    if not there:
        metadata.create_all(connection, checkfirst=False)
        VERSIONS.create(connection, checkfirst=False)
        connection.execute(VERSIONS.insert(), {"version_num": newest()})
    elif VERSIONS.name not in there or connection.scalars(sa.select(VERSIONS.c.version_num)).all() != [newest()]:
        migrate(connection, place)


def migrate(connection: Connection, place: str) -> None:
    """Runs the migrations that it has not had. Raises StoreError as `upgrade`."""
    from alembic import command  # noqa: PLC0415 (a start that migrates nothing does not wait for it)
    from alembic.util import CommandError  # noqa: PLC0415

    try:
        command.upgrade(configuration(connection), "head")
    except CommandError as error:
        raise StoreError(
            f"{place} was used by a newer Telepresence ({error}). Install that one, or restore a back-up."
        ) from None


def configuration(connection: Connection) -> Config:
    """Returns Alembic's configuration for an open connection; `migrations/env.py` takes it from there."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
