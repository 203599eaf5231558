"""Who has the chair: taken by the first who comes with a chair's token, handed on, back when its holder is gone."""

from __future__ import annotations

from telepresence.rooms import lobby
from telepresence.rooms.effects import Effect
from telepresence.rooms.participant import Participant
from telepresence.rooms.room import Room, tell_one
from telepresence.signaling.messages import OwnRole, Role


def take(room: Room, newcomer: Participant) -> list[Effect]:
    """Gives the empty chair to one who comes with the chair's token; it learns of it by its `joined`."""
    if newcomer.identity.role is not Role.CHAIR or room.chair:
        return []
    newcomer.is_chair = True
    return [room.keep(chair=newcomer.id), *room.tell_room(but=newcomer), *lobby.tell_all(room)]


def hand_on(room: Room, heir: Participant | None) -> list[Effect]:
    """Makes another participant chair, or nobody. Its old holder is told, if it is still there."""
    holder = room.chair
    changed = [participant for participant in (holder, heir) if participant]
    before = [participant.role for participant in changed]
    for participant in changed:
        participant.is_chair = participant is heir
    effects: list[Effect] = [room.keep(chair=heir.id if heir else None)]
    for participant, role in zip(changed, before, strict=True):
        if participant.role is not role:
            effects += [*tell_one(participant, OwnRole(role=participant.role)), *room.tell_member(participant)]
    room.desk_changed = True  # The heir has not seen it.
    return effects + room.tell_room() + lobby.tell_all(room)


def fall(room: Room) -> list[Effect]:
    """The chair's holder may be gone: then the chair goes to one with a chair's token, those who are here first."""
    if room.record.chair is None or room.chair:
        return []
    heirs = [participant for participant in room.roll.members.values() if participant.identity.role is Role.CHAIR]
    return hand_on(room, min(heirs, key=lambda heir: heir.session is None, default=None))
