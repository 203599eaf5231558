"""What each participant sees and hears: slots, sizes, loudest voices.

After each change the room *reconciles* each watcher: it compares what should stand in the slots with what the client was
told and what the engine was given, and emits only the difference.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from telepresence.engine.commands import Assign, View
from telepresence.rooms.effects import Effect, Send, Submit
from telepresence.rooms.participant import DownConnection, Participant, PublishedSource, Shown
from telepresence.rooms.room import Room, tell_one
from telepresence.rooms.slots import Rank, SlotTable, SourceKey
from telepresence.signaling.messages import Kind, Paused, Slots, SourceName, Speaker


class Scene(NamedTuple):
    """What there is to be seen: sources in the order of their arrival, and the rank of each for who shows none of them."""

    sources: list[SourceKey]
    ranks: dict[SourceKey, Rank]


# --- voices -------------------------------------------------------------------------------------


def voices(room: Room, loudest: Iterable[int], speaker: int | None) -> list[Effect]:
    """Other voices are the loudest, or another one speaks; both are tracks of the engine."""
    room.loudest, room.speaking = frozenset(loudest), speaker
    scene = _scene(room)
    crowded = [watcher for watcher in room.participants.values() if len(scene.sources) > len(watcher.table.holders)]
    return tell_speaker(room) + [effect for watcher in crowded for effect in _reconcile(room, watcher, scene)]


def speaker(room: Room) -> SourceName | None:
    """Returns the source of the active speaker; null when nobody speaks, or who spoke is gone or was muted by another."""
    if room.speaking is None:
        return None
    spoken = (
        SourceName(participant=participant.id, source=source.id)
        for participant in room.roll.members.values()
        for source in participant.sources.values()
        if (voice := source.tracks.get(Kind.AUDIO)) and voice.engine == room.speaking and not voice.held
    )
    return next(spoken, None)


def tell_speaker(room: Room) -> list[Effect]:
    """Tells all who speaks, if that is another one than before."""
    found = speaker(room)
    if found == room.told_speaker:
        return []
    room.told_speaker = found
    return room.tell(Speaker(participant=found.participant, source=found.source) if found else Speaker())


# --- watching -----------------------------------------------------------------------------------


def watch(room: Room, participant: Participant, down: DownConnection) -> list[Effect]:
    """Gives the participant a fresh down connection, and tells it all of its slots."""
    closing = room.close(participant.down)
    participant.is_interrupted = False
    room.connections[down.conn] = participant
    participant.down, participant.table, participant.told = down, SlotTable(len(down.slots) // 2), None
    return closing + _reconcile(room, participant, _scene(room))


def repeat_slots(room: Room, participant: Participant) -> list[Effect]:
    """Tells a resumed participant all its slots, and which of them are paused."""
    participant.told = None
    down = participant.down
    paused = tell_one(participant, Paused(slots=down.paused)) if down and down.paused else []
    return _reconcile(room, participant, _scene(room)) + paused


def answered(room: Room, participant: Participant, fingerprint: str) -> list[Effect]:
    """The down connection was answered: the engine may be told what stands in its slots."""
    if participant.down:
        participant.down.waiting, participant.down.fingerprint = False, fingerprint
    return _reconcile(room, participant, _scene(room))


def view(room: Room, participant: Participant, tiles: dict[SourceKey, Shown]) -> list[Effect]:
    """The participant shows those sources now, in this order; without a down connection that means nothing."""
    if participant.down is None:
        return []
    participant.down.tiles = tiles
    return _reconcile(room, participant, _scene(room))


def paused(participant: Participant, conn: int, slots: Iterable[int]) -> list[Effect]:
    """The participant's link does not carry the pictures of those slots, which are numbered as in `Assign`."""
    down = participant.down
    if down is None or down.conn != conn:
        return []
    down.paused = tuple(slot // 2 for slot in slots)
    return tell_one(participant, Paused(slots=down.paused))


def _scene(room: Room) -> Scene:
    found = sorted(
        (source.arrival, SourceKey(participant.id, source.id), _rank(room, source))
        for participant in room.roll.members.values()
        for source in participant.sources.values()
    )
    return Scene([key for _, key, _ in found], {key: rank for _, key, rank in found})


def _rank(room: Room, source: PublishedSource) -> Rank:
    tracks = {track.engine for track in source.tracks.values()}
    if tracks == {None}:
        return Rank.SILENT
    return Rank.LOUD if tracks & room.loudest else Rank.OTHER


def reconcile_all(room: Room) -> list[Effect]:
    """Brings each watcher's slots up to date."""
    scene = _scene(room)
    return [effect for watcher in room.participants.values() for effect in _reconcile(room, watcher, scene)]


def _reconcile(room: Room, watcher: Participant, scene: Scene) -> list[Effect]:
    sources = [key for key in scene.sources if key.participant != watcher.id]
    if watcher.session is None:
        # Who cannot be told of a slot's new source would see it under the old one's name.
        watcher.table.release(sources)
    else:
        watcher.fill_slots(sources, scene.ranks)
    effects = _assign(room, watcher)
    if watcher.session is not None and (changed := watcher.changed_slots()):
        effects.append(Send(watcher.session, Slots(slots=changed)))
    return effects


def _assign(room: Room, watcher: Participant) -> list[Effect]:
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
            track = _track_for(room, holder, kind)
            if down.assigned[slot] != track:
                down.assigned[slot] = track
                effects.append(Submit(Assign(conn=down.conn, slot=slot, track=track)))
    return effects


def _track_for(room: Room, holder: SourceKey | None, kind: Kind) -> int | None:
    if holder is None:
        return None
    track = room.participants[holder.participant].sources[holder.source].tracks.get(kind)
    return None if track is None or track.held else track.engine
