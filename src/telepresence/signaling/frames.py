"""From a WebSocket frame's bytes to a client message, or to a refusal that names the fault.

`websocket.py` comes before it, `session.py` after it. Nothing that arrives here raises anything but FrameError.
"""

from __future__ import annotations

from typing import Any

import msgspec

from telepresence.signaling.messages import ClientMessage, ErrorCode, Request
from telepresence.signaling.refusal import RefusalError

MAX_JOIN_BYTES = 8 * 1024
"""Largest frame before `joined`. Source: security.md, "The door"."""

MAX_FRAME_BYTES = 96 * 1024
"""Largest frame after it: a description of 64 KiB, its escapes, and its tracks."""

MAX_REQUEST = 2**31 - 1
CLIENT_TYPES: dict[str, type] = {member.__struct_config__.tag: member for member in ClientMessage.__args__}

_decoder = msgspec.json.Decoder(ClientMessage)


class _Numbered(msgspec.Struct):
    """Of a message, its request alone: the rest is skipped, not built."""

    request: Request


_numbered = msgspec.json.Decoder(_Numbered)


class FrameError(RefusalError):
    """A frame that could not be read. `re` is its request, where that much could be read."""

    def __init__(self, code: ErrorCode, message: str, re: int | None = None) -> None:
        """As RefusalError, with `re`."""
        super().__init__(code, message)
        self.re = re


def decode(frame: bytes, max_bytes: int) -> ClientMessage:
    """Returns the message of a frame. Raises FrameError."""
    if len(frame) > max_bytes:
        raise FrameError(ErrorCode.TOO_LARGE, f"The frame has {len(frame)} bytes; at most {max_bytes} are taken here.")
    try:
        return _decoder.decode(frame)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise _explain(frame, error) from None


def request_of(frame: bytes) -> int | None:
    """Returns the request of a frame that is refused unread, or None where it can't be found."""
    if len(frame) > MAX_FRAME_BYTES:
        return None
    try:
        return _numbered.decode(frame).request
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None


def _explain(frame: bytes, error: Exception) -> FrameError:
    """Finds out how much of a bad frame can be read, so that the client learns which of its requests failed."""
    try:
        value: Any = msgspec.json.decode(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError) as syntax:
        return FrameError(ErrorCode.MALFORMED, f"The frame is not JSON: {syntax}.")
    except RecursionError:
        return FrameError(ErrorCode.MALFORMED, "The frame is JSON nested too deeply.")
    if not isinstance(value, dict):
        return FrameError(ErrorCode.MALFORMED, "The frame is JSON, but not an object with a `type`.")
    re = _request(value)
    kind = value.get("type")
    if isinstance(kind, str) and kind not in CLIENT_TYPES:
        known = ", ".join(CLIENT_TYPES)
        return FrameError(ErrorCode.UNKNOWN_MESSAGE, f"There is no message {kind[:40]!r}; known are {known}.", re)
    return FrameError(ErrorCode.MALFORMED, f"{error}.", re)


def _request(value: dict[str, Any]) -> int | None:
    request = value.get("request")
    if not isinstance(request, int) or isinstance(request, bool):
        return None
    return request if 0 <= request <= MAX_REQUEST else None
