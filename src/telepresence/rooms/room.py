"""What a room is: who is in it, what they publish, what each of them sees. Pure: `now` comes in, effects go out.

`signaling/handlers/` call it before it, `signaling/websocket.py` performs the effects after it. After each change the
room *reconciles* each watcher: it compares what should stand in the slots with what the client was told and what
the engine was given, and emits only the difference.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from telepresence.engine.commands import Assign, Close, View
from telepresence.rooms.bucket import TokenBucket
from telepresence.rooms.effects import Effect, Send, Submit
from telepresence.rooms.participant import DownConnection, Identity, Participant, PublishedSource, Shown, UpConnection
from telepresence.rooms.slots import Rank, SlotTable, SourceKey
from telepresence.signaling.closing import goodbye
from telepresence.signaling.messages import (
    ClosingReason,
    Kind,
    LeaveReason,
    Member,
    MemberLeft,
    MemberUpdate,
    RoomInfo,
    RoomKind,
    ServerMessage,
    Slots,
    SourceName,
    Speaker,
)

AWAY_S = 30.0
"""How long a participant without a socket may come back. Source: protocol.md, "Coming back"."""

SILENT_S = 30.0
"""How long the tiles of a failed up connection stay. Source: protocol.md, "The two connections"."""


class RoomFullError(Exception):
    """The room has as many members as the operator allows."""


class SiteFullError(Exception):
    """The site has as many devices in the room as the operator allows: one link can't take all seats."""


@dataclass(frozen=True, slots=True)
class RoomLimits:
    """What the operator allows in each room. `rate_per_s` and `burst` bound the messages of each member."""

    members: int
    devices_per_site: int
    rate_per_s: float
    burst: float


class Scene(NamedTuple):
    """What there is to be seen: sources in the order of their arrival, and the rank of each for who shows none of them."""

    sources: list[SourceKey]
    ranks: dict[SourceKey, Rank]


class Room:
    """One meeting."""

    def __init__(self, room_id: str, kind: RoomKind, title: str, limits: RoomLimits, voice_group: int) -> None:
        """Nobody is in it. `voice_group` is its number in the engine."""
        self.id = room_id
        self.kind = kind
        self.title = title
        self.voice_group = voice_group
        self.participants: dict[str, Participant] = {}
        self.connections: dict[int, Participant] = {}
        self._limits = limits
        self._arrivals = 0
        self._loudest: frozenset[int] = frozenset()
        self._speaking: int | None = None
        self._told_speaker: SourceName | None = None

    def info(self) -> RoomInfo:
        """Returns what a member is told of the room."""
        return RoomInfo(id=self.id, kind=self.kind, title=self.title)

    def members(self) -> tuple[Member, ...]:
        """Returns all members, in order of arrival."""
        return tuple(participant.member() for participant in self.participants.values())

    def tracks(self) -> int:
        """Returns how many tracks the engine keeps for this room."""
        return sum(participant.tracks() for participant in self.participants.values())

    # --- coming and going -----------------------------------------------------------------------

    def admit(
        self, participant_id: str, identity: Identity, secret: str, session: int, now: float
    ) -> tuple[Participant, list[Effect]]:
        """Lets a device in; the others learn of it. Raises RoomFullError, SiteFullError."""
        taken = self._devices(identity.site)
        if len(self.participants) >= self._limits.members:
            raise RoomFullError
        if len(taken) >= self._limits.devices_per_site:
            raise SiteFullError
        participant = Participant(
            id=participant_id,
            identity=identity,
            device=next(number for number in range(1, len(taken) + 2) if number not in taken),
            secret=secret,
            session=session,
            bucket=TokenBucket.full(self._limits.rate_per_s, self._limits.burst, now),
        )
        self.participants[participant.id] = participant
        return participant, self._tell_member(participant, but=participant)

    def resume(self, secret: str, identity: Identity, session: int) -> tuple[Participant, list[Effect]] | None:
        """Gives a participant a new socket; null when the secret is nobody's of that site and role."""
        participant = self._find_secret(secret)
        if participant is None or (participant.identity.site, participant.identity.role) != (
            identity.site,
            identity.role,
        ):
            return None
        effects: list[Effect] = []
        was_away = participant.session is None
        if participant.session is not None:
            message = "This participant goes on in another window."
            effects += goodbye(participant.session, ClosingReason.REPLACED, message)
        participant.session, participant.away_since, participant.told = session, None, None
        return participant, effects + (self._tell_member(participant, but=participant) if was_away else [])

    def lost(self, participant: Participant, session: int, now: float) -> list[Effect]:
        """The socket of `session` is gone without a word: its participant is away, media goes on."""
        if participant.session != session or participant.id not in self.participants:
            return []
        participant.session, participant.away_since = None, now
        return self._tell_member(participant)

    def leave(self, participant: Participant) -> list[Effect]:
        """The participant left on its own."""
        return self._remove(participant, LeaveReason.LEFT)

    def tick(self, now: float) -> list[Effect]:
        """Removes those who are away for too long, and the tiles of those who are silent for too long."""
        members = list(self.participants.values())
        gone = [p for p in members if p.away_since is not None and now - p.away_since >= AWAY_S]
        silent = [p for p in members if p.silent_since is not None and now - p.silent_since >= SILENT_S]
        effects = [effect for participant in gone for effect in self._remove(participant, LeaveReason.LOST)]
        return effects + [effect for p in silent if p not in gone for effect in self._show(p, ())]

    def _remove(self, participant: Participant, reason: LeaveReason) -> list[Effect]:
        del self.participants[participant.id]
        effects = self._reconcile_all()
        effects += self._close(participant.up) + self._close(participant.down)
        participant.up = participant.down = None
        return effects + self._tell(MemberLeft(participant=participant.id, reason=reason)) + self._tell_speaker()

    def _close(self, link: UpConnection | DownConnection | None) -> list[Effect]:
        if link is None:
            return []
        del self.connections[link.conn]
        return [Submit(Close(conn=link.conn))]

    def _find_secret(self, secret: str) -> Participant | None:
        """Looks at every secret in constant time, so that an answer's delay tells nothing."""
        found = None
        for participant in self.participants.values():
            if hmac.compare_digest(participant.secret.encode(), secret.encode()):
                found = participant
        return found

    def _devices(self, site: str) -> set[int]:
        return {p.device for p in self.participants.values() if p.identity.site == site}

    # --- publishing -----------------------------------------------------------------------------

    def publish(self, participant: Participant, up: UpConnection, sources: Iterable[PublishedSource]) -> list[Effect]:
        """Replaces what the participant publishes, and on what. A source that was there keeps its place in the order."""
        replaced = participant.up if participant.up is not up else None
        participant.up = up
        self.connections[up.conn] = participant
        return self._show(participant, sources) + self._close(replaced)

    def _show(self, participant: Participant, sources: Iterable[PublishedSource]) -> list[Effect]:
        """Replaces the sources of a participant."""
        participant.silent_since = None
        before, participant.sources = participant.sources, {}
        for source in sources:
            known = before.get(source.id)
            source.arrival = known.arrival if known else self._next_arrival()
            participant.sources[source.id] = source
        return self._tell_member(participant) + self._tell_speaker() + self._reconcile_all()

    def mute(self, participant: Participant, mid: str, *, muted: bool) -> list[Effect] | None:
        """Notes that a microphone or camera was switched; null when there is no such track."""
        track = participant.track_of(mid)
        if track is None:
            return None
        if track.muted == muted:
            return []
        track.muted = muted
        return self._tell_member(participant)

    def track_live(self, participant: Participant, engine_track: int) -> list[Effect]:
        """The first media of a track has arrived."""
        track = participant.track_numbered(engine_track)
        if track is None or track.live:
            return []
        track.live = True
        return self._tell_member(participant)

    def connected(self, participant: Participant, conn: int) -> None:
        """Media can flow on a connection."""
        if participant.up and participant.up.conn == conn:
            participant.up.connected = True

    def connection_failed(self, participant: Participant, conn: int, now: float) -> list[Effect]:
        """A connection is dead, and the engine has already forgotten it."""
        del self.connections[conn]
        if participant.down and participant.down.conn == conn:
            participant.down = None
            return []
        participant.up = None
        if participant.sources:
            participant.silent_since = now
        return self._silence(participant)

    def _silence(self, participant: Participant) -> list[Effect]:
        """Nothing comes from the participant any more: its sources keep their tiles, which say so."""
        for source in participant.sources.values():
            for track in source.tracks.values():
                track.live, track.engine = False, None
        told = self._tell_member(participant) if participant.sources else []
        return told + self._tell_speaker() + self._reconcile_all()

    def _next_arrival(self) -> int:
        self._arrivals += 1
        return self._arrivals

    # --- voices ---------------------------------------------------------------------------------

    def voices(self, loudest: Iterable[int], speaker: int | None) -> list[Effect]:
        """Other voices are the loudest, or another one speaks; both are tracks of the engine."""
        self._loudest, self._speaking = frozenset(loudest), speaker
        scene = self._scene()
        crowded = [watcher for watcher in self.participants.values() if len(scene.sources) > len(watcher.table.holders)]
        return self._tell_speaker() + [effect for watcher in crowded for effect in self._reconcile(watcher, scene)]

    def speaker(self) -> SourceName | None:
        """Returns the source of the active speaker; null when nobody speaks, or who spoke is gone."""
        if self._speaking is None:
            return None
        spoken = (
            SourceName(participant=participant.id, source=source.id)
            for participant in self.participants.values()
            for source in participant.sources.values()
            if (voice := source.tracks.get(Kind.AUDIO)) and voice.engine == self._speaking
        )
        return next(spoken, None)

    def _tell_speaker(self) -> list[Effect]:
        speaker = self.speaker()
        if speaker == self._told_speaker:
            return []
        self._told_speaker = speaker
        return self._tell(Speaker(participant=speaker.participant, source=speaker.source) if speaker else Speaker())

    # --- watching -------------------------------------------------------------------------------

    def watch(self, participant: Participant, down: DownConnection) -> list[Effect]:
        """Gives the participant a fresh down connection, and tells it all of its slots."""
        closing = self._close(participant.down)
        self.connections[down.conn] = participant
        participant.down, participant.table, participant.told = down, SlotTable(len(down.slots) // 2), None
        return closing + self._reconcile(participant, self._scene())

    def repeat_slots(self, participant: Participant) -> list[Effect]:
        """Tells a resumed participant all its slots."""
        participant.told = None
        return self._reconcile(participant, self._scene())

    def answered(self, participant: Participant, fingerprint: str) -> list[Effect]:
        """The down connection was answered: the engine may be told what stands in its slots."""
        if participant.down:
            participant.down.waiting, participant.down.fingerprint = False, fingerprint
        return self._reconcile(participant, self._scene())

    def view(self, participant: Participant, tiles: dict[SourceKey, Shown]) -> list[Effect]:
        """The participant shows those sources now, in this order; without a down connection that means nothing."""
        if participant.down is None:
            return []
        participant.down.tiles = tiles
        return self._reconcile(participant, self._scene())

    def _scene(self) -> Scene:
        found = sorted(
            (source.arrival, SourceKey(participant.id, source.id), self._rank(source))
            for participant in self.participants.values()
            for source in participant.sources.values()
        )
        return Scene([key for _, key, _ in found], {key: rank for _, key, rank in found})

    def _rank(self, source: PublishedSource) -> Rank:
        tracks = {track.engine for track in source.tracks.values()}
        if tracks == {None}:
            return Rank.SILENT
        return Rank.LOUD if tracks & self._loudest else Rank.OTHER

    def _reconcile_all(self) -> list[Effect]:
        scene = self._scene()
        return [effect for watcher in self.participants.values() for effect in self._reconcile(watcher, scene)]

    def _reconcile(self, watcher: Participant, scene: Scene) -> list[Effect]:
        sources = [key for key in scene.sources if key.participant != watcher.id]
        if watcher.session is None:
            # Who cannot be told of a slot's new source would see it under the old one's name.
            watcher.table.release(sources)
        else:
            watcher.fill_slots(sources, scene.ranks)
        effects = self._assign(watcher)
        if watcher.session is not None and (changed := watcher.changed_slots()):
            effects.append(Send(watcher.session, Slots(slots=changed)))
        return effects

    def _assign(self, watcher: Participant) -> list[Effect]:
        """Brings the engine's slots of an answered down connection up to date: the size before the source."""
        down = watcher.down
        if down is None or not down.answered:
            return []
        effects: list[Effect] = []
        for index, holder in enumerate(watcher.table.holders):
            size = down.size_of(holder) if holder else None
            if size is not None and size != down.shown[index]:
                down.shown[index] = size
                effects.append(Submit(View(conn=down.conn, slot=2 * index + 1, **size._asdict())))
            for slot, kind in ((2 * index, Kind.AUDIO), (2 * index + 1, Kind.VIDEO)):
                track = self._track_for(holder, kind)
                if down.assigned[slot] != track:
                    down.assigned[slot] = track
                    effects.append(Submit(Assign(conn=down.conn, slot=slot, track=track)))
        return effects

    def _track_for(self, holder: SourceKey | None, kind: Kind) -> int | None:
        if holder is None:
            return None
        track = self.participants[holder.participant].sources[holder.source].tracks.get(kind)
        return track.engine if track else None

    # --- telling --------------------------------------------------------------------------------

    def _tell(self, message: ServerMessage, but: Participant | None = None) -> list[Effect]:
        return [Send(p.session, message) for p in self.participants.values() if p.session is not None and p is not but]

    def _tell_member(self, participant: Participant, but: Participant | None = None) -> list[Effect]:
        return self._tell(MemberUpdate(member=participant.member()), but)
