"""Brings a database up to date: `migrations/versions/` in their order, in one transaction, at every start.

A new one is made by `make migration`; a test compares what they make with `tables.py`.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from telepresence.store.errors import StoreError

FOLDER = Path(__file__).parent / "migrations"


def configuration(connection: Connection) -> Config:
    """Returns Alembic's configuration for an open connection; `migrations/env.py` takes it from there."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, place: str) -> None:
    """Brings it to the newest version. Raises StoreError when it is of a program newer than this one."""
    try:
        command.upgrade(configuration(connection), "head")
    except CommandError as error:
        raise StoreError(
            f"{place} was used by a newer Telepresence ({error}). Install that one, or restore a back-up."
        ) from None
