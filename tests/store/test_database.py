"""What is kept is there again, in SQLite and in PostgreSQL; what can't be kept is said in words."""

import asyncio
import os
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from telepresence.rooms.records import (
    KEYS,
    InvitationRecord,
    Kept,
    LineRecord,
    QuestionRecord,
    Record,
    RemovalRecord,
    RevocationRecord,
    RoomRecord,
    SeatRecord,
)
from telepresence.signaling.messages import Codec, Profile, QuestionState, Role, RoomKind
from telepresence.store import engines
from telepresence.store.database import LINES_A_ROOM, RECENT_S, Store
from telepresence.store.engines import DATABASE_NAME
from telepresence.store.errors import StoreError
from telepresence.store.tables import TABLES

NOW = 1_800_000_000.25
"""Seconds since 1970; a quarter is exact in a double."""

ROOM = RoomRecord(
    id="board",
    kind=RoomKind.BROADCAST,
    title="肿瘤会诊 “Board” 🩺",
    created_at=NOW,
    organiser="henan",
    starts_at=NOW + 60,
    ends_at=NOW + 7200,
    waiting_room=True,
    codecs=(Codec.OPUS, Codec.VP8),
    locked=True,
    chair="p-1",
)
INVITATION = InvitationRecord(
    "j1", "board", "xixia", "西峡县人民医院", Role.ENCODER, 1_800_050_000, "Endoscope", Profile.SURGERY, 3
)
REVOCATION = RevocationRecord("j0", 1_800_050_000)
SEAT = SeatRecord("board", "p-1", "henan", "河南", 2, Role.CHAIR, "ab" * 32, NOW + 1, NOW + 2, on_stage=True, heads=7)
REMOVAL = RemovalRecord("board", "loud", "Loud", NOW + 3)
QUESTION = QuestionRecord("board", "q1", "p-2", "xixia", "Xixia", "Why?\nHow?", NOW + 4, QuestionState.ANSWERING, "So.")
LINE = LineRecord("board", "l1", "p-2", "xixia", "Xixia", "你好 '; DROP TABLE lines; --", NOW + 5)
ALL: list[Record] = [ROOM, INVITATION, REVOCATION, SEAT, REMOVAL, QUESTION, LINE]
KEPT = Kept([ROOM], [INVITATION], [REVOCATION], [SEAT], [REMOVAL], [QUESTION], [LINE])


def line(number: int, room: str = "board") -> LineRecord:
    """A line of chat, later by its number."""
    return replace(LINE, id=f"l{number}", room=room, at=NOW + number)


async def test_everything_is_there_again_after_a_restart(url: str, tmp_path: Path) -> None:
    """Each field of each record, in types and in value."""
    for _ in range(2):
        store = await Store.open(url, tmp_path)
        await store.write(ALL)
        await store.close()
    store = await Store.open(url, tmp_path)
    assert await store.load(NOW) == KEPT
    await store.close()


def test_every_record_has_a_table_and_every_field_a_column() -> None:
    """A field that was forgotten would be lost in silence; a key that differs would be kept twice."""
    assert set(TABLES) == set(KEYS) == set(Record.__args__)
    for kind, table in TABLES.items():
        assert [column.name for column in table.c] == list(kind.__slots__)
        assert tuple(column.name for column in table.primary_key) == KEYS[kind]


async def test_a_row_is_replaced_by_its_newer_one(store: Store) -> None:
    """In one write or in two."""
    await store.write([ROOM, SEAT, replace(SEAT, heads=9)])
    await store.write([replace(ROOM, locked=False, chair=None), replace(SEAT, left_at=NOW + 9, reason="left")])
    kept = await store.load(NOW)
    assert kept.rooms == [replace(ROOM, locked=False, chair=None)]
    assert kept.seats == [replace(SEAT, left_at=NOW + 9, reason="left")]


async def test_a_write_is_whole_or_not_at_all(store: Store) -> None:
    """One row that does not fit, and none of the others is there."""
    broken = replace(LINE, text=None)  # type: ignore[arg-type]
    with pytest.raises(StoreError) as caught:
        await store.write([ROOM, SEAT, broken])
    assert LINE.name not in str(caught.value)
    assert LINE.room not in str(caught.value)
    assert await store.load(NOW) == Kept()


async def test_a_nul_in_a_name_keeps_nothing_from_being_kept(store: Store) -> None:
    """PostgreSQL refuses it; a token may have one in a name."""
    await store.write([ROOM, replace(LINE, name="Xi\0xia")])
    assert (await store.load(NOW)).lines == [LINE]


async def test_rooms_that_ended_long_ago_stay_in_the_database(store: Store) -> None:
    """They are not loaded, nor what belongs to them; their attendance can be asked for."""
    ended = replace(ROOM, id="old", ended_at=NOW)
    seat, later = replace(SEAT, room="old"), replace(SEAT, room="old", participant="p-0", joined_at=NOW + 9)
    await store.write([*ALL, ended, later, seat, line(1, "old")])
    assert len((await store.load(NOW + RECENT_S)).rooms) == 2
    assert await store.load(NOW + RECENT_S + 1) == replace_revocations(KEPT)
    assert await store.attendance("old") == [seat, later]
    assert await store.attendance("none") == []


def replace_revocations(kept: Kept) -> Kept:
    """A link that has expired opens no door anyway."""
    return replace(kept, revocations=[])


async def test_a_room_made_anew_has_nothing_of_the_earlier_one(store: Store) -> None:
    """A room of the settings in place of an organiser's that has ended: none of its links, no chat."""
    await store.write(ALL)
    again = replace(ROOM, created_at=NOW + 100, organiser="")
    await store.write([again])
    assert await store.load(NOW) == Kept([again], [], [REVOCATION])


async def test_a_room_is_known_for_good(store: Store) -> None:
    """Also when it ended so long ago that it is not loaded."""
    await store.write([replace(ROOM, ended_at=NOW - 2 * RECENT_S)])
    assert (await store.load(NOW)).rooms == []
    assert await store.knows_room(ROOM.id)
    assert not await store.knows_room("ward")


async def test_links_come_in_the_order_in_which_the_organiser_gave_them(store: Store) -> None:
    """As they were answered to him, before any restart."""
    links = [replace(INVITATION, jti=jti, place=place) for place, jti in enumerate("cab")]
    await store.write([ROOM, *reversed(links)])
    assert (await store.load(NOW)).invitations == links


async def test_a_latecomers_chat_is_the_newest_of_each_room(store: Store) -> None:
    """In order, whatever the order in which they were written."""
    numbers = range(1, LINES_A_ROOM + 11)
    await store.write(
        [ROOM, replace(ROOM, id="ward"), *(line(number) for number in reversed(numbers)), line(3, "ward")]
    )
    lines = (await store.load(NOW)).lines
    assert [each for each in lines if each.room == "board"] == [line(number) for number in numbers[10:]]
    assert [each for each in lines if each.room == "ward"] == [line(3, "ward")]


async def test_writes_and_questions_at_one_time_do_not_disturb_each_other(store: Store) -> None:
    """As the attendance is asked for in a meeting."""
    await store.write([ROOM])
    writes = (store.write([replace(SEAT, participant=f"p-{number}")]) for number in range(20))
    await asyncio.gather(*writes, *(store.attendance("board") for _ in range(5)))
    assert len(await store.attendance("board")) == 20


# --- SQLite's file ----------------------------------------------------------------------------------


async def test_the_file_is_its_owners_alone_and_each_commit_is_on_the_disc(tmp_path: Path) -> None:
    """Also what SQLite puts beside it."""
    old = os.umask(0)
    try:
        store = await Store.open("", tmp_path / "var")
        await store.write(ALL)
    finally:
        os.umask(old)
    files = sorted((tmp_path / "var").iterdir())
    assert [file.name for file in files] == [DATABASE_NAME, f"{DATABASE_NAME}-shm", f"{DATABASE_NAME}-wal"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
    async with store._engine.connect() as connection:
        assert (await connection.exec_driver_sql("PRAGMA synchronous")).scalar() == 2
        assert (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar() == "wal"
    await store.close()


async def refusal(url: str, directory: Path) -> str:
    """What is said when the database can't be opened."""
    with pytest.raises(StoreError) as caught:
        await Store.open(url, directory)
    return str(caught.value)


async def test_a_damaged_file_is_said_with_what_to_do(tmp_path: Path) -> None:
    """No file of SQLite, one that was cut short, one with garbage inside."""
    path = tmp_path / DATABASE_NAME
    store = await Store.open("", tmp_path)
    await store.write([ROOM, *(line(number) for number in range(2000))])
    await store.close()
    whole = path.read_bytes()
    for content in (b"garbage " * 1000, whole[: len(whole) // 2], whole[:8192] + b"\xff" * 8192 + whole[16384:]):
        path.write_bytes(content)
        text = await refusal("", tmp_path)
        assert str(path) in text
        assert "damaged" in text
        assert "Restore a back-up" in text


async def test_a_file_that_can_not_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite is told to refuse: file modes would not keep root from writing."""
    set_up = engines._set_up

    def set_up_read_only(connection: Any, record: Any) -> None:
        set_up(connection, record)
        connection.execute("PRAGMA query_only = ON")

    monkeypatch.setattr(engines, "_set_up", set_up_read_only)
    assert "can't be written to" in await refusal("", tmp_path)


async def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """As the secret's is; the command that mends it is said."""
    (tmp_path / DATABASE_NAME).touch(0o644)
    assert f"chmod 600 {tmp_path / DATABASE_NAME}" in await refusal("", tmp_path)


async def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    """Here it is a file."""
    (tmp_path / "var").touch()
    assert "its own data directory" in await refusal("", tmp_path / "var")


async def test_a_file_that_another_program_holds_is_waited_for_and_then_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not taken for damaged."""
    monkeypatch.setattr(engines, "BUSY_S", 0.01)
    store = await Store.open("", tmp_path)
    holder = sqlite3.connect(tmp_path / DATABASE_NAME, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        await store.write([ROOM])
    holder.execute("ROLLBACK")
    await store.write([ROOM])
    holder.close()
    await store.close()


# --- PostgreSQL's address -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("mysql://tele:hunter2@db/tele", "must begin with postgresql://"),
        ("postgresql://tele:hunter2@db", "names no database"),
        ("postgresql://tele:hunter2@db:x/tele", "%40"),
        ("postgresql://tele:hunter2@127.0.0.1:1/tele", "The database tele on 127.0.0.1"),
    ],
)
async def test_an_address_that_leads_nowhere_is_said_without_the_password(tmp_path: Path, url: str, word: str) -> None:
    """Wrong in itself, or nobody is there."""
    text = await refusal(url, tmp_path)
    assert word in text
    assert "hunter2" not in text


async def test_a_driver_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setattr(engines.importlib.util, "find_spec", lambda _: None)
    assert "telepresence[postgres]" in await refusal("postgresql://tele:hunter2@db/tele", tmp_path)


async def test_a_database_or_a_user_that_is_not_there_is_said(tmp_path: Path, cluster: object) -> None:
    """In PostgreSQL's own words."""
    url = await cluster.create()  # type: ignore[attr-defined]
    assert "does not exist" in await refusal(url.replace("/t", "/none", 1), tmp_path)
    assert "does not exist" in await refusal(url.replace("postgres@", "nobody:hunter2@"), tmp_path)


async def test_a_connection_that_was_cut_is_opened_anew(tmp_path: Path, cluster: object) -> None:
    """As after a restart of the database server."""
    url = await cluster.create()  # type: ignore[attr-defined]
    store = await Store.open(url, tmp_path)
    await store.write([ROOM])
    other = create_async_engine(url.replace("postgresql", "postgresql+asyncpg"))
    async with other.connect() as connection:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        await connection.exec_driver_sql(cut)
    await other.dispose()
    await store.write([SEAT])
    assert (await store.load(NOW)).seats == [SEAT]
    await store.close()
