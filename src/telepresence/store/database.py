"""The database: what a meeting must not lose goes in by `write` and comes back at a start by `load`.

`server.py` opens it, `signaling/keeper.py` writes. SQLite in the data directory, or a PostgreSQL that the settings name;
both by SQLAlchemy Core on the tables of `tables.py`, which `migrations/` makes and changes. No error of this module
holds a password or a value of a row.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telepresence.rooms.records import (
    InvitationRecord,
    Kept,
    LineRecord,
    QuestionRecord,
    Record,
    RemovalRecord,
    RevocationRecord,
    RoomRecord,
    SeatRecord,
    key_of,
)
from telepresence.store import engines
from telepresence.store.migrate import upgrade
from telepresence.store.tables import TABLES, invitations, lines, questions, removals, revocations, rooms, seats

RECENT_S = 36 * 3600
"""Rooms that ended so long ago are still loaded: the organiser's list has today's, and a link to one says that it ended."""

LINES_A_ROOM = 200
"""As many lines of chat as a latecomer gets. Source: protocol.md, "Chat"."""

R = TypeVar("R", bound=Record)


class Store:
    """The open database."""

    def __init__(self, engine: AsyncEngine, place: str) -> None:
        """Made by `open`. `place` names the database in errors, without a password."""
        self._engine = engine
        self._place = place
        insert = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[engine.dialect.name]
        self._upserts = {kind: _upsert(insert, table) for kind, table in TABLES.items()}

    @classmethod
    async def open(cls, url: str, directory: Path) -> Self:
        """Opens `url`, or SQLite in `directory` where it is empty, and brings the tables up to date. Raises StoreError."""
        engine, place = engines.make(url, directory)
        try:
            with engines.said(place):
                async with engine.begin() as connection:
                    await engines.check(connection, place)
                    await connection.run_sync(upgrade, place)
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine, place)

    async def close(self) -> None:
        """Closes all connections."""
        await self._engine.dispose()

    async def write(self, records: Iterable[Record]) -> None:
        """Keeps all records or none; of several with one key the last one. Returns after the commit. Raises StoreError."""
        latest = {key_of(record): record for record in records}
        rows: dict[type[Record], list[dict[str, Any]]] = {}
        for record in latest.values():
            rows.setdefault(type(record), []).append(_row(record))
        with engines.said(self._place):
            async with self._engine.begin() as connection:
                for kind, of_kind in rows.items():
                    await connection.execute(self._upserts[kind], of_kind)

    async def load(self, now: float) -> Kept:
        """Returns what a server needs that starts at `now`, in seconds since 1970. Raises StoreError."""
        is_loaded = sa.or_(rooms.c.ended_at.is_(None), rooms.c.ended_at >= now - RECENT_S)
        with engines.said(self._place):
            async with self._engine.connect() as connection:
                return Kept(
                    rooms=await _all(connection, RoomRecord, sa.select(rooms).where(is_loaded).order_by("created_at")),
                    invitations=await _all(connection, InvitationRecord, _links(is_loaded)),
                    revocations=await _all(
                        connection, RevocationRecord, sa.select(revocations).where(revocations.c.expires_at > now)
                    ),
                    seats=await _all(connection, SeatRecord, _of_rooms(seats, is_loaded, seats.c.joined_at)),
                    removals=await _all(
                        connection, RemovalRecord, _of_rooms(removals, is_loaded, removals.c.removed_at)
                    ),
                    questions=await _all(connection, QuestionRecord, _of_rooms(questions, is_loaded, questions.c.at)),
                    lines=await _all(connection, LineRecord, _newest_lines(is_loaded)),
                )

    async def knows_room(self, room: str) -> bool:
        """Tells whether a room has, or ever had, that id. Raises StoreError."""
        query = sa.select(rooms.c.id).where(rooms.c.id == room)
        with engines.said(self._place):
            async with self._engine.connect() as connection:
                return (await connection.execute(query)).first() is not None

    async def attendance(self, room: str) -> list[SeatRecord]:
        """Returns all seats that there ever were in a room, in order of their joining. Raises StoreError."""
        query = sa.select(seats).where(seats.c.room == room).order_by(seats.c.joined_at, seats.c.participant)
        with engines.said(self._place):
            async with self._engine.connect() as connection:
                return await _all(connection, SeatRecord, query)


def _upsert(insert: Any, table: sa.Table) -> Any:
    statement = insert(table)
    key = [column.name for column in table.primary_key]
    values = {column.name: statement.excluded[column.name] for column in table.c if column.name not in key}
    return statement.on_conflict_do_update(index_elements=key, set_=values)


def _row(record: Record) -> dict[str, Any]:
    """PostgreSQL takes no NUL in a text: one from a token's name would keep all that is written with it from being kept."""
    row: dict[str, Any] = msgspec.to_builtins(record)
    return {name: value.replace("\0", "") if isinstance(value, str) else value for name, value in row.items()}


def _links(is_loaded: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Selects links. A room of the settings has none: what stands there by its id is of an organiser's meeting before it."""
    of_organisers = sa.and_(is_loaded, rooms.c.organiser != "")
    query = sa.select(invitations).join(rooms, rooms.c.id == invitations.c.room)
    return query.where(of_organisers).order_by("place")


def _of_rooms(table: sa.Table, is_loaded: sa.ColumnElement[bool], since: sa.Column[Any]) -> sa.Select[Any]:
    """Selects what belongs to rooms that are loaded, by time. A room made anew has nothing of the earlier one of its id."""
    query = sa.select(table).join(rooms, rooms.c.id == table.c.room).where(is_loaded)
    return query.where(since >= rooms.c.created_at).order_by(since)


def _newest_lines(is_loaded: sa.ColumnElement[bool]) -> sa.Select[Any]:
    age = sa.func.row_number().over(partition_by=lines.c.room, order_by=lines.c.at.desc()).label("age")
    numbered = _of_rooms(lines, is_loaded, lines.c.at).order_by(None).add_columns(age).subquery()
    newest = sa.select(*(numbered.c[column.name] for column in lines.c)).where(numbered.c.age <= LINES_A_ROOM)
    return newest.order_by(numbered.c.at)


async def _all(connection: AsyncConnection, kind: type[R], query: sa.Select[Any]) -> list[R]:
    rows = await connection.execute(query)
    names = [str(column.name) for column in query.selected_columns]  # msgspec takes no name of SQLAlchemy's kind.
    return [msgspec.convert(dict(zip(names, row, strict=True)), kind) for row in rows]
