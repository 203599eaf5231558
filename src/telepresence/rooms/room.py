"""What a room is: who is in it and who waits, what is kept of it, and who is told what. Pure state.

The modules beside it change it: `seats.py` (coming and going), `publishing.py`, `watching.py`, `chair.py`, `desk.py` (who
admits, locks, removes), `broadcast.py` (hands, questions, the audience's number), `promotion.py`, `chat.py`, `doortests.py`, `lobby.py`
(what those are told who wait). Each takes the room and `now`, and returns effects. What they look up and count stands in `roll.py`, `hands.py`, `questions.py`, `audience.py`.
`signaling/handlers/` call them before it, `signaling/websocket.py` performs the effects after it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from telepresence.engine.commands import Close
from telepresence.rooms.audience import Told
from telepresence.rooms.bucket import TokenBucket
from telepresence.rooms.effects import Effect, Keep, Send, Submit
from telepresence.rooms.hands import Hands
from telepresence.rooms.participant import DownConnection, Participant, UpConnection
from telepresence.rooms.questions import Questions
from telepresence.rooms.records import InvitationRecord, LineRecord, RemovalRecord, RoomRecord, SeatRecord
from telepresence.rooms.rights import may
from telepresence.rooms.roll import Roll
from telepresence.signaling.messages import (
    Codec,
    Member,
    MemberUpdate,
    Reach,
    Role,
    RoomInfo,
    RoomKind,
    RoomUpdate,
    ServerMessage,
    SourceName,
)

CHAT_KEPT = 200
"""Lines that a latecomer is told. Source: protocol.md, "Chat"."""

WRITING_PER_S, WRITING_BURST = 10, 50
"""Bound of chat and questions of a whole room. Source: protocol.md, "Transport"."""


@dataclass(frozen=True, slots=True)
class RoomLimits:
    """What the operator allows in each room. `rate_per_s` and `burst` bound the messages of each member."""

    members: int
    devices_per_site: int
    rate_per_s: float
    burst: float


@dataclass(slots=True)
class Site:
    """A site that was invited, came or tested its way. `reach` is the best that its tests and connections showed."""

    name: str
    role: Role
    reach: Reach = Reach.UNTESTED


@dataclass(slots=True)
class DoorTest:
    """A connection that only tries whether media would flow: the socket that waits to hear of it, and until when."""

    conn: int
    session: int
    site: str
    until: float


# --- circles: who is told something -------------------------------------------------------------

Circle = Callable[[Participant], bool]


def everyone(_: Participant) -> bool:
    """All who were admitted."""
    return True


def members(participant: Participant) -> bool:
    """All who may be seen."""
    return participant.is_seen


def stage(participant: Participant) -> bool:
    """The people among the members."""
    return participant.is_seen and participant.role not in (Role.ENCODER, Role.RECORDER)


def at_desk(participant: Participant) -> bool:
    """Those who may admit."""
    return may(participant.role, "admit")


@dataclass(slots=True)
class Room:
    """One meeting. Times in `record`, `seats`, … are wall time, which is `epoch` later than `now`.

    `roll` is who is in it and who waits. `connections` are the participants' by number, `tests` those of the door. `seats` are
    the rows of all who ever came; `sites` all who were invited, came or tested.
    `desk_changed`: those at the desk must be told, at the end of this step if they were not just told; `sites_changed`: within a second. `told_stage` and
    `told_audience`: what those were told of the audience's number.
    """

    record: RoomRecord
    limits: RoomLimits
    voice_group: int
    epoch: float
    roll: Roll = field(default_factory=Roll)
    connections: dict[int, Participant] = field(default_factory=dict)
    tests: dict[int, DoorTest] = field(default_factory=dict)
    seats: dict[str, SeatRecord] = field(default_factory=dict)
    invitations: dict[str, InvitationRecord] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    removals: dict[str, RemovalRecord] = field(default_factory=dict)
    lines: deque[LineRecord] = field(default_factory=lambda: deque(maxlen=CHAT_KEPT))
    lines_written: int = 0
    writing: TokenBucket = field(default_factory=lambda: TokenBucket.full(WRITING_PER_S, WRITING_BURST, 0))
    hands: Hands = field(default_factory=Hands)
    questions: Questions = field(default_factory=Questions)
    told_stage: Told = field(default_factory=Told)
    told_audience: Told = field(default_factory=Told)
    spotlight: SourceName | None = None
    desk_changed: bool = False
    sites_changed: bool = False
    desk_told_at: float = float("-inf")
    arrivals: int = 0
    loudest: frozenset[int] = frozenset()
    speaking: int | None = None
    told_speaker: SourceName | None = None

    @property
    def participants(self) -> Mapping[str, Participant]:
        """All who were admitted, audience too, in order of arrival."""
        return self.roll.participants

    @property
    def waiting(self) -> Mapping[str, Participant]:
        """Those who have a seat and nothing else."""
        return self.roll.waiting

    @property
    def id(self) -> str:
        """What stands in links."""
        return self.record.id

    @property
    def kind(self) -> RoomKind:
        """Its shape."""
        return self.record.kind

    @property
    def title(self) -> str:
        """What people see."""
        return self.record.title

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """Fixed when the room is made."""
        return self.record.codecs

    @property
    def chair(self) -> Participant | None:
        """Who has the chair; null while nobody has."""
        return self.participants.get(self.record.chair) if self.record.chair else None

    @property
    def has_ended(self) -> bool:
        """Nobody gets in any more."""
        return self.record.ended_at is not None

    def wall(self, now: float) -> float:
        """Returns seconds since 1970."""
        return self.epoch + now

    # --- what is told of it ---------------------------------------------------------------------

    def info(self) -> RoomInfo:
        """Returns what those inside are told of the room."""
        record = self.record
        return RoomInfo(
            id=record.id,
            kind=record.kind,
            title=record.title,
            codecs=record.codecs,
            starts_at=record.starts_at,
            ends_at=record.ends_at,
            waiting_room=record.waiting_room,
            locked=record.locked,
            chair=record.chair,
            spotlight=self.spotlight,
        )

    def members(self) -> tuple[Member, ...]:
        """Returns all who may be seen, in order of arrival."""
        return tuple(participant.member() for participant in self.roll.members.values())

    def attendance(self) -> tuple[SeatRecord, ...]:
        """Returns a row for each device that ever came, in order of arrival."""
        return tuple(self.seats.values())

    def tracks(self) -> int:
        """Returns how many tracks the engine keeps for this room."""
        return sum(participant.tracks() for participant in self.roll.members.values())

    def site(self, site: str, name: str, role: Role) -> Site:
        """Returns what is known of a site; it is noted if it is new."""
        if site not in self.sites:
            self.sites[site] = Site(name, role)
            self.sites_changed = True
        return self.sites[site]

    def stays_out(self, site: str) -> bool:
        """Tells whether the site was removed and not readmitted."""
        removal = self.removals.get(site)
        return removal is not None and removal.readmitted_at is None

    def key(self, number: int) -> str:
        """Returns the id of the room's line or question of that number; none of an earlier meeting of this id has it."""
        return f"{int(self.record.created_at):x}-{number}"

    # --- what is kept of it ---------------------------------------------------------------------

    def keep(self, **changes: Any) -> Keep:
        """Changes the room's row."""
        self.record = replace(self.record, **changes)
        return Keep(self.record)

    def keep_seat(self, participant: Participant, **changes: Any) -> Keep:
        """Changes a participant's row."""
        participant.seat = self.seats[participant.id] = replace(participant.seat, **changes)
        return Keep(participant.seat)

    # --- telling --------------------------------------------------------------------------------

    def tell(self, message: ServerMessage, to: Circle = everyone, but: Participant | None = None) -> list[Effect]:
        """Tells those in the circle who are here; nobody who waits is ever told anything by it."""
        circle = self.participants if to is everyone else self.roll.members  # All circles but one are of members.
        return [
            Send(participant.session, message)
            for participant in circle.values()
            if participant.session is not None and participant is not but and to(participant)
        ]

    def tell_member(self, participant: Participant, but: Participant | None = None) -> list[Effect]:
        """Tells all how a member is now; of an audience device and of one that waits nobody is told."""
        if not participant.is_seen or participant.id not in self.participants:
            return []
        return self.tell(MemberUpdate(member=participant.member()), but=but)

    def tell_room(self, but: Participant | None = None) -> list[Effect]:
        """Tells all how the room is now."""
        return self.tell(RoomUpdate(room=self.info()), but=but)

    def close(self, link: UpConnection | DownConnection | None) -> list[Effect]:
        """Closes a connection of a participant."""
        if link is None:
            return []
        del self.connections[link.conn]
        return [Submit(Close(conn=link.conn))]


def tell_one(participant: Participant, message: ServerMessage) -> list[Effect]:
    """Tells one participant, if it is here."""
    return [] if participant.session is None else [Send(participant.session, message)]
