"""The media engine's bridge; `sfu/python/src/lib.rs` is its source."""

from typing import final

__all__ = ["Engine"]

@final
class Engine:
    """A running media engine: one worker thread that owns one UDP port."""

    def __new__(cls, bind: str, port: int) -> Engine:
        """Binds `bind:port` (0: any) and starts the worker. Raises OSError, ValueError."""

    @property
    def port(self) -> int:
        """The UDP port that was bound."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DTLS certificate, as in SDP: upper-case hex pairs with colons."""

    def submit(self, command: bytes) -> None:
        """Queues one JSON command. Raises ValueError when malformed, BlockingIOError when the queue is full."""

    def event_fd(self) -> int:
        """An eventfd, readable when events wait; owned by the engine."""

    def drain(self) -> list[bytes]:
        """Takes the waiting events, as JSON, and clears the eventfd."""

    def snapshot(self) -> bytes:
        """Counters, drops, connections, tracks and slots at this moment, as JSON. Waits for the worker, a millisecond or so.

        Raises BlockingIOError when the queue is full, RuntimeError when closed or without an answer in a second.
        """

    def close(self) -> None:
        """Stops the worker, sends DTLS close_notify to every peer, closes the port. Idempotent."""
