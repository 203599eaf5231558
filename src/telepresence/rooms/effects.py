"""What the pure core wants done: values that `rooms/` and `session.py` return and `signaling/websocket.py` performs.

Effects are performed in their order: a command to the engine before the message that speaks of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from telepresence.engine.commands import Command
from telepresence.rooms.records import Record
from telepresence.signaling.messages import ServerMessage


@dataclass(frozen=True, slots=True)
class Send:
    """Sends a message to the socket of a session."""

    session: int
    message: ServerMessage


@dataclass(frozen=True, slots=True)
class Hangup:
    """Closes the socket of a session with a WebSocket close code, after all that was sent to it."""

    session: int
    code: int


@dataclass(frozen=True, slots=True)
class Admit:
    """The session's token is valid: its socket no longer counts against its address."""

    session: int


@dataclass(frozen=True, slots=True)
class Submit:
    """Gives a command to the media engine."""

    command: Command


@dataclass(frozen=True, slots=True)
class Keep:
    """Keeps a record. All records of one step are kept before anything else of it, or of a later step, is done.

    Where that fails, `session` (whose request it was, if any) is told so by `re` in place of its answer.
    """

    record: Record
    session: int | None = None
    re: int | None = None


Effect = Send | Hangup | Admit | Submit | Keep
