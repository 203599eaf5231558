"""One socket's session as a pure state machine: frames, time and the loss of the socket in, effects out.

connecting → joined → gone, or connecting → testing → gone, as in protocol.md, "A session's life". (*Away* and *waiting* are states
of the participant, which outlives the session, so they are in `rooms/`.) Each frame goes through the same gates in this order: the
participant's bucket, the frame's size and shape, the session's state, admission, the role's rights, the bucket again if the message
is a dear one; then its handler. A gate or a handler refuses by RefusalError, and this is the only place that turns one into an
`error`. Before a seat was taken a refusal also ends the session.

Before it: `websocket.py` and `frames.py`. After it: `handlers/`, one a message.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto

from telepresence.rooms import desk, doortests, seats
from telepresence.rooms.effects import Effect, Keep, Send
from telepresence.rooms.participant import Participant
from telepresence.rooms.rights import WAITING_RIGHTS, may
from telepresence.rooms.room import Room
from telepresence.signaling import handlers
from telepresence.signaling.closing import goodbye
from telepresence.signaling.frames import MAX_FRAME_BYTES, MAX_JOIN_BYTES, FrameError, decode, request_of
from telepresence.signaling.messages import (
    Answer,
    ClientMessage,
    ClosingReason,
    Error,
    ErrorCode,
    Join,
    Publish,
    Record,
    Restart,
    Test,
)
from telepresence.signaling.refusal import RefusalError
from telepresence.signaling.world import World

FLOOD = 60
"""So many messages refused in a row for an empty bucket end the session. Source: protocol.md, "Transport"."""


DESCRIPTION_COST = 10
"""What a description takes from the bucket in all, since one of 64 KiB takes milliseconds to read or write; the whole bucket if
that is smaller, or it could never be sent. Source: protocol.md, "Transport"."""

DESCRIPTIONS = (Publish, Answer, Restart)

TOO_MANY = "More messages than a participant may send; wait a second."


class State(Enum):
    """Where a session is in its life."""

    CONNECTING = auto()
    TESTING = auto()
    JOINED = auto()
    GONE = auto()


class Session:
    """The session of one socket. `room` and `participant` are set once it is joined."""

    def __init__(self, session_id: int, world: World, now: float, address: str = "") -> None:
        """`now` is when the socket was opened, in seconds; `address` is its client's."""
        self.id = session_id
        self.address = address
        self.world = world
        self.state = State.CONNECTING
        self._opened_at = now
        self._flood = 0
        self._seat: tuple[Room, Participant] | None = None
        self._tested: Room | None = None

    @property
    def room(self) -> Room:
        """The room that was joined."""
        return self._seated()[0]

    @property
    def participant(self) -> Participant:
        """The participant that this socket speaks for."""
        return self._seated()[1]

    def names(self) -> dict[str, int | str]:
        """Returns the ids by which logs know the session: they tell nobody's name."""
        if self._seat is None:
            return {"session": self.id}
        room, participant = self._seat
        return {"session": self.id, "participant": participant.id, "room": room.id}

    def _seated(self) -> tuple[Room, Participant]:
        if self._seat is None:
            message = "the session has not joined a room"
            raise RuntimeError(message)
        return self._seat

    def seat(self, room: Room, participant: Participant) -> None:
        """The join went well."""
        self._seat = room, participant
        self.state = State.JOINED

    def test(self, room: Room) -> None:
        """The socket waits for the outcome of a test at the door."""
        self._tested = room
        self.state = State.TESTING

    def end(self) -> None:
        """The participant left; the rest of the socket's life means nothing."""
        self.state = State.GONE

    # --- what happens to a session ----------------------------------------------------------------

    def receive(self, frame: bytes, now: float) -> list[Effect]:
        """Carries out a text frame."""
        if self.state is State.GONE or self._is_replaced():
            return []
        if self.state is State.JOINED and not self.participant.bucket.take(now):
            return self._too_many(request_of(frame))
        self._flood = 0
        try:
            message = decode(frame, MAX_FRAME_BYTES if self._is_admitted() else MAX_JOIN_BYTES)
        except FrameError as error:
            return self._refuse(error, error.re)
        try:
            self._check(message)
            self._charge(message, now)
            return self._finish(message, handlers.handle(self, message, now), now)
        except RefusalError as error:
            return self._refuse(error, message.request)

    def _finish(self, message: ClientMessage, effects: list[Effect], now: float) -> list[Effect]:
        """Ends the step: what is kept is marked as this request's, and those at the desk learn what changed there."""
        marked = [
            replace(effect, session=self.id, re=message.request) if isinstance(effect, Keep) else effect
            for effect in effects
        ]
        return marked + (desk.news(self.room, now) if self._seat else [])

    def tick(self, now: float) -> list[Effect]:
        """Ends a session that did not join in time."""
        if self.state is not State.CONNECTING or now - self._opened_at < self.world.join_timeout_s:
            return []
        text = f"No `join` came within {self.world.join_timeout_s:g} s."
        return self._refuse(RefusalError(ErrorCode.JOIN_TIMEOUT, text), None)

    def lost(self, now: float) -> list[Effect]:
        """The socket is closed, by whomever."""
        self.state = State.GONE
        if self._tested:
            return doortests.abandon(self._tested, self.id)
        return seats.lost(self.room, self.participant, self.id, now) if self._seat else []

    def drain(self) -> list[Effect]:
        """The server stops: the client is told to come back."""
        if self.state is State.GONE:
            return []
        self.state = State.GONE
        return goodbye(self.id, ClosingReason.DRAINING, "The server restarts.")

    # --- gates ------------------------------------------------------------------------------------

    def _check(self, message: ClientMessage) -> None:
        tag = str(message.__struct_config__.tag)
        if self.state is State.TESTING:
            raise RefusalError(ErrorCode.NOT_JOINED, "This socket tests the way; open a new one to join.")
        if self.state is State.CONNECTING:
            if not isinstance(message, Join | Test):
                raise RefusalError(ErrorCode.NOT_JOINED, f"`{tag}` came before `join`.")
            return  # Their handlers ask for the right themselves: the role is in the token.
        if isinstance(message, Join | Test):
            raise RefusalError(ErrorCode.ALREADY_JOINED, "This socket has joined; open a new one for another join.")
        if not self.participant.is_admitted and tag not in WAITING_RIGHTS:
            text = f"`{tag}` came before this device was admitted; wait for `joined`."
            raise RefusalError(ErrorCode.NOT_ADMITTED, text)
        role = self.participant.role
        stops_recording = isinstance(message, Record) and not message.recording
        if not may(role, tag) and not stops_recording:
            raise RefusalError(ErrorCode.FORBIDDEN, f"The role {role} has no right to `{tag}`.")

    def _charge(self, message: ClientMessage, now: float) -> None:
        if not isinstance(message, DESCRIPTIONS):
            return
        bucket = self.participant.bucket
        if not bucket.take(now, min(DESCRIPTION_COST, bucket.burst) - 1):  # One was taken for the frame.
            raise RefusalError(ErrorCode.TOO_MANY, TOO_MANY)

    def _is_admitted(self) -> bool:
        return self.state is State.JOINED and self.participant.is_admitted

    def _is_replaced(self) -> bool:
        return self.state is State.JOINED and self.participant.session != self.id

    def _too_many(self, re: int | None) -> list[Effect]:
        self._flood += 1
        effects: list[Effect] = [Send(self.id, Error(code=ErrorCode.TOO_MANY, message=TOO_MANY, re=re))]
        if self._flood < FLOOD:
            return effects
        self.state = State.GONE
        return effects + goodbye(self.id, ClosingReason.REFUSED, TOO_MANY)

    def _refuse(self, error: RefusalError, re: int | None) -> list[Effect]:
        effects: list[Effect] = [Send(self.id, Error(code=error.code, message=error.message, re=re))]
        if self.state is State.JOINED:
            return effects
        self.state = State.GONE
        if self._tested:
            effects += doortests.abandon(self._tested, self.id)
        return effects + goodbye(self.id, ClosingReason.REFUSED, error.message)
