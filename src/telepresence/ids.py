"""Ids that people choose for rooms and sites: they stand in addresses, logs and file names, so they are plain.

`settings.py`, `auth.py` and `rooms/directory.py` ask here where a room or a token is made.
"""

from __future__ import annotations

import re

MAX_LENGTH = 64
"""As long as an `Id` of the protocol."""

# Not a dot first: a browser takes a path of `.` or `..` for another one.
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")

RULE = f"1 to {MAX_LENGTH} letters, digits, `-`, `_` or `.`, without a dot at its beginning"


def is_plain(text: str) -> bool:
    """Tells whether `text` may be the id of a room or a site."""
    return len(text) <= MAX_LENGTH and _PLAIN.fullmatch(text) is not None


def require_plain(what: str, text: str) -> None:
    """Raises ValueError, in words, when `text` can't be the id of `what`."""
    if not is_plain(text):
        message = f"the id of a {what} has {RULE}; {text!r} has not"
        raise ValueError(message)
