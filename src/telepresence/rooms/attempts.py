"""How often one may fail to show a valid token, and how often a valid one may be shown. Pure: `now` comes in.

`signaling/showing.py` counts here. Failed tries count by address and by token; a valid token counts for itself alone, so that a
thousand sites may come in a second, and nobody behind one address is locked out by another's bad link.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from telepresence.rooms.bucket import TokenBucket

FAILED_BURST = 20
"""A hospital that mistypes a link, and a page that tries again, stay below it."""

FAILED_PER_S = 0.2
"""Twelve a minute in the long run: enough for people, nothing for a machine that guesses."""

VALID_BURST = 60
VALID_PER_S = 10.0
"""A page asks a few times a minute; a script that makes a day's rooms stays below it."""

KNOWN_MAX = 10_000
"""Addresses and tokens that are remembered; the longest unseen are forgotten first. About 2 MB."""


class Attempts:
    """Who has shown which token how often."""

    def __init__(self) -> None:
        """Nobody has failed yet."""
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def failed(self, address: str, token: str, now: float) -> float:
        """Counts a failed try. Returns how many seconds to wait before the next one; 0 while there is no need to.

        A token that has failed too often counts no more for its address: one bad link, tried again and again, leaves
        the others' tries alone.
        """
        of_token, of_address = f"failed token {_digest(token)}", f"failed address {address}"
        if token and not self._take(of_token, FAILED_PER_S, FAILED_BURST, now):
            return self._wait_s(of_token)
        return 0.0 if self._take(of_address, FAILED_PER_S, FAILED_BURST, now) else self._wait_s(of_address)

    def shown(self, jti: str, now: float) -> float:
        """Counts that a valid token was shown. Returns how many seconds to wait, as above."""
        key = f"valid {jti}"
        return 0.0 if self._take(key, VALID_PER_S, VALID_BURST, now) else self._wait_s(key)

    def _take(self, key: str, rate_per_s: float, burst: float, now: float) -> bool:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket.full(rate_per_s, burst, now)
            if len(self._buckets) > KNOWN_MAX:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        return bucket.take(now)

    def _wait_s(self, key: str) -> float:
        bucket = self._buckets[key]
        return (1 - bucket.level) / bucket.rate_per_s


def _digest(token: str) -> str:
    """No token is kept in memory longer than it is needed."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()[:32]
