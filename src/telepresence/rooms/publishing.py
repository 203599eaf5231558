"""What a participant publishes: its sources, their tracks, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable

from telepresence.rooms.effects import Effect
from telepresence.rooms.participant import Participant, PublishedSource, UpConnection
from telepresence.rooms.room import Room
from telepresence.rooms.watching import reconcile_all, tell_speaker

SILENT_S = 30.0
"""How long the tiles of a failed up connection stay. Source: protocol.md, "The two connections"."""


def publish(room: Room, participant: Participant, up: UpConnection, sources: Iterable[PublishedSource]) -> list[Effect]:
    """Replaces what the participant publishes, and on what. A source that was there keeps its place in the order."""
    replaced = participant.up if participant.up is not up else None
    participant.up, participant.is_interrupted = up, False
    room.connections[up.conn] = participant
    return show(room, participant, sources) + room.close(replaced)


def show(room: Room, participant: Participant, sources: Iterable[PublishedSource]) -> list[Effect]:
    """Replaces the sources of a participant. What another muted stays so."""
    participant.silent_since = None
    before, participant.sources = participant.sources, {}
    for source in sources:
        if known := before.get(source.id):
            source.arrival = known.arrival
            _keep_held(known, source)
        else:
            room.arrivals += 1
            source.arrival = room.arrivals
        participant.sources[source.id] = source
    return room.tell_member(participant) + tell_speaker(room) + dim(room) + reconcile_all(room)


def _keep_held(before: PublishedSource, source: PublishedSource) -> None:
    for kind, track in source.tracks.items():
        if (known := before.tracks.get(kind)) and known.held:
            track.held = track.muted = True


def dim(room: Room) -> list[Effect]:
    """Ends the spotlight on a source that is gone."""
    lit = room.spotlight
    owner = room.participants.get(lit.participant) if lit else None
    if lit is None or (owner and lit.source in owner.sources):
        return []
    room.spotlight = None
    return room.tell_room()


def mute(room: Room, participant: Participant, mid: str, *, muted: bool) -> list[Effect] | None:
    """Notes that the owner switched its microphone or camera; null when there is no such track."""
    track = participant.track_of(mid)
    if track is None:
        return None
    was_held = track.held
    track.held = track.held and muted
    if track.muted == muted:
        return []
    track.muted = muted
    flowing = tell_speaker(room) + reconcile_all(room) if was_held else []
    return room.tell_member(participant) + flowing


def track_live(room: Room, participant: Participant, engine_track: int) -> list[Effect]:
    """The first media of a track has arrived."""
    track = participant.track_numbered(engine_track)
    if track is None or track.live:
        return []
    track.live = True
    return room.tell_member(participant)


def connection_failed(room: Room, participant: Participant, conn: int, now: float) -> list[Effect]:
    """A connection is dead, and the engine has already forgotten it."""
    del room.connections[conn]
    if participant.down and participant.down.conn == conn:
        participant.down = None
        return []
    participant.up = None
    if participant.sources:
        participant.silent_since = now
    return _silence(room, participant)


def _silence(room: Room, participant: Participant) -> list[Effect]:
    """Nothing comes from the participant any more: its sources keep their tiles, which say so."""
    for source in participant.sources.values():
        for track in source.tracks.values():
            track.live, track.engine = False, None
    told = room.tell_member(participant) if participant.sources else []
    return told + tell_speaker(room) + reconcile_all(room)


def tick(room: Room, now: float) -> list[Effect]:
    """Removes the tiles of those who are silent for too long."""
    silent = [p for p in room.roll.members.values() if p.silent_since is not None and now - p.silent_since >= SILENT_S]
    return [effect for participant in silent for effect in show(room, participant, ())]
