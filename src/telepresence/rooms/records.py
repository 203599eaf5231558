"""What a meeting must not lose, as rows: `rooms/` writes them by the effect `Keep`, `store/` keeps them.

Each record is the whole row and has its key in it, so that keeping one twice is keeping it once. Times are seconds since
1970, UTC. Nobody is told of a change before its record is kept.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from telepresence.signaling.messages import Codec, Profile, QuestionState, Role, RoomKind


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """A room; key `id`. `organiser` is the site of whoever made it, empty for a room of the settings. `chair` is a participant."""

    id: str
    kind: RoomKind
    title: str
    created_at: float
    organiser: str = ""
    starts_at: float | None = None
    ends_at: float | None = None
    waiting_room: bool = False
    codecs: tuple[Codec, ...] = (Codec.OPUS, Codec.VP8, Codec.H264)
    locked: bool = False
    chair: str | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class InvitationRecord:
    """A link that was made for a site; key `jti`. The token is made anew from it: HS256 always gives the same.

    `place` is where it stood in the organiser's list, from 0.

    `label` and `profile` are of an encoder, which can't say them itself.
    """

    jti: str
    room: str
    site: str
    name: str
    role: Role
    expires_at: int
    label: str = ""
    profile: Profile = Profile.CONSULT
    place: int = 0


@dataclass(frozen=True, slots=True)
class RevocationRecord:
    """A link that opens no door any more; key `jti`. After `expires_at` it need not be kept."""

    jti: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class SeatRecord:
    """A device in a room, from its join to its end: also the attendance. Key `room` and `participant`.

    `role` is the token's. `admitted_at` is null while it waits. `on_stage`: promoted. `secret_hash` is SHA-256 of its resume secret, in hex.
    `left_at` is null while it is there: after a restart it may come back as after a lost socket.
    """

    room: str
    participant: str
    site: str
    name: str
    device: int
    role: Role
    secret_hash: str
    joined_at: float
    admitted_at: float | None = None
    on_stage: bool = False
    heads: int = 0
    left_at: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RemovalRecord:
    """A site that was removed from a room; key `room` and `site`. `readmitted_at` null: it stays out."""

    room: str
    site: str
    name: str
    removed_at: float
    readmitted_at: float | None = None


@dataclass(frozen=True, slots=True)
class QuestionRecord:
    """A question; key `room` and `id`. `participant` asked it."""

    room: str
    id: str
    participant: str
    site: str
    name: str
    text: str
    at: float
    state: QuestionState = QuestionState.OPEN
    answer: str = ""


@dataclass(frozen=True, slots=True)
class LineRecord:
    """A line of chat; key `room` and `id`."""

    room: str
    id: str
    participant: str
    site: str
    name: str
    text: str
    at: float


Record = RoomRecord | InvitationRecord | RevocationRecord | SeatRecord | RemovalRecord | QuestionRecord | LineRecord

KEYS: dict[type[Record], tuple[str, ...]] = {
    RoomRecord: ("id",),
    InvitationRecord: ("jti",),
    RevocationRecord: ("jti",),
    SeatRecord: ("room", "participant"),
    RemovalRecord: ("room", "site"),
    QuestionRecord: ("room", "id"),
    LineRecord: ("room", "id"),
}


def key_of(record: Record) -> tuple[Hashable, ...]:
    """Returns what makes a record's row the same one: its type and its key."""
    return type(record), *(getattr(record, name) for name in KEYS[type(record)])


@dataclass(slots=True)
class Kept:
    """All that was kept and is needed again, by kind: what a server that starts is given."""

    rooms: list[RoomRecord] = field(default_factory=list)
    invitations: list[InvitationRecord] = field(default_factory=list)
    revocations: list[RevocationRecord] = field(default_factory=list)
    seats: list[SeatRecord] = field(default_factory=list)
    removals: list[RemovalRecord] = field(default_factory=list)
    questions: list[QuestionRecord] = field(default_factory=list)
    lines: list[LineRecord] = field(default_factory=list)
