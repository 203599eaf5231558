"""`answer`: the watcher took our offer, so the engine learns of its slots and of the peer, and is given tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.engine.commands import Remote
from telepresence.engine.commands import Send as SendCommand
from telepresence.rooms import watching
from telepresence.rooms.effects import Effect, Send, Submit
from telepresence.rooms.participant import DownConnection
from telepresence.signaling.codecs import of_room
from telepresence.signaling.messages import Answer, Codec, CodecMissing, Done, ErrorCode, Kind
from telepresence.signaling.negotiation import DownAnswer, read_down_answer
from telepresence.signaling.refusal import RefusalError
from telepresence.signaling.sdp import SdpError

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Answer, _now: float) -> list[Effect]:
    """Completes the down connection, or its ICE restart. Raises RefusalError: stale-answer, sdp-invalid, no-common-codec."""
    participant = session.participant
    down = participant.down
    if down is None or down.generation != message.generation or not down.waiting:
        text = f"Generation {message.generation} is not the open offer ({participant.generation} was the last)."
        raise RefusalError(ErrorCode.STALE_ANSWER, text)
    answer = read_down_answer(message.sdp, tuple(slot.mid for slot in down.slots), session.room.codecs)
    transport = answer.transport
    missing = [] if down.answered else _missing(session, answer)
    return [
        *_send(down, answer),
        Submit(Remote(conn=down.conn, ufrag=transport.ufrag, setup=transport.setup, fingerprint=transport.fingerprint)),
        *watching.answered(session.room, participant, transport.fingerprint),
        Send(session.id, Done(re=message.request)),
        *missing,
    ]


def _missing(session: Session, answer: DownAnswer) -> list[Effect]:
    """Tells a watcher which of the room's pictures it will not see."""
    taken = {codec.codec for codec in answer.codecs}
    room_codecs = of_room(session.room.codecs, Kind.VIDEO)
    return [
        Send(session.id, CodecMissing(codec=Codec(codec.codec))) for codec in room_codecs if codec.codec not in taken
    ]


def _send(down: DownConnection, answer: DownAnswer) -> list[Effect]:
    """Only what the watcher took is sent: an answer may leave out a codec, RTX, NACK or an extension.

    The first answer settles it; one to a restart brings the way of the packets alone, by the same certificate.
    """
    if down.fingerprint not in (None, answer.transport.fingerprint):
        raise SdpError("an ICE restart keeps DTLS, so the fingerprint must stay what it was")
    if down.answered:
        return []
    return [Submit(SendCommand(conn=down.conn, slots=down.slots, codecs=answer.codecs, extensions=answer.extensions))]
