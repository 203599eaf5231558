"""From the audience onto the stage and back, without rejoining: the same participant, socket and down connection."""

from __future__ import annotations

from telepresence.rooms import broadcast
from telepresence.rooms.effects import Effect
from telepresence.rooms.participant import Participant
from telepresence.rooms.publishing import dim
from telepresence.rooms.room import Room, tell_one
from telepresence.rooms.watching import reconcile_all, tell_speaker
from telepresence.signaling.messages import Asked, AskedNoMore, ErrorCode, Hands, LeaveReason, MemberLeft, OwnRole, Wish
from telepresence.signaling.refusal import RefusalError


def promote(participant: Participant, by: Participant) -> list[Effect]:
    """Asks one of the audience onto the stage; it says so itself by `consent`. Raises RefusalError: forbidden."""
    if participant.is_seen:
        raise RefusalError(ErrorCode.FORBIDDEN, f"{participant.name} is not in the audience, so it can't be promoted.")
    participant.asked = Asked(wish=Wish.STAGE, by=by.name, participant=by.id)
    return tell_one(participant, participant.asked)


def consent(room: Room, participant: Participant, now: float, *, accepted: bool) -> list[Effect]:
    """The answer of one who was asked. Raises RefusalError: not-asked."""
    if participant.asked is None:
        raise RefusalError(ErrorCode.NOT_ASKED, "Nobody has asked this device onto the stage; raise your hand.")
    participant.asked = None
    return _step_up(room, participant, now) if accepted else []


def _step_up(room: Room, participant: Participant, now: float) -> list[Effect]:
    """It learns its role before all that a role entitles to see."""
    kept = room.keep_seat(participant, on_stage=True)
    room.roll.place(participant)
    return [
        kept,
        *tell_one(participant, OwnRole(role=participant.role)),
        *room.tell_member(participant),
        *broadcast.lower_hand(room, participant, now),
        *tell_one(participant, Hands(hands=room.hands.all())),
        *broadcast.tell_hidden(room, participant),
    ]


def demote(room: Room, participant: Participant) -> list[Effect]:
    """Sends one that was promoted back to the audience, or takes back that it was asked. Raises RefusalError: forbidden.

    What it published is gone; its socket, its secret and what it watches go on.
    """
    if participant.asked is not None:
        participant.asked = None
        return tell_one(participant, AskedNoMore(wish=Wish.STAGE))
    if not participant.seat.on_stage:
        text = f"{participant.name} was not promoted to the stage, so it can't go back to the audience."
        raise RefusalError(ErrorCode.FORBIDDEN, text)
    if participant.is_chair:
        raise RefusalError(ErrorCode.FORBIDDEN, f"{participant.name} has the chair; it must be handed on first.")
    effects: list[Effect] = [room.keep_seat(participant, on_stage=False)]
    room.roll.place(participant)
    if participant.sources:
        participant.sources, participant.silent_since = {}, None
        effects += reconcile_all(room)
    effects += room.close(participant.up)
    participant.up = None
    effects += room.tell(MemberLeft(participant=participant.id, reason=LeaveReason.DEMOTED))
    effects += tell_one(participant, OwnRole(role=participant.role))
    effects += tell_one(participant, Hands(hands=broadcast.hands_for(room, participant)))
    return effects + tell_speaker(room) + dim(room)
