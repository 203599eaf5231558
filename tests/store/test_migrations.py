"""The migrations make what `tables.py` says, from nothing and from each earlier version, in one step."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from telepresence.store import engines, migrate
from telepresence.store.database import Store
from telepresence.store.errors import StoreError
from telepresence.store.migrate import configuration, upgrade
from telepresence.store.tables import metadata


async def in_transaction(engine: AsyncEngine, step: object) -> None:
    """Runs a function on a connection."""
    async with engine.begin() as connection:
        await connection.run_sync(step)  # type: ignore[arg-type]


async def test_the_migrations_make_what_the_code_expects(url: str, tmp_path: Path) -> None:
    """`alembic check` finds nothing to be changed: a column without a migration would be missed on a hospital's server."""
    await (await Store.open(url, tmp_path)).close()
    engine, _ = engines.make(url, tmp_path)
    await in_transaction(engine, lambda connection: command.check(configuration(connection)))
    await engine.dispose()


async def test_a_second_start_changes_nothing(url: str, tmp_path: Path) -> None:
    """And finds the version that the first one has left."""
    for _ in range(2):
        store = await Store.open(url, tmp_path)
        async with store._engine.connect() as connection:
            version = (await connection.exec_driver_sql("SELECT version_num FROM alembic_version")).scalar_one()
        await store.close()
        assert version == ScriptDirectory(str(migrate.FOLDER)).get_current_head()


async def test_a_migration_that_fails_leaves_nothing_behind(url: str, tmp_path: Path) -> None:
    """Also in SQLite the tables are made in the transaction: the next start begins where this one did."""
    engine, place = engines.make(url, tmp_path)

    def fail(connection: Connection) -> None:
        upgrade(connection, place)
        assert set(metadata.tables) < set(sa.inspect(connection).get_table_names())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await in_transaction(engine, fail)
    async with engine.connect() as connection:
        assert await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()) == []
    await engine.dispose()


async def test_a_database_of_a_later_version_is_left_alone(url: str, tmp_path: Path) -> None:
    """An older program would not know what to keep; the start says so."""
    store = await Store.open(url, tmp_path)
    async with store._engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    await store.close()
    with pytest.raises(StoreError, match="newer Telepresence"):
        await Store.open(url, tmp_path)
