"""What a session knows of the world outside of it: rooms, keys, addresses and chance, handed in from the shell."""

from __future__ import annotations

import base64
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from telepresence.auth import Authority
from telepresence.rooms.attempts import Attempts
from telepresence.rooms.directory import RoomDirectory
from telepresence.rooms.load import Load
from telepresence.signaling.description import Local, MediaAddress
from telepresence.signaling.messages import IceServer

UFRAG_BYTES = 6
"""Eight characters; Chromium refuses fewer than four."""

PWD_BYTES = 18
"""Twenty-four characters, 144 bits. At least 22 characters and 128 bits are asked for: RFC 8445 §5.3."""

SECRET_BYTES = 16
"""A resume secret has 128 bits. Source: security.md, "Rights"."""


@dataclass(slots=True)
class World:
    """`random` is the system's in a server and a seeded one in tests. Numbers for the engine are never used twice."""

    directory: RoomDirectory
    authority: Authority
    media: MediaAddress
    random: random.Random
    join_timeout_s: float
    ice_servers: tuple[IceServer, ...] = ()
    attempts: Attempts = field(default_factory=Attempts)
    load: Load = field(default_factory=lambda: Load(0))
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def local(self, setup: str) -> Local:
        """Returns fresh credentials for one of our connections."""
        ufrag, pwd = (base64.b64encode(self.random.randbytes(size)).decode() for size in (UFRAG_BYTES, PWD_BYTES))
        return Local(self.media, ufrag, pwd, setup)

    def secret(self) -> str:
        """Returns a secret of 128 bits, 22 characters."""
        return base64.urlsafe_b64encode(self.random.randbytes(SECRET_BYTES)).decode().rstrip("=")

    def participant_id(self) -> str:
        """Returns an id that tells nothing of its owner, so that logs may hold it."""
        return f"p-{self.random.randbytes(6).hex()}"

    def ssrcs(self, count: int) -> list[int]:
        """Returns distinct SSRCs."""
        return self.random.sample(range(1, 2**32), count)
