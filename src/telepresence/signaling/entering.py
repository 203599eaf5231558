"""How a participant enters the room: the answer `joined`, and its down connection. By its own join, or when it is admitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.engine.commands import Open, SendSlot
from telepresence.rooms import broadcast, chat, desk, watching
from telepresence.rooms.effects import Effect, Submit
from telepresence.rooms.participant import DownConnection, Knock, Participant
from telepresence.rooms.rights import may
from telepresence.rooms.room import Room, at_desk, tell_one
from telepresence.signaling.description import write_offer
from telepresence.signaling.messages import (
    Connection,
    ConnectionState,
    Direction,
    Joined,
    Kind,
    Offer,
)

if TYPE_CHECKING:
    from telepresence.signaling.world import World

SSRCS_PER_SLOT = 3
"""Audio, video, and the video's RTX."""


def enter(world: World, room: Room, participant: Participant, knock: Knock, others: list[Effect]) -> list[Effect]:
    """Answers the join; `others` is what the rest of the room is told of it, which comes before the newcomer's slots."""
    slots = knock.slots if may(participant.role, "answer") else 0
    joined = _joined(world, room, participant, knock, slots)
    return [*tell_one(participant, joined), *others, *_down(world, room, participant, slots)]


def _joined(world: World, room: Room, participant: Participant, knock: Knock, slots: int) -> Joined:
    is_at_desk = at_desk(participant)
    return Joined(
        re=knock.re,
        version=knock.version,
        participant=participant.id,
        resume=knock.secret,
        resumed=knock.resumed,
        role=participant.role,
        room=room.info(),
        members=room.members(),
        audience=room.roll.audience(),
        hand=room.hands.of(participant.id) is not None,
        waiting=desk.waiting(room) if is_at_desk else (),
        sites=desk.sites(room) if is_at_desk else (),
        removed=desk.removed(room) if is_at_desk else (),
        hands=broadcast.hands_for(room, participant),
        questions=broadcast.questions_for(room, participant),
        chat=chat.recent(room),
        asked=broadcast.asked_of(participant),
        ice_servers=world.ice_servers,
        slots=slots or len(participant.table.holders),
        speaker=watching.speaker(room),
    )


def _down(world: World, room: Room, participant: Participant, count: int) -> list[Effect]:
    """Opens a fresh down connection, or repeats what the one that goes on carries."""
    if count == 0:
        return watching.repeat_slots(room, participant) + _dead_connections(participant)
    local = world.local("actpass")
    participant.generation += 1
    conn = next(world.numbers)
    slots = _slots(world, count)
    down = DownConnection(conn=conn, generation=participant.generation, slots=slots)
    sdp = write_offer(slots, local, conn, participant.generation, room.codecs)
    return [
        Submit(Open(conn=conn, direction=Direction.DOWN, ufrag=local.ufrag, pwd=local.pwd)),
        *tell_one(participant, Offer(generation=participant.generation, sdp=sdp)),
        *watching.watch(room, participant, down),
    ]


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


def _dead_connections(participant: Participant) -> list[Effect]:
    """Tells a resumed client which of its connections it must begin anew.

    One died while it was away, or its description went down with the old socket: an offer that was never answered,
    an answer to `publish` after which nothing connected.
    """
    up, down = participant.up, participant.down
    ended, unfinished = "it ended while the socket was lost", "the socket was lost before it was set up"
    dead: list[tuple[Direction, str]] = []
    if up is None and (participant.sources or participant.is_interrupted):
        dead.append((Direction.UP, ended))
    if up is not None and not up.connected:
        dead.append((Direction.UP, unfinished))
    if down is None and (participant.table.holders or participant.is_interrupted):
        dead.append((Direction.DOWN, ended))
    if down is not None and not down.answered:
        dead.append((Direction.DOWN, unfinished))
    return [
        effect
        for direction, reason in dead
        for effect in tell_one(
            participant, Connection(direction=direction, state=ConnectionState.FAILED, reason=reason)
        )
    ]
