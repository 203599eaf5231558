"""`test`: instead of a join, tries whether media would flow: a connection without tracks, by the token alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.engine.commands import Open, Receive, Remote
from telepresence.rooms import doortests
from telepresence.rooms.effects import Admit, Effect, Send, Submit
from telepresence.signaling.description import write_answer
from telepresence.signaling.handlers.join import find_room
from telepresence.signaling.messages import Direction, Test, Tested
from telepresence.signaling.negotiation import read_up_offer
from telepresence.signaling.showing import show

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Test, now: float) -> list[Effect]:
    """Opens the connection; the engine's event, or the clock, says the outcome. Raises RefusalError."""
    world = session.world
    claims = show(world, session.address, message.token, now, world.authority.verify)
    room = find_room(world, claims, "test")
    offer = read_up_offer(message.sdp, (), room.codecs)
    doortests.require_place(room, claims.site)
    room.site(claims.site, claims.name, claims.role)
    peer, local, conn = offer.transport, world.local(offer.transport.setup), next(world.numbers)
    doortests.begin(room, conn, session.id, claims.site, now)
    session.test(room)
    sdp = write_answer(offer, local, conn, 1)
    return [
        Admit(session.id),
        Submit(Open(conn=conn, direction=Direction.UP, ufrag=local.ufrag, pwd=local.pwd)),
        Submit(Receive(conn=conn, tracks=(), extensions=offer.extensions)),
        Submit(Remote(conn=conn, ufrag=peer.ufrag, setup=peer.setup, fingerprint=peer.fingerprint)),
        Send(session.id, Tested(re=message.request, sdp=sdp, title=room.title, kind=room.kind)),
    ]
