"""Databases of the tests: SQLite in a folder, and a PostgreSQL of their own, of Debian's package, that goes with them."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from telepresence.store.database import Store

PATIENCE_S = 60
ACCOUNT = "postgres"
"""Debian's package makes it; PostgreSQL refuses to run as root."""

QUICK = "-c fsync=off -c full_page_writes=off -c max_connections=20 -c shared_buffers=16MB"
"""A power cut would cost a test nothing."""


def program(name: str) -> str:
    """A program of PostgreSQL; Debian keeps them out of the PATH."""
    if found := shutil.which(name):
        return found
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not installed:
        pytest.skip(f"{name} is not installed; `apt-get install postgresql` brings it")
    return str(installed[-1])


class Cluster:
    """A PostgreSQL that listens on a socket in `folder` alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)

    def run(self, name: str, *arguments: str) -> None:
        """Runs a program of PostgreSQL on it, not as root."""
        command = [program(name), "-D", str(self.folder / "data"), *arguments]
        account = ACCOUNT if os.geteuid() == 0 else None
        subprocess.run(  # noqa: S603 (the system's own programs)
            command, user=account, cwd=self.folder, check=True, timeout=PATIENCE_S, stdout=subprocess.DEVNULL
        )

    async def create(self) -> str:
        """Makes a database; returns its URL, as the settings have it."""
        name = f"t{next(self._numbers)}"
        connection = await asyncpg.connect(host=str(self.folder), user=ACCOUNT, database=ACCOUNT)
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        return f"postgresql://{ACCOUNT}@/{name}?host={self.folder}"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server."""
    # Not pytest's folder: only root may look into that, and the socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="telepresence-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, ACCOUNT)
    cluster = Cluster(folder)
    try:
        cluster.run("initdb", "-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        cluster.run(
            "pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"-k {folder} -c listen_addresses='' {QUICK}", "start"
        )
        yield cluster
        cluster.run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest) -> str:
    """The setting `data.database`, for an empty database of each kind."""
    if request.param == "sqlite":
        return ""
    cluster: Cluster = request.getfixturevalue("cluster")
    return await cluster.create()


@pytest.fixture
async def store(url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty database that is open."""
    store = await Store.open(url, tmp_path)
    yield store
    await store.close()
