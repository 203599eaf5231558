"""The tables: one for each record of `rooms/records.py`, a column for each field, the record's key as primary key.

`database.py` reads and writes them, `migrations/` makes them; a test compares these three.
Rows name rooms without a foreign key: records come one by one, and the core has checked them.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Index, Integer, MetaData, String, Table

from telepresence.rooms.records import (
    InvitationRecord,
    LineRecord,
    QuestionRecord,
    Record,
    RemovalRecord,
    RevocationRecord,
    RoomRecord,
    SeatRecord,
)

metadata = MetaData()

rooms = Table(
    "rooms",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("title", String, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("organiser", String, nullable=False),
    Column("starts_at", Double),
    Column("ends_at", Double),
    Column("waiting_room", Boolean, nullable=False),
    Column("codecs", JSON, nullable=False),
    Column("locked", Boolean, nullable=False),
    Column("chair", String),
    Column("ended_at", Double),
)

invitations = Table(
    "invitations",
    metadata,
    Column("jti", String, primary_key=True),
    Column("room", String, nullable=False),
    Column("site", String, nullable=False),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("label", String, nullable=False),
    Column("profile", String, nullable=False),
    Column("place", Integer, nullable=False),
    Index("invitations_by_room", "room"),
)

revocations = Table(
    "revocations",
    metadata,
    Column("jti", String, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
)

seats = Table(
    "seats",
    metadata,
    Column("room", String, primary_key=True),
    Column("participant", String, primary_key=True),
    Column("site", String, nullable=False),
    Column("name", String, nullable=False),
    Column("device", Integer, nullable=False),
    Column("role", String, nullable=False),
    Column("secret_hash", String, nullable=False),
    Column("joined_at", Double, nullable=False),
    Column("admitted_at", Double),
    Column("on_stage", Boolean, nullable=False),
    Column("heads", Integer, nullable=False),
    Column("left_at", Double),
    Column("reason", String, nullable=False),
)

removals = Table(
    "removals",
    metadata,
    Column("room", String, primary_key=True),
    Column("site", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("removed_at", Double, nullable=False),
    Column("readmitted_at", Double),
)

questions = Table(
    "questions",
    metadata,
    Column("room", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("participant", String, nullable=False),
    Column("site", String, nullable=False),
    Column("name", String, nullable=False),
    Column("text", String, nullable=False),
    Column("at", Double, nullable=False),
    Column("state", String, nullable=False),
    Column("answer", String, nullable=False),
)

lines = Table(
    "lines",
    metadata,
    Column("room", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("participant", String, nullable=False),
    Column("site", String, nullable=False),
    Column("name", String, nullable=False),
    Column("text", String, nullable=False),
    Column("at", Double, nullable=False),
)

TABLES: dict[type[Record], Table] = {
    RoomRecord: rooms,
    InvitationRecord: invitations,
    RevocationRecord: revocations,
    SeatRecord: seats,
    RemovalRecord: removals,
    QuestionRecord: questions,
    LineRecord: lines,
}
