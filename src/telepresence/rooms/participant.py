"""One device of one site in a room, with what it publishes and how it is connected: plain state of `room.py`."""

from __future__ import annotations

from dataclasses import dataclass, field

from telepresence.engine.commands import SendSlot
from telepresence.rooms.bucket import TokenBucket
from telepresence.rooms.slots import SlotTable, SourceKey
from telepresence.signaling.messages import Kind, Member, Presence, Profile, Role, Slot, Source, TrackState


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token says that somebody is."""

    site: str
    name: str
    role: Role


@dataclass(slots=True)
class Track:
    """One published track. `engine` is its number there, null once its connection is dead."""

    mid: str
    kind: Kind
    engine: int | None
    muted: bool = False
    live: bool = False

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
    """The connection that a participant publishes on; `ufrag` and `pwd` are ours.

    `connected` once media can flow: until then nobody knows whether the client has got our answer.
    """

    conn: int
    ufrag: str
    pwd: str
    remote_ufrag: str
    version: int = 1
    connected: bool = False


@dataclass(slots=True)
class DownConnection:
    """The connection that a participant watches on. `assigned` mirrors the engine: two entries a slot, audio first."""

    conn: int
    generation: int
    slots: tuple[SendSlot, ...]
    answered: bool = False
    assigned: list[int | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nothing is assigned at first."""
        self.assigned = [None] * len(self.slots)


@dataclass(slots=True)
class Participant:
    """`session` is the socket's session, null while away. `secret` is what a resume must show.

    `silent_since` is when the up connection failed, null while there is one or nothing is published.
    """

    id: str
    identity: Identity
    device: int
    secret: str
    session: int | None
    bucket: TokenBucket
    away_since: float | None = None
    silent_since: float | None = None
    sources: dict[str, PublishedSource] = field(default_factory=dict)
    up: UpConnection | None = None
    down: DownConnection | None = None
    generation: int = 0
    table: SlotTable = field(default_factory=lambda: SlotTable(0))
    told: list[SourceKey | None] | None = None

    @property
    def name(self) -> str:
        """The display name; a second device of a site carries its number."""
        return self.identity.name if self.device == 1 else f"{self.identity.name} ({self.device})"

    def member(self) -> Member:
        """Returns the participant as the others see it."""
        return Member(
            participant=self.id,
            site=self.identity.site,
            name=self.name,
            role=self.identity.role,
            presence=Presence.HERE if self.session is not None else Presence.AWAY,
            sources=tuple(source.state() for source in self.sources.values()),
        )

    def track_of(self, key: str) -> Track | None:
        """Returns the published track with that mid."""
        return next((track for track in self._tracks() if track.mid == key), None)

    def track_numbered(self, engine: int) -> Track | None:
        """Returns the published track with that number in the engine."""
        return next((track for track in self._tracks() if track.engine == engine), None)

    def tracks(self) -> int:
        """Returns how many of its tracks are in the engine."""
        return sum(track.engine is not None for track in self._tracks())

    def _tracks(self) -> list[Track]:
        return [track for source in self.sources.values() for track in source.tracks.values()]

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
