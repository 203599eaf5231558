"""`join`: from a token to a seat in a room, anew or by a resume secret; then the down connection is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.engine.commands import Open, SendSlot
from telepresence.rooms.effects import Admit, Effect, Send, Submit
from telepresence.rooms.participant import DownConnection, Identity, Participant
from telepresence.rooms.rights import may
from telepresence.rooms.room import Room, RoomFullError, SiteFullError
from telepresence.signaling.description import write_offer
from telepresence.signaling.messages import (
    PROTOCOL_VERSIONS,
    Connection,
    ConnectionState,
    Direction,
    ErrorCode,
    Join,
    Joined,
    Kind,
    Offer,
)
from telepresence.signaling.refusal import RefusalError

if TYPE_CHECKING:
    from telepresence.signaling.session import Session
    from telepresence.signaling.world import World

SSRCS_PER_SLOT = 3
"""Audio, video, and the video's RTX."""


def handle(session: Session, message: Join, now: float) -> list[Effect]:
    """Lets the client in. Raises RefusalError; see protocol.md for the codes."""
    version = _version(message)
    claims = session.world.authority.verify(message.token)
    room = session.world.directory.find(claims.room)
    if room is None:
        raise RefusalError(ErrorCode.ROOM_UNKNOWN, "The room of this link does not exist; ask the organiser.")
    if not may(claims.role, "join"):
        raise RefusalError(ErrorCode.FORBIDDEN, f"The role {claims.role} has no right to `join`.")
    identity = Identity(claims.site, claims.name, claims.role)
    if message.resume is None:
        participant, others = _admit(session, room, identity, now)
    else:
        participant, others = _resume(session, room, identity, message.resume)
    session.seat(room, participant)
    down = _down(session, message)
    return [Admit(session.id), Send(session.id, _joined(session, message, version)), *others, *down]


def _version(message: Join) -> int:
    common = set(message.versions) & set(PROTOCOL_VERSIONS)
    if not common:
        spoken = ", ".join(str(version) for version in PROTOCOL_VERSIONS)
        raise RefusalError(ErrorCode.VERSION, f"This server speaks the versions {spoken} of the protocol.")
    return max(common)


def _admit(session: Session, room: Room, identity: Identity, now: float) -> tuple[Participant, list[Effect]]:
    world = session.world
    try:
        return room.admit(world.participant_id(), identity, world.secret(), session.id, now)
    except RoomFullError:
        raise RefusalError(ErrorCode.ROOM_FULL, "The room is full; the operator set its size.") from None
    except SiteFullError:
        text = "This site has as many devices in the room as the operator allows; leave with one of them."
        raise RefusalError(ErrorCode.ROOM_FULL, text) from None


def _resume(session: Session, room: Room, identity: Identity, secret: str) -> tuple[Participant, list[Effect]]:
    found = room.resume(secret, identity, session.id)
    if found is None:
        raise RefusalError(ErrorCode.RESUME_UNKNOWN, "There is nobody to resume here; join without `resume`.")
    return found


def _joined(session: Session, message: Join, version: int) -> Joined:
    participant, room = session.participant, session.room
    return Joined(
        re=message.request,
        version=version,
        participant=participant.id,
        resume=participant.secret,
        resumed=message.resume is not None,
        room=room.info(),
        members=room.members(),
        ice_servers=session.world.ice_servers,
        slots=message.slots or len(participant.table.holders),
        speaker=room.speaker(),
    )


def _down(session: Session, message: Join) -> list[Effect]:
    """Opens a fresh down connection, or repeats what the one that goes on carries."""
    participant, room = session.participant, session.room
    if message.slots == 0:
        return room.repeat_slots(participant) + _dead_connections(session)
    local = session.world.local("actpass")
    participant.generation += 1
    conn = next(session.world.numbers)
    slots = _slots(session.world, message.slots)
    down = DownConnection(conn=conn, generation=participant.generation, slots=slots)
    opened = Submit(Open(conn=conn, direction=Direction.DOWN, ufrag=local.ufrag, pwd=local.pwd))
    offer = Send(
        session.id,
        Offer(generation=participant.generation, sdp=write_offer(slots, local, conn, participant.generation)),
    )
    return [opened, offer, *room.watch(participant, down)]


def _slots(world: World, count: int) -> tuple[SendSlot, ...]:
    """Numbers the m-lines as `Assign` does: audio of slot i is 2i, video is 2i + 1."""
    ssrcs = iter(world.ssrcs(count * SSRCS_PER_SLOT))
    slots: list[SendSlot] = []
    for i in range(count):
        stream = f"slot{i}"
        slots.append(SendSlot(slot=2 * i, mid=f"a{i}", kind=Kind.AUDIO, ssrc=next(ssrcs), cname=stream))
        slots.append(
            SendSlot(slot=2 * i + 1, mid=f"v{i}", kind=Kind.VIDEO, ssrc=next(ssrcs), rtx_ssrc=next(ssrcs), cname=stream)
        )
    return tuple(slots)


def _dead_connections(session: Session) -> list[Effect]:
    """Tells a resumed client which of its connections it must begin anew.

    One died while it was away, or its description went down with the old socket: an offer that was never answered,
    an answer to `publish` after which nothing connected.
    """
    up, down = session.participant.up, session.participant.down
    ended, unfinished = "it ended while the socket was lost", "the socket was lost before it was set up"
    dead: list[tuple[Direction, str]] = []
    if up is None and session.participant.sources:
        dead.append((Direction.UP, ended))
    if up is not None and not up.connected:
        dead.append((Direction.UP, unfinished))
    if down is None and session.participant.table.holders:
        dead.append((Direction.DOWN, ended))
    if down is not None and not down.answered:
        dead.append((Direction.DOWN, unfinished))
    return [
        Send(session.id, Connection(direction=direction, state=ConnectionState.FAILED, reason=reason))
        for direction, reason in dead
    ]
