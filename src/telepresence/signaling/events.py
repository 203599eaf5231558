"""From an event of the media engine to what the people in the room are told. Pure; `websocket.py` performs it."""

from __future__ import annotations

from telepresence.engine.commands import Close, Connected, Event, Failed, Paused, Refused, TrackLive, Voices
from telepresence.rooms import doortests, encoders, publishing, watching
from telepresence.rooms.directory import RoomDirectory
from telepresence.rooms.effects import Effect, Send, Submit
from telepresence.rooms.participant import Participant
from telepresence.rooms.room import DoorTest, Room
from telepresence.signaling.messages import Connection, ConnectionState, Direction, Reach


def handle(directory: RoomDirectory, event: Event, now: float) -> list[Effect]:
    """Carries out an event. One of a connection that was closed in the meantime means nothing any more."""
    if isinstance(event, Voices):
        spoken_in = directory.find_voice_group(event.group)
        return watching.voices(spoken_in, event.loudest, event.speaker) if spoken_in else []
    if at_door := directory.find_test(event.conn):
        return _tested(*at_door, event)
    found = directory.find_connection(event.conn)
    if found is None:
        return []
    return _carry_out(*found, event, now)


def _tested(room: Room, test: DoorTest, event: Event) -> list[Effect]:
    """A test at the door has its outcome, and its connection no more use."""
    closed = Submit(Close(conn=test.conn))
    match event:
        case Connected():
            return [*doortests.finish(room, test, ConnectionState.CONNECTED), closed]
        case Failed(reason=reason):
            return doortests.finish(room, test, ConnectionState.FAILED, reason)
        case Refused(command=command, reason=reason):
            words = f"the media engine refused `{command}`: {reason}"
            return [*doortests.finish(room, test, ConnectionState.FAILED, words), closed]
        case _:
            return []


def _carry_out(
    room: Room, participant: Participant, event: Connected | Failed | TrackLive | Paused | Refused, now: float
) -> list[Effect]:
    match event:
        case Connected():
            _note(room, participant, event.conn)
            return _tell(participant, event.conn, ConnectionState.CONNECTED, "")
        case Failed():
            return _failed(room, participant, event.conn, event.reason, now)
        case TrackLive():
            return publishing.track_live(room, participant, event.track)
        case Paused():
            return watching.paused(participant, event.conn, event.slots)
        case Refused():
            return _refused(room, participant, event, now)


def _note(room: Room, participant: Participant, conn: int) -> None:
    doortests.note(room, participant.site, Reach.PASSED)
    if participant.up and participant.up.conn == conn:
        participant.up.connected = True


def _failed(room: Room, participant: Participant, conn: int, reason: str, now: float) -> list[Effect]:
    if participant.encoder:
        return encoders.connection_failed(room, participant, conn, now)
    told = _tell(participant, conn, ConnectionState.FAILED, reason)
    return told + publishing.connection_failed(room, participant, conn, now)


def _refused(room: Room, participant: Participant, event: Refused, now: float) -> list[Effect]:
    """A refused `assign` or `view` costs a tile its picture; any other one means that the connection is of no use."""
    if event.command in ("assign", "view"):
        return []
    reason = f"the media engine refused `{event.command}`: {event.reason}"
    return [*_failed(room, participant, event.conn, reason, now), Submit(Close(conn=event.conn))]


def _tell(participant: Participant, conn: int, state: ConnectionState, reason: str) -> list[Effect]:
    if participant.session is None:
        return []
    is_up = participant.up is not None and participant.up.conn == conn
    direction = Direction.UP if is_up else Direction.DOWN
    return [Send(participant.session, Connection(direction=direction, state=state, reason=reason))]
