"""Tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes them."""
    op.create_table(
        "invitations",
        sa.Column("jti", sa.String(), nullable=False),
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("jti"),
    )
    op.create_index("invitations_by_room", "invitations", ["room"])
    op.create_table(
        "lines",
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("participant", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("room", "id"),
    )
    op.create_table(
        "questions",
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("participant", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("room", "id"),
    )
    op.create_table(
        "removals",
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("removed_at", sa.Double(), nullable=False),
        sa.Column("readmitted_at", sa.Double()),
        sa.PrimaryKeyConstraint("room", "site"),
    )
    op.create_table(
        "revocations",
        sa.Column("jti", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("jti"),
    )
    op.create_table(
        "rooms",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("organiser", sa.String(), nullable=False),
        sa.Column("starts_at", sa.Double()),
        sa.Column("ends_at", sa.Double()),
        sa.Column("waiting_room", sa.Boolean(), nullable=False),
        sa.Column("codecs", sa.JSON(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("chair", sa.String()),
        sa.Column("ended_at", sa.Double()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "seats",
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("participant", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("device", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("joined_at", sa.Double(), nullable=False),
        sa.Column("admitted_at", sa.Double()),
        sa.Column("on_stage", sa.Boolean(), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("left_at", sa.Double()),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("room", "participant"),
    )
