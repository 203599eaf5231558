"""What differs between SQLite and PostgreSQL: how each is opened, what it is told first, and its errors in words.

`database.py` comes after it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from telepresence.addresses import database_fault
from telepresence.store.backup import DATABASE_NAME
from telepresence.store.errors import StoreError

BUSY_S = 5
"""How long SQLite waits for another process, such as a back-up, that holds the file."""

CONNECT_S = 10
COMMAND_S = 10
"""How long PostgreSQL may take to be reached, and to do one command: later it counts as gone."""


def make(url: str, directory: Path) -> tuple[AsyncEngine, str]:
    """Returns an engine that has not connected yet, and what the database is called in errors. Raises StoreError."""
    return _postgresql(url) if url else _sqlite(directory / DATABASE_NAME)


def _sqlite(path: Path) -> tuple[AsyncEngine, str]:
    place = f"The database {path}"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise StoreError(
            f"{place} can't be opened: {error.strerror}. Give the server its own data directory."
        ) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise StoreError(f"{place} has mode {mode:04o}, others can read it. Run: chmod 600 {path}")
    url = sa.URL.create("sqlite+aiosqlite", database=str(path))
    engine = create_async_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_S})
    event.listen(engine.sync_engine, "connect", _set_up)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine, place


def _set_up(connection: Any, _: Any) -> None:
    """WAL: reading does not wait for writing. FULL: a commit is on the disc, not only in the kernel's hands.

    Without an isolation level Python's module begins no transaction by itself; `_begin` does, also around the migrations.
    """
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()  # Nobody else would: it is not in the pool yet.
        raise
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgresql(url: str) -> tuple[AsyncEngine, str]:
    if fault := database_fault(url):
        raise StoreError(f"data.database can't be used: {fault}")
    if importlib.util.find_spec("asyncpg") is None:
        raise StoreError(
            "data.database names a PostgreSQL, whose driver is not installed. Run: pip install 'telepresence[postgres]'"
        )
    try:
        parsed = make_url(url).set(drivername="postgresql+asyncpg")
    except (ArgumentError, ValueError):
        raise StoreError("data.database can't be read as a URL.") from None
    engine = create_async_engine(
        parsed,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={"timeout": CONNECT_S, "command_timeout": COMMAND_S},
    )
    return engine, f"The database {parsed.database} on {parsed.host or parsed.query.get('host', 'this machine')}"


async def check(connection: AsyncConnection, place: str) -> None:
    """Reads all of a SQLite file once: damage is found at the start, not in a meeting. Raises StoreError."""
    if connection.dialect.name != "sqlite":
        return
    found = (await connection.exec_driver_sql("PRAGMA quick_check(1)")).scalar_one()
    if found != "ok":
        raise _damaged(place, str(found))


def _damaged(place: str, found: str) -> StoreError:
    return StoreError(
        f"{place} is damaged ({found}). Restore a back-up, or move the file away to begin with an empty one."
    )


@contextlib.contextmanager
def said(place: str) -> Iterator[None]:
    """Turns what the drivers raise into StoreError."""
    try:
        yield
    except SQLAlchemyError as error:
        raise _in_words(place, getattr(error, "orig", None) or error) from None
    except (OSError, TimeoutError) as error:
        raise _in_words(place, error) from None


def _in_words(place: str, error: BaseException) -> StoreError:
    text = str(error).split("\n", 1)[0].strip() or type(error).__name__
    if "malformed" in text or "not a database" in text:
        return _damaged(place, text)
    if "readonly" in text:
        return StoreError(f"{place} can't be written to. Let the server own it and its directory.")
    return StoreError(f"{place} can't be used: {text}.")
