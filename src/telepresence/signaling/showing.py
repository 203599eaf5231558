"""A token is shown: by the first message of a socket, or in a header. It is verified, and the try is counted.

`handlers/join.py`, `handlers/test.py` and `api/bearer.py` ask here. Verifying comes first: a valid link opens its door however
often others of the same address have failed.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from telepresence.auth import Claims
from telepresence.signaling.messages import ErrorCode
from telepresence.signaling.refusal import RefusalError
from telepresence.signaling.world import World


class TriedTooOftenError(RefusalError):
    """Whoever shows this has failed too often, or shows a valid token too often. `wait_s`: seconds until the next try."""

    def __init__(self, wait_s: float) -> None:
        """The words are for people."""
        self.wait_s = math.ceil(wait_s)
        super().__init__(ErrorCode.TOO_MANY, f"Too many tries; try again in {self.wait_s} s.")


def show(world: World, address: str, token: str, now: float, verify: Callable[[str], Claims]) -> Claims:
    """Returns what the token says. Raises RefusalError as `verify`, TriedTooOftenError in its place after too many failures."""
    try:
        claims = verify(token)
    except RefusalError:
        if wait_s := world.attempts.failed(address, token, now):
            raise TriedTooOftenError(wait_s) from None
        raise
    if wait_s := world.attempts.shown(claims.jti, now):
        raise TriedTooOftenError(wait_s)
    return claims
