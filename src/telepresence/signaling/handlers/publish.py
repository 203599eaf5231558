"""`publish`: the offer of the up connection becomes tracks in the engine, sources in the room, and an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms.effects import Effect, Send
from telepresence.signaling import publishing
from telepresence.signaling.messages import Publish, Published
from telepresence.signaling.negotiation import read_up_offer

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Publish, _now: float) -> list[Effect]:
    """Answers the offer: by its ice-ufrag it renegotiates, restarts ICE, or replaces. Raises RefusalError."""
    world, room, participant = session.world, session.room, session.participant
    offer = read_up_offer(message.sdp, message.tracks, room.codecs)
    publishing.require_place(world, participant, offer)
    answered = publishing.answer(world, room, participant, offer, restart=message.restart)
    return [
        *answered.commands,
        Send(session.id, Published(re=message.request, sdp=answered.sdp)),
        *answered.told,
    ]
