"""`restart`: the client's way to the server changed, so the down connection is offered again with new ICE credentials.

Slots, SSRCs, DTLS and media stay. The up connection is the client's to offer: `publish` with `restart`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.engine.commands import Restart as RestartCommand
from telepresence.rooms.effects import Effect, Send, Submit
from telepresence.signaling.description import write_offer
from telepresence.signaling.messages import Done, ErrorCode, Offer, Restart
from telepresence.signaling.refusal import RefusalError

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Restart, _now: float) -> list[Effect]:
    """Offers anew. Raises RefusalError: no-connection."""
    participant = session.participant
    down = participant.down
    if down is None:
        text = "There is no down connection to restart; join with `resume` and with `slots`."
        raise RefusalError(ErrorCode.NO_CONNECTION, text)
    local = session.world.local("actpass")
    participant.generation += 1
    down.generation, down.waiting = participant.generation, True
    offer = write_offer(down.slots, local, down.conn, down.generation, session.room.codecs)
    return [
        Submit(RestartCommand(conn=down.conn, ufrag=local.ufrag, pwd=local.pwd)),
        Send(session.id, Done(re=message.request)),
        Send(session.id, Offer(generation=down.generation, sdp=offer)),
    ]
