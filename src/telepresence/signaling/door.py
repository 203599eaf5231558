"""Who may open a socket: the page's origin, the client's true address, and how many sockets wait there without a token.

`websocket.py` asks before it accepts. Source: security.md, "The door".
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from telepresence.addresses import is_loopback, origin_of

PATIENCE_S = 21
"""Four times the default 5 s and a tick of the clock. No socket waits longer, and clients wait longer than this: one that gave up would begin again at the queue's end.
Source: protocol.md, "Transport"."""

MAX_WAITING = 200
"""No more sockets of one address wait, however fast it goes: each holds a file descriptor and some kilobytes."""


def queue_limit(sockets_per_address: int, silence_s: float) -> int:
    """Returns how many of one address may wait, so that the last one's patience is enough.

    At worst nobody in front of it ever joins, and every `silence_s` as many are sent away as may be open. When that is
    longer than the patience, nobody may wait.
    """
    rounds = int(PATIENCE_S / silence_s)
    return min(rounds * sockets_per_address, MAX_WAITING)


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


class DoorError(Exception):
    """This socket won't be let in: too many of its address wait already, or its peer went away."""


class Waiter(NamedTuple):
    """A socket that waits; `is_gone` tells whether its peer still does."""

    turn: asyncio.Future[None]
    is_gone: Callable[[], bool]


def _never() -> bool:
    return False


class Door:
    """Counts sockets without a token by address; one too many waits until another is done, in order of arrival.

    Only so many of an address may wait, see `queue_limit`. Those whose peer is gone are dropped, so that they hold up nobody.
    """

    def __init__(self, sockets_per_address: int, waiting_per_address: int) -> None:
        """`sockets_per_address` may be open at once, `waiting_per_address` may wait."""
        self._limit = sockets_per_address
        self._waiting_limit = waiting_per_address
        self._open: dict[str, int] = {}
        self._waiting: dict[str, deque[Waiter]] = {}

    async def enter(self, address: str, is_gone: Callable[[], bool] = _never) -> Pass:
        """Returns once there is a place for the address. Raises DoorError."""
        if self._open.get(address, 0) < self._limit:
            self._open[address] = self._open.get(address, 0) + 1
            return Pass(self, address)
        turn = self._queue(address, is_gone)
        try:
            await turn
        except asyncio.CancelledError:
            self._cancel(address, turn)
            raise
        return Pass(self, address)

    def leave(self, address: str) -> None:
        """Hands a place to the next in line that is still there, or frees it."""
        self._drop_gone(address)
        queue = self._waiting.get(address, deque())
        while queue:
            turn = queue.popleft().turn
            if not queue:
                del self._waiting[address]
            if not turn.done():
                turn.set_result(None)
                return
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]

    def sweep(self) -> None:
        """Drops all whose peer is gone."""
        for address in list(self._waiting):
            self._drop_gone(address)

    def _queue(self, address: str, is_gone: Callable[[], bool]) -> asyncio.Future[None]:
        self._drop_gone(address)
        queue = self._waiting.setdefault(address, deque())
        if len(queue) >= self._waiting_limit:
            raise DoorError
        turn = asyncio.get_running_loop().create_future()
        queue.append(Waiter(turn, is_gone))
        return turn

    def _drop_gone(self, address: str) -> None:
        here: list[Waiter] = []
        for waiter in self._waiting.get(address, ()):
            if not waiter.is_gone():
                here.append(waiter)
            elif not waiter.turn.done():
                waiter.turn.set_exception(DoorError())
        self._keep(address, here)

    def _cancel(self, address: str, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            if turn.exception() is None:
                self.leave(address)
            return
        self._keep(address, [waiter for waiter in self._waiting.get(address, ()) if waiter.turn is not turn])

    def _keep(self, address: str, waiters: Iterable[Waiter]) -> None:
        queue = deque(waiters)
        if queue:
            self._waiting[address] = queue
        else:
            self._waiting.pop(address, None)
