"""What people write: chat and questions. Plain text, never markup; bounded for each room."""

from __future__ import annotations

import unicodedata

from telepresence.rooms.room import Room
from telepresence.signaling.messages import ErrorCode
from telepresence.signaling.refusal import RefusalError


def clean(text: str) -> str:
    """Returns the text without blanks around it. Raises RefusalError: malformed, when nothing is left or a control is in it."""
    trimmed = text.replace("\r\n", "\n").strip()
    if not trimmed:
        raise RefusalError(ErrorCode.MALFORMED, "`text` has nothing but blanks; write something.")
    for character in trimmed:
        # Surrogates (Cs) can't be written in UTF-8, so nobody could be told of them.
        if character != "\n" and unicodedata.category(character) in ("Cc", "Cs"):
            text = f"`text` has the control character U+{ord(character):04X}; of those only line ends are taken."
            raise RefusalError(ErrorCode.MALFORMED, text)
    return trimmed


def charge(room: Room, site: str, now: float) -> None:
    """Takes from the site's budget of things written, then from the room's. Raises RefusalError: too-many."""
    if not room.sites[site].writing.take(now):
        raise RefusalError(ErrorCode.TOO_MANY, "Your site writes more than it may; wait a second.")
    if not room.writing.take(now):
        raise RefusalError(ErrorCode.TOO_MANY, "More is written in this room than it may take; wait a second.")
