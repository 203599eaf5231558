"""A copy of all that a server can't make anew, taken while it runs: the database and the token secret.

`cli/backup.py` is its command; docs/operations.md says how it is put back.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

from telepresence.auth import SECRET_NAME
from telepresence.store.errors import StoreError

DATABASE_NAME = "telepresence.sqlite3"
"""In the data directory, and in a copy of it."""


def back_up(directory: Path, target: Path, *, has_sqlite: bool) -> list[Path]:
    """Copies what is in the data directory into `target`, which is made; returns the files. Raises StoreError.

    `has_sqlite`: the database is there, not on a PostgreSQL. Nothing is ever written over.
    """
    names = [SECRET_NAME, DATABASE_NAME] if has_sqlite else [SECRET_NAME]
    for name in names:
        if not (directory / name).exists():
            raise StoreError(f"{directory / name} does not exist: no server has used this data directory.")
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        copies = [_make(target / name) for name in names]
        shutil.copyfile(directory / SECRET_NAME, target / SECRET_NAME)
        if has_sqlite:
            _copy_database(directory / DATABASE_NAME, target / DATABASE_NAME)
    except FileExistsError as error:
        raise StoreError(f"{error.filename} exists already. Give each back-up a directory of its own.") from None
    except OSError as error:
        raise StoreError(f"{error.filename} can't be copied: {error.strerror}.") from None
    except sqlite3.Error as error:
        raise StoreError(f"{directory / DATABASE_NAME} can't be copied: {error}.") from None
    return copies


def _make(path: Path) -> Path:
    """Before there is anything in it, others can't read it."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return path


def _copy_database(source: Path, copy: Path) -> None:
    """By SQLite's online back-up: one moment of the database, whatever is written meanwhile; then all of it is read once."""
    with (
        contextlib.closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as running,
        contextlib.closing(sqlite3.connect(copy)) as written,
    ):
        running.backup(written)
        # One file, without a log beside it.
        written.execute("PRAGMA journal_mode = DELETE")
        found = written.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreError(f"{source} is damaged ({found}): this copy of it is, too. Use an older one.")
    descriptor = os.open(copy, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
