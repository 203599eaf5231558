"""A TCP relay that can be cut: the wire between a page and its server, for tests of lost sockets.

Media does not pass here (it is UDP), so a cut leaves it running, as a restarted hospital proxy does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

CHUNK_BYTES = 65_536


class Proxy:
    """Relays connections to `target_port` on loopback until it is cut."""

    def __init__(self) -> None:
        """Nothing listens before `start`. Set `target_port` before the first connection comes."""
        self.target_port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._down = False
        self.accepted = 0
        self.port = 0

    async def start(self) -> None:
        """Listens on a free port of loopback."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Resets every connection, and each new one, until `mend`."""
        self._down = True
        for writer in self._writers:
            _reset(writer)

    def mend(self) -> None:
        """Lets new connections pass again."""
        self._down = False

    async def close(self) -> None:
        """Stops listening and drops what is open."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._down:
            _reset(writer)
            return
        self.accepted += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            _reset(writer)
            return
        self._writers |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """One direction of one connection, until either side ends it."""
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK_BYTES):
                sink.write(data)
                await sink.drain()
        self._writers.discard(sink)
        sink.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection by RST, as a cut wire is seen: no close handshake, nothing flushed."""
    raw = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
