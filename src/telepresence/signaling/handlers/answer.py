"""`answer`: the watcher took our offer, so the engine learns of its slots and of the peer, and is given tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.engine.commands import Codec, Remote, SendCodec
from telepresence.engine.commands import Send as SendCommand
from telepresence.rooms.effects import Effect, Send, Submit
from telepresence.rooms.participant import DownConnection
from telepresence.signaling.description import MID_ID, OPUS, RTX, VP8
from telepresence.signaling.messages import Answer, Done, ErrorCode, Kind
from telepresence.signaling.negotiation import CODECS, DownAnswer, read_down_answer
from telepresence.signaling.refusal import RefusalError

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: Answer) -> list[Effect]:
    """Completes the down connection. Raises RefusalError: stale-answer, sdp-invalid, no-common-codec."""
    participant = session.participant
    down = participant.down
    if down is None or down.generation != message.generation or down.answered:
        text = f"Generation {message.generation} is not the open offer ({participant.generation} was the last)."
        raise RefusalError(ErrorCode.STALE_ANSWER, text)
    answer = read_down_answer(message.sdp, tuple(slot.mid for slot in down.slots))
    transport = answer.transport
    return [
        Submit(_send(down, answer)),
        Submit(Remote(conn=down.conn, ufrag=transport.ufrag, setup=transport.setup, fingerprint=transport.fingerprint)),
        *session.room.answered(participant),
        Send(session.id, Done(re=message.request)),
    ]


def _send(down: DownConnection, answer: DownAnswer) -> SendCommand:
    """Only what the watcher took is sent: an answer may leave out RTX, NACK or the mid extension."""
    audio = SendCodec(codec=Codec.OPUS, payload_type=OPUS, clock_rate=CODECS[Kind.AUDIO][1])
    video = SendCodec(
        codec=Codec.VP8,
        payload_type=VP8,
        clock_rate=CODECS[Kind.VIDEO][1],
        rtx_payload_type=RTX if answer.rtx else None,
        nack=answer.nack,
    )
    extension = MID_ID if answer.mid_extension else None
    return SendCommand(conn=down.conn, slots=down.slots, codecs=(audio, video), mid_extension=extension)
