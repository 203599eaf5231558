"""The asyncio face of the media engine: commands go in as values, events come out as values.

`signaling/websocket.py` uses it. Behind it is `_native` (Rust) or, in tests and in work without Rust, `fake.py`.
"""

from __future__ import annotations

import asyncio
import errno
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import msgspec
import structlog

from telepresence.engine.commands import Command, Event

if TYPE_CHECKING:
    from telepresence.engine._native import Engine as Native

RETRY_S = 0.001
"""The engine empties its queue once a tick, about a millisecond."""

Listener = Callable[[Event], None]

log = structlog.get_logger()
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


class EngineError(Exception):
    """The engine can't start; the text says why and what to do."""


class Engine(Protocol):
    """What the control plane knows of a media engine."""

    @property
    def port(self) -> int:
        """The UDP port that was bound."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DTLS certificate, upper-case hex pairs with colons."""
        ...

    def listen(self, listener: Listener) -> None:
        """Calls `listener` for each event from now on, in the event loop."""
        ...

    def submit(self, command: Command) -> None:
        """Gives a command to the engine, after all those before it."""
        ...

    def snapshot(self) -> bytes:
        """Returns counters, drops, connections, tracks and slots at this moment, as JSON."""
        ...

    def close(self) -> None:
        """Stops it. Idempotent."""
        ...


def open_native(bind: str, port: int) -> NativeEngine:
    """Starts the Rust engine. Raises EngineError."""
    try:
        from telepresence.engine._native import Engine as Native  # noqa: PLC0415 (work without Rust has none)
    except ImportError as error:
        text = f"The media engine is not in this installation ({error}). Build it with `make engine`, or use --fake-engine."
        raise EngineError(text) from None
    try:
        return NativeEngine(Native(bind, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            text = f"UDP port {port} of {bind} is taken, perhaps by a Telepresence that already runs. Stop what holds it, or"
            raise EngineError(f"{text} set another media.port, as by TELEPRESENCE_MEDIA__PORT=9091.") from None
        text = f"UDP {bind}:{port} can't be opened: {error.strerror}. Set media.host to an address of this machine."
        raise EngineError(text) from None
    except ValueError as error:
        raise EngineError(f"media.host = {bind!r} is of no use to the engine: {error}.") from None


class NativeEngine:
    """The Rust engine in the event loop: its eventfd wakes the loop, a full queue is tried again in order."""

    def __init__(self, native: Native) -> None:
        """Must be made where an event loop runs."""
        self._native = native
        self._loop = asyncio.get_running_loop()
        self._backlog: deque[bytes] = deque()
        self._listener: Listener | None = None
        self._is_open = True

    @property
    def port(self) -> int:
        """The UDP port that was bound."""
        return self._native.port

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DTLS certificate."""
        return self._native.fingerprint

    def listen(self, listener: Listener) -> None:
        """Calls `listener` for each event from now on."""
        self._listener = listener
        self._loop.add_reader(self._native.event_fd(), self._drain)

    def submit(self, command: Command) -> None:
        """Queues a command."""
        self._backlog.append(_encoder.encode(command))
        if len(self._backlog) == 1:
            self._flush()

    def snapshot(self) -> bytes:
        """Returns the counters."""
        return self._native.snapshot()

    def close(self) -> None:
        """Stops the worker."""
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._native.event_fd())
            self._native.close()

    def _flush(self) -> None:
        while self._backlog and self._is_open:
            command = self._backlog.popleft()
            try:
                self._native.submit(command)
            except BlockingIOError:
                self._backlog.appendleft(command)
                self._loop.call_later(RETRY_S, self._flush)
                return
            except (ValueError, RuntimeError) as error:
                # Only its type: there are credentials in it. It would be refused again, so those behind it go on.
                log.error("engine.submit", command=_type_of(command), reason=str(error))  # noqa: TRY400 (a traceback tells no more)

    def _drain(self) -> None:
        for event in self._native.drain():
            if self._listener:
                self._listener(_decoder.decode(event))


def _type_of(command: bytes) -> str:
    return msgspec.json.decode(command)["type"]
