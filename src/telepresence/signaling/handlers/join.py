"""`join`: from a token to a seat in a room, anew or by a resume secret; who must be admitted gets `waiting`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from telepresence.rooms import lobby, seats
from telepresence.rooms.effects import Admit, Effect
from telepresence.rooms.participant import Identity, Knock, Participant
from telepresence.rooms.rights import may, passes_lock
from telepresence.rooms.room import Room
from telepresence.rooms.seats import RoomFullError, SiteFullError
from telepresence.signaling import entering
from telepresence.signaling.messages import PROTOCOL_VERSIONS, ErrorCode, Join
from telepresence.signaling.refusal import RefusalError
from telepresence.signaling.showing import show

if TYPE_CHECKING:
    from telepresence.auth import Claims
    from telepresence.signaling.session import Session
    from telepresence.signaling.world import World


def handle(session: Session, message: Join, now: float) -> list[Effect]:
    """Lets the client in, or has it wait. Raises RefusalError; see protocol.md for the codes."""
    world = session.world
    version = _version(message)
    claims = show(world, session.address, message.token, now, world.authority.verify)
    room = find_room(world, claims, "join")
    identity = Identity(claims.site, claims.name, claims.role)
    secret = message.resume or world.secret()
    knock = Knock(
        message.request, version, message.slots, secret, resumed=message.resume is not None, heads=message.heads
    )
    if message.resume is None:
        participant, others = _sit(session, room, identity, knock, now)
    else:
        participant, others = _resume(session, room, identity, knock)
    session.seat(room, participant)
    if not participant.is_admitted:
        # It has no connections that could go on, whatever it is when it enters.
        participant.knock = replace(knock, resumed=False)
        return [Admit(session.id), *others, *lobby.tell(room, participant)]
    return [Admit(session.id), *entering.enter(world, room, participant, knock, others)]


def find_room(world: World, claims: Claims, tag: str) -> Room:
    """Returns the room whose door a token opens. Raises RefusalError."""
    room = world.directory.find(claims.room)
    if room is None:
        text = "The room of this link does not exist; ask the organiser."
        if claims.room == "*":
            text = "This link is the organiser's, for the start page; a room has links of its own."
        raise RefusalError(ErrorCode.ROOM_UNKNOWN, text)
    if not may(claims.role, tag):
        raise RefusalError(ErrorCode.FORBIDDEN, f"The role {claims.role} has no right to `{tag}`.")
    if room.has_ended:
        raise RefusalError(ErrorCode.ROOM_ENDED, "This meeting has ended.")
    if room.stays_out(claims.site):
        raise RefusalError(ErrorCode.REMOVED, "This site was removed from the meeting; ask its chair.")
    return room


def _version(message: Join) -> int:
    common = set(message.versions) & set(PROTOCOL_VERSIONS)
    if not common:
        spoken = ", ".join(str(version) for version in PROTOCOL_VERSIONS)
        raise RefusalError(ErrorCode.VERSION, f"This server speaks the versions {spoken} of the protocol.")
    return max(common)


def _sit(
    session: Session, room: Room, identity: Identity, knock: Knock, now: float
) -> tuple[Participant, list[Effect]]:
    if room.record.locked and not passes_lock(identity.role):
        raise RefusalError(ErrorCode.ROOM_LOCKED, "This meeting is locked; ask its chair.")
    if session.world.load.is_full:
        text = (
            "This server is full: it sends as much as its operator allows. Try again in a minute, or ask the operator."
        )
        raise RefusalError(ErrorCode.SERVER_FULL, text)
    try:
        return seats.sit(room, session.world.participant_id(), identity, session.id, knock, now)
    except RoomFullError:
        raise RefusalError(ErrorCode.ROOM_FULL, "The room is full; the operator set its size.") from None
    except SiteFullError:
        text = "This site has as many devices in the room as the operator allows; leave with one of them."
        raise RefusalError(ErrorCode.ROOM_FULL, text) from None


def _resume(session: Session, room: Room, identity: Identity, knock: Knock) -> tuple[Participant, list[Effect]]:
    found = seats.resume(room, identity, session.id, knock)
    if found is None:
        raise RefusalError(ErrorCode.RESUME_UNKNOWN, "There is nobody to resume here; join without `resume`.")
    return found
