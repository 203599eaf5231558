"""Who may open a socket: the page's origin, the client's true address, and how many sockets wait there without a token.

`websocket.py` asks before it accepts. Source: security.md, "The door".
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from telepresence.addresses import is_loopback, origin_of


def client_address(peer: str, forwarded_for: str, trusted: Iterable[str]) -> str:
    """Returns the nearest address that is no trusted proxy; `forwarded_for` counts only behind one."""
    networks = [ipaddress.ip_network(proxy) for proxy in trusted]
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    address = peer
    while hops and _is_in(address, networks):
        address = hops.pop()
    return address


def _is_in(address: str, networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def is_own_origin(origin: str | None, public_url: str) -> bool:
    """Tells whether a page of that origin may connect. Clients that are no browsers name none.

    On loopback `localhost` and `127.0.0.1` are the same machine, so either is ours.
    """
    if origin is None:
        return True
    try:
        theirs, ours = urlsplit(origin_of(origin)), urlsplit(origin_of(public_url))
    except ValueError:
        return False
    if theirs == ours:
        return True
    is_same_port = (theirs.scheme, theirs.port) == (ours.scheme, ours.port)
    return is_same_port and is_loopback(theirs.hostname or "") and is_loopback(ours.hostname or "")


class Pass:
    """One socket's place at the door. `give_back` is idempotent."""

    def __init__(self, door: Door, address: str) -> None:
        """Made by `Door.enter`."""
        self._door = door
        self._address: str | None = address

    def give_back(self) -> None:
        """The socket has shown a token, or is closed."""
        if self._address is not None:
            self._door.leave(self._address)
            self._address = None


class Door:
    """Counts sockets without a token by address; one too many waits until another is done."""

    def __init__(self, sockets_per_address: int) -> None:
        """`sockets_per_address` may be open at once."""
        self._limit = sockets_per_address
        self._open: dict[str, int] = {}
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    async def enter(self, address: str) -> Pass:
        """Returns once there is a place for the address."""
        if self._open.get(address, 0) < self._limit:
            self._open[address] = self._open.get(address, 0) + 1
            return Pass(self, address)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(address, []).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            self._cancel(address, turn)
            raise
        return Pass(self, address)

    def leave(self, address: str) -> None:
        """Hands a place to the next in line, or frees it."""
        queue = self._waiting.get(address, [])
        while queue:
            turn = queue.pop(0)
            if not queue:
                del self._waiting[address]
            if not turn.done():
                turn.set_result(None)
                return
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]

    def _cancel(self, address: str, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self.leave(address)
            return
        queue = self._waiting.get(address, [])
        if turn in queue:
            queue.remove(turn)
        if not queue:
            self._waiting.pop(address, None)
