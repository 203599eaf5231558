"""A UDP relay that can forget: the firewall between a hospital and the server's media port, for tests of lost media.

The server advertises this relay's address instead of its own. Signaling does not pass here (it is TCP), so that what is
forgotten loses media alone, as a restarted firewall does.
"""

from __future__ import annotations

import asyncio
from typing import cast

ADDRESS = "127.0.0.2"
"""Loopback too, and not the server's: so both have the same port."""

SERVER = "127.0.0.1"

Address = tuple[str, int]


class Wire(asyncio.DatagramProtocol):
    """Relays datagrams to the server's media port, each client from a port of its own, until it forgets them."""

    def __init__(self) -> None:
        """Nothing is relayed before `open`."""
        self._port = 0
        self._outside: asyncio.DatagramTransport | None = None
        self._inside: dict[Address, _Flow] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._forgotten: set[Address] = set()

    async def open(self, port: int) -> None:
        """Listens on `ADDRESS` at the server's own media port."""
        self._port = port
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(ADDRESS, port))

    def flows(self) -> set[Address]:
        """Whoever has sent so far and was not forgotten."""
        return set(self._inside) - self._forgotten

    def forget(self, flows: set[Address]) -> None:
        """Nothing passes any more between the server and these; their new ports do."""
        self._forgotten |= flows

    def close(self) -> None:
        """Ends everything."""
        for transport in (self._outside, *(flow.transport for flow in self._inside.values())):
            if transport is not None:
                transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The port is open."""
        self._outside = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """From a client."""
        if addr in self._forgotten:
            return
        if addr not in self._inside:
            self._inside[addr] = _Flow(self, addr)
            task = asyncio.create_task(self._inside[addr].open(self._port))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._inside[addr].send(data)

    def answer(self, data: bytes, addr: Address) -> None:
        """From the server, for this client."""
        if addr not in self._forgotten and self._outside is not None:
            self._outside.sendto(data, addr)


class _Flow(asyncio.DatagramProtocol):
    """One client's way to the server and back."""

    def __init__(self, wire: Wire, client: Address) -> None:
        self._wire = wire
        self._client = client
        self._early: list[bytes] = []
        self.transport: asyncio.DatagramTransport | None = None

    async def open(self, port: int) -> None:
        """Takes a port, and sends what came before it was there."""
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, remote_addr=(SERVER, port))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The port is open."""
        self.transport = cast("asyncio.DatagramTransport", transport)
        for data in self._early:
            self.transport.sendto(data)

    def send(self, data: bytes) -> None:
        """To the server."""
        if self.transport is None:
            self._early.append(data)
        else:
            self.transport.sendto(data)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """From the server."""
        del addr
        self._wire.answer(data, self._client)
