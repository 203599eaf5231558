"""One device of one site in a room, with what it publishes and how it is connected: plain state of a room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from telepresence.engine.commands import SendSlot, Setup
from telepresence.rooms.bucket import TokenBucket
from telepresence.rooms.records import SeatRecord
from telepresence.rooms.rights import effective
from telepresence.rooms.slots import Rank, SlotTable, SourceKey
from telepresence.signaling.messages import Asked, Kind, Member, Presence, Profile, Role, Slot, Source, TrackState


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token says that somebody is."""

    site: str
    name: str
    role: Role


@dataclass(slots=True)
class Track:
    """One published track. `engine` is its number there, null once its connection is dead.

    `held`: another muted it, so it is forwarded to nobody until its owner opens it again.
    """

    mid: str
    kind: Kind
    engine: int | None
    muted: bool = False
    live: bool = False
    held: bool = False

    def state(self) -> TrackState:
        """Returns the track as the others see it."""
        return TrackState(mid=self.mid, muted=self.muted, live=self.live)


@dataclass(slots=True)
class PublishedSource:
    """What one tile shows. `arrival` orders the sources of a room."""

    id: str
    label: str
    profile: Profile
    arrival: int = 0
    tracks: dict[Kind, Track] = field(default_factory=dict)

    def state(self) -> Source:
        """Returns the source as the others see it."""
        audio, video = self.tracks.get(Kind.AUDIO), self.tracks.get(Kind.VIDEO)
        return Source(
            id=self.id,
            label=self.label,
            profile=self.profile,
            audio=audio.state() if audio else None,
            video=video.state() if video else None,
        )


@dataclass(slots=True)
class UpConnection:
    """The connection that a participant publishes on; `ufrag`, `pwd` and `setup` are ours, `fingerprint` is the peer's.

    `connected` once media can flow: until then nobody knows whether the client has got our answer.
    """

    conn: int
    ufrag: str
    pwd: str
    remote_ufrag: str
    fingerprint: str
    setup: Setup
    version: int = 1
    connected: bool = False


class Shown(NamedTuple):
    """The size of a source's picture on the watcher's screen, in device pixels."""

    width: int
    height: int
    pinned: bool


NOT_SHOWN = Shown(0, 0, pinned=False)
"""Its picture is paused."""


@dataclass(slots=True)
class DownConnection:
    """The connection that a participant watches on. `assigned` mirrors the engine: two entries a slot, audio first.

    `waiting`: the newest offer, of that `generation`, has no answer yet. `fingerprint` is the peer's, null before the first
    answer; from then on the engine knows the slots. `tiles` is what the client shows, in its order, null before it said so;
    `shown` mirrors the engine, an entry a slot. `paused` are the slots whose picture the link does not carry.
    """

    conn: int
    generation: int
    slots: tuple[SendSlot, ...]
    waiting: bool = True
    fingerprint: str | None = None
    tiles: dict[SourceKey, Shown] | None = None
    assigned: list[int | None] = field(default_factory=list)
    paused: tuple[int, ...] = ()
    shown: list[Shown | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nothing is assigned at first."""
        self.assigned = [None] * len(self.slots)
        self.shown = [None] * (len(self.slots) // 2)

    @property
    def answered(self) -> bool:
        """An offer of it was answered: the engine knows its slots."""
        return self.fingerprint is not None

    def size_of(self, source: SourceKey) -> Shown | None:
        """Returns how large it is shown; null before the client said what it shows."""
        return None if self.tiles is None else self.tiles.get(source, NOT_SHOWN)


@dataclass(frozen=True, slots=True)
class Knock:
    """What a `join` asked for. It is answered by `joined`, at once or when its sender is admitted, with the number `re`."""

    re: int
    version: int
    slots: int
    secret: str
    resumed: bool
    heads: int = 0


@dataclass(slots=True)
class Encoder:
    """What a publisher by WHIP has in place of a socket (`encoders.py`).

    `jti` is its token's, which must come again with each request. `silent_until` is when it is gone if no media came,
    null once it did.
    """

    jti: str
    silent_until: float | None


@dataclass(slots=True)
class Participant:
    """`session` is the socket's session, null while away; an `encoder` has none and is here while it is connected.

    A resume must show the secret whose SHA-256 is in `seat`.

    `seat` is the row that is kept of it. `knock` is its newest `join`, null before the first one after a restart.
    `away_until` is when it is gone if it does not come back, null while it is here. `silent_since` is when the up connection
    failed, null while there is one or nothing is published. `is_interrupted`: the server restarted, and its connections are
    dead without its knowing. `asked`: it was asked onto the stage and has not answered.
    """

    seat: SeatRecord
    identity: Identity
    session: int | None
    bucket: TokenBucket
    knock: Knock | None = None
    encoder: Encoder | None = None
    is_chair: bool = False
    is_interrupted: bool = False
    recording: bool = False
    asked: Asked | None = None
    away_until: float | None = None
    silent_since: float | None = None
    sources: dict[str, PublishedSource] = field(default_factory=dict)
    up: UpConnection | None = None
    down: DownConnection | None = None
    generation: int = 0
    table: SlotTable = field(default_factory=lambda: SlotTable(0))
    told: list[SourceKey | None] | None = None

    @property
    def id(self) -> str:
        """Its id in the room."""
        return self.seat.participant

    @property
    def site(self) -> str:
        """The site whose device it is."""
        return self.identity.site

    @property
    def name(self) -> str:
        """The display name; a second device of a site carries its number."""
        return self.identity.name if self.seat.device == 1 else f"{self.identity.name} ({self.seat.device})"

    @property
    def role(self) -> Role:
        """The role in which it acts now."""
        return effective(self.identity.role, is_chair=self.is_chair, on_stage=self.seat.on_stage)

    @property
    def presence(self) -> Presence:
        """Away is who has lost its socket; an encoder has none to lose."""
        return Presence.AWAY if self.session is None and self.encoder is None else Presence.HERE

    @property
    def is_admitted(self) -> bool:
        """It does not wait."""
        return self.seat.admitted_at is not None

    @property
    def is_seen(self) -> bool:
        """The others know of it; of the audience they know the number."""
        return self.role is not Role.AUDIENCE

    def member(self) -> Member:
        """Returns the participant as the others see it."""
        return Member(
            participant=self.id,
            site=self.identity.site,
            name=self.name,
            role=self.role,
            promoted=self.seat.on_stage,
            presence=self.presence,
            heads=self.seat.heads,
            recording=self.recording,
            sources=tuple(source.state() for source in self.sources.values()),
        )

    def first_track(self) -> Track:
        """Returns the track that was published first; there must be one."""
        return self._tracks()[0]

    def track_of(self, key: str) -> Track | None:
        """Returns the published track with that mid."""
        return next((track for track in self._tracks() if track.mid == key), None)

    def track_numbered(self, engine: int) -> Track | None:
        """Returns the published track with that number in the engine."""
        return next((track for track in self._tracks() if track.engine == engine), None)

    def tracks(self) -> int:
        """Returns how many of its tracks are in the engine."""
        return sum(track.engine is not None for track in self._tracks())

    @property
    def is_live(self) -> bool:
        """Media of one of its tracks has arrived."""
        return any(track.live for track in self._tracks())

    def _tracks(self) -> list[Track]:
        return [track for source in self.sources.values() for track in source.tracks.values()]

    def fill_slots(self, sources: Sequence[SourceKey], ranks: Mapping[SourceKey, Rank]) -> None:
        """Seats those sources: what the client shows in its order, then the rest in theirs."""
        tiles = (self.down and self.down.tiles) or {}
        present = set(sources)
        listed = [source for source in tiles if source in present and ranks[source] is not Rank.SILENT]
        own_ranks = {**ranks, **dict.fromkeys(listed, Rank.LISTED)}
        self.table.fill([*listed, *(source for source in sources if source not in tiles)], own_ranks.__getitem__)

    def changed_slots(self) -> tuple[Slot, ...]:
        """Returns the slots that the client does not know yet, and remembers that it was told. All, when it knows none."""
        told, holders = self.told, self.table.holders
        changed = [index for index, holder in enumerate(holders) if told is None or told[index] != holder]
        self.told = list(holders)
        return tuple(_slot(index, holders[index]) for index in changed)


def _slot(index: int, holder: SourceKey | None) -> Slot:
    if holder is None:
        return Slot(index=index)
    return Slot(index=index, participant=holder.participant, source=holder.source)
