"""Coming and going: a device takes a seat, waits or is admitted, comes back by its secret, and is gone in the end."""

from __future__ import annotations

import hashlib

from telepresence.rooms import chair, publishing
from telepresence.rooms.bucket import TokenBucket
from telepresence.rooms.effects import Effect
from telepresence.rooms.participant import Encoder, Identity, Knock, Participant
from telepresence.rooms.records import SeatRecord
from telepresence.rooms.rights import waits
from telepresence.rooms.room import Room
from telepresence.rooms.watching import reconcile_all, tell_speaker
from telepresence.signaling.closing import goodbye
from telepresence.signaling.messages import ClosingReason, LeaveReason, MemberLeft

AWAY_S = 30.0
"""How long a participant without a socket may come back. Source: protocol.md, "Coming back"."""


class RoomFullError(Exception):
    """The room has as many members as the operator allows."""


class SiteFullError(Exception):
    """The site has as many devices in the room as the operator allows: one link can't take all seats."""


def hash_of(secret: str) -> str:
    """Returns what is kept of a resume secret: SHA-256 in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sit(
    room: Room, participant_id: str, identity: Identity, by: int | Encoder, knock: Knock, now: float
) -> tuple[Participant, list[Effect]]:
    """Gives a device a seat: it waits, or is in at once and the others learn of it. Raises RoomFullError, SiteFullError.

    `by` is the session of its socket, or what an encoder has in place of one.
    """
    seat = SeatRecord(
        room=room.id,
        participant=participant_id,
        site=identity.site,
        name=identity.name,
        device=_device(room, identity.site),
        role=identity.role,
        secret_hash=hash_of(knock.secret),
        joined_at=room.wall(now),
        heads=knock.heads,
    )
    bucket = TokenBucket.full(room.limits.rate_per_s, room.limits.burst, now)
    session, encoder = (None, by) if isinstance(by, Encoder) else (by, None)
    participant = Participant(seat, identity, session, bucket, knock, encoder)
    room.site(identity.site, identity.name, identity.role)
    if not waits(identity.role, waiting_room=room.record.waiting_room):
        return participant, let_in(room, participant, now)
    room.roll.add(participant)
    room.desk_changed = True
    return participant, [room.keep_seat(participant)]


def _device(room: Room, site: str) -> int:
    """Returns the lowest free number."""
    taken = room.roll.devices(site)
    if len(room.roll) >= room.limits.members:
        raise RoomFullError
    if len(taken) >= room.limits.devices_per_site:
        raise SiteFullError
    return next(number for number in range(1, len(taken) + 2) if number not in taken)


def let_in(room: Room, participant: Participant, now: float) -> list[Effect]:
    """Admits: from now on the participant belongs to the room, and the others learn of it."""
    room.desk_changed = room.desk_changed or participant.id in room.waiting
    room.sites_changed = True
    kept = room.keep_seat(participant, admitted_at=room.wall(now))
    room.roll.add(participant)
    return [kept, *chair.take(room, participant), *room.tell_member(participant, but=participant)]


def resume(room: Room, identity: Identity, session: int, knock: Knock) -> tuple[Participant, list[Effect]] | None:
    """Gives a participant a new socket; null when the secret is nobody's of that site and role."""
    participant = room.roll.with_secret(hash_of(knock.secret))
    if participant is None or participant.encoder:
        return None
    if (participant.site, participant.identity.role) != (identity.site, identity.role):
        return None
    effects: list[Effect] = []
    was_away = participant.session is None
    if participant.session is not None:
        message = "This participant goes on in another window."
        effects += goodbye(participant.session, ClosingReason.REPLACED, message)
    participant.session, participant.knock = session, knock
    participant.away_until = participant.told = None
    restated = knock.heads not in (0, participant.seat.heads)
    if restated:
        effects.append(room.keep_seat(participant, heads=knock.heads))
    is_news = was_away or restated
    return participant, effects + (room.tell_member(participant, but=participant) if is_news else [])


def state_heads(room: Room, participant: Participant, heads: int) -> list[Effect]:
    """Notes how many people sit before the device."""
    if participant.seat.heads == heads:
        return []
    return [room.keep_seat(participant, heads=heads), *room.tell_member(participant)]


def lost(room: Room, participant: Participant, session: int, now: float) -> list[Effect]:
    """The socket of `session` is gone without a word: its participant is away, media goes on."""
    if participant.session != session:
        return []
    participant.session, participant.away_until = None, now + AWAY_S
    return room.tell_member(participant)


def depart(room: Room, participant: Participant, reason: LeaveReason, now: float) -> list[Effect]:
    """The participant is gone, and cannot come back by its secret."""
    return depart_all(room, [participant], reason, now)


def depart_all(room: Room, gone: list[Participant], reason: LeaveReason, now: float) -> list[Effect]:
    """All of them are gone before any is told of, so that the chair does not fall to one who goes too."""
    kept: list[Effect] = []
    for participant in gone:
        kept.append(room.keep_seat(participant, left_at=room.wall(now), reason=str(reason)))
        participant.session = None
        room.roll.strike(participant)
    return kept + [effect for one in gone for effect in _clear_up(room, one, reason)] + chair.fall(room)


def _clear_up(room: Room, participant: Participant, reason: LeaveReason) -> list[Effect]:
    if not participant.is_admitted:
        room.desk_changed = True
        return []
    room.sites_changed = True
    room.hands.take_down(participant.id)
    effects: list[Effect] = reconcile_all(room) if participant.sources else []
    effects += room.close(participant.up) + room.close(participant.down)
    participant.up = participant.down = None
    if participant.is_seen:
        effects += room.tell(MemberLeft(participant=participant.id, reason=reason))
    return effects + tell_speaker(room) + publishing.dim(room)


def tick(room: Room, now: float) -> list[Effect]:
    """Removes those who are away for too long, waiting or not."""
    seated = (*room.participants.values(), *room.waiting.values())
    gone = [p for p in seated if p.away_until is not None and now >= p.away_until]
    return depart_all(room, gone, LeaveReason.LOST, now)
