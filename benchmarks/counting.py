"""Receivers that count and do nothing else, so that 170 of them fit beside a server on two cores.

Each is an aiortc participant as far as ICE, DTLS and signaling go. What comes after that, SRTP and SRTCP, is taken from
the socket and counted by its header, which SRTP leaves readable: packets, and numbers that were left out. Nothing is decrypted,
reported or asked for again; the server hears from them by STUN alone. So they tell what sending costs, not what
feedback does.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import common  # noqa: F401  # puts the harness on the path
from aioice.ice import StunProtocol

from e2e.server import Server
from telepresence.bots.link import parse_link
from telepresence.bots.participant import Participant
from telepresence.bots.session import RefusedError

RTCP_TYPES = range(64, 96)
"""Payload types that would be RTCP's. Source: RFC 5761 §4."""

SRTP_FIRST_BYTES = range(128, 192)
"""SRTP or SRTCP. Source: RFC 7983 §7."""

JOIN_S = 10.0

_HEADER = struct.Struct("!BBHII")
_by_stun = StunProtocol.datagram_received


class Counted:
    """What all receivers of this process got."""

    def __init__(self) -> None:
        self.packets = 0
        self.gaps = 0
        self._newest: dict[tuple[int, int], int] = {}

    def take(self, receiver: int, data: bytes) -> None:
        """Counts one SRTP packet; SRTCP is none."""
        _, kind, sequence, _, ssrc = _HEADER.unpack_from(data)
        if kind & 0x7F in RTCP_TYPES:
            return
        self.packets += 1
        newest = self._newest.get((receiver, ssrc), sequence - 1)
        ahead = (sequence - newest) & 0xFFFF
        if ahead < 1 << 15:
            self.gaps += ahead - 1
            self._newest[receiver, ssrc] = sequence


counted = Counted()


def _datagram_received(self: StunProtocol, data: bytes | str, addr: tuple[Any, ...]) -> None:
    if isinstance(data, bytes) and len(data) >= _HEADER.size and data[0] in SRTP_FIRST_BYTES:
        counted.take(id(self), data)
    else:
        _by_stun(self, data, addr)


def only_count() -> None:
    """From now on nothing of what this process receives is decrypted. aioice is private here: its version is pinned."""
    StunProtocol.datagram_received = _datagram_received


@asynccontextmanager
async def receiver(server: Server, name: str, *, slots: int) -> AsyncIterator[Participant]:
    """One receiver that has joined and whose media can flow."""
    participant = Participant(parse_link(server.link(name)), slots=slots)
    running = asyncio.create_task(participant.run())
    try:
        async with asyncio.timeout(JOIN_S):
            await participant.wait_joined()
        yield participant
    finally:
        await participant.leave()
        running.cancel()
        with suppress(asyncio.CancelledError, RefusedError):
            await running


async def receivers(stack: AsyncExitStack, server: Server, first: int, count: int, *, slots: int = 1) -> None:
    """So many more, one after the other, until the engine says that each is connected."""
    for number in range(first, first + count):
        await stack.enter_async_context(receiver(server, f"viewer-{number}", slots=slots))
    async with asyncio.timeout(JOIN_S):
        while down(server) < first + count:  # noqa: ASYNC110  # the engine is another process: it can only be asked
            await asyncio.sleep(0.1)


def down(server: Server) -> int:
    """Connections down on which media flows."""
    return sum(one["connected"] and one["direction"] == "down" for one in server.snapshot()["connections"])
