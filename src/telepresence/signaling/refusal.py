"""How a handler, or what it calls, refuses a message: an exception that becomes one `error`."""

from __future__ import annotations

from telepresence.signaling.messages import ErrorCode


class RefusalError(Exception):
    """A message was refused; nothing has changed. `message` says what was wrong, where, what would be right."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        """`code` is for programs, `message` for people."""
        super().__init__(message)
        self.code = code
        self.message = message
