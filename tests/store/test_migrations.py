"""The migrations make what `tables.py` says, from nothing and from each earlier version, in one step."""

import subprocess
import sys
from collections.abc import Callable
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


@pytest.mark.parametrize("make", [upgrade, migrate.migrate])
async def test_the_migrations_make_what_the_code_expects(
    url: str, tmp_path: Path, make: Callable[[Connection, str], None]
) -> None:
    """`alembic check` finds nothing to be changed: a column without a migration would be missed on a hospital's server."""
    engine, place = engines.make(url, tmp_path)
    await in_transaction(engine, lambda connection: make(connection, place))
    await in_transaction(engine, lambda connection: command.check(configuration(connection)))
    await engine.dispose()


def shape(connection: Connection) -> object:
    """All that a database says of its tables."""
    inspector = sa.inspect(connection)
    return {
        table: (
            [{**column, "type": str(column["type"])} for column in inspector.get_columns(table)],
            {**inspector.get_pk_constraint(table), "name": ""},
            inspector.get_indexes(table),
        )
        for table in inspector.get_table_names()
    }


async def test_an_empty_database_gets_at_once_what_all_migrations_make(url: str, tmp_path: Path) -> None:
    """Without Alembic, and with the version that it looks for."""
    engine, place = engines.make(url, tmp_path)
    shapes: list[object] = []

    def compare(connection: Connection) -> None:
        for make in (migrate.migrate, upgrade):
            make(connection, place)
            shapes.append(shape(connection))
            metadata.drop_all(connection)
            migrate.VERSIONS.drop(connection)

    await in_transaction(engine, compare)
    await engine.dispose()
    assert shapes[0] == shapes[1]
    assert set(metadata.tables) < set(shapes[0])  # type: ignore[call-overload]


def test_the_newest_migration_is_the_one_with_the_highest_number() -> None:
    """The start knows it by its file's name alone."""
    assert migrate.newest() == ScriptDirectory(str(migrate.FOLDER)).get_current_head()


NO_ALEMBIC = """
import asyncio, pathlib, sys
from telepresence.store.database import Store

async def main():
    for _ in range(2):
        await (await Store.open("", pathlib.Path(sys.argv[1]))).close()
    assert not [name for name in sys.modules if name.split(".")[0] in ("alembic", "mako")]

asyncio.run(main())
"""


def test_a_start_that_migrates_nothing_does_not_load_alembic(tmp_path: Path) -> None:
    """Neither the first one nor the next: it takes longer than all the rest of an opening."""
    subprocess.run([sys.executable, "-c", NO_ALEMBIC, tmp_path / "var"], check=True)  # noqa: S603


async def test_a_database_of_an_earlier_version_is_migrated(url: str, tmp_path: Path) -> None:
    """Here of one before the first: the tables are others', and ours are made beside them."""
    engine, _ = engines.make(url, tmp_path)
    await in_transaction(
        engine, lambda connection: sa.Table("other", sa.MetaData(), sa.Column("x", sa.Integer)).create(connection)
    )
    await engine.dispose()
    await (await Store.open(url, tmp_path)).close()
    engine, _ = engines.make(url, tmp_path)
    await in_transaction(engine, lambda connection: command.current(configuration(connection), check_heads=True))
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
