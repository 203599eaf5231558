"""The server in a process of its own, put together as `telepresence serve` does, with one empty room and a window.

`server.py` runs it. Settings come from the environment, as for the command. The first line of standard output says
where it listens; after that each line on standard input is answered by the engine's snapshot, on one line. It ends when
standard input does.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

import uvloop

from telepresence import logs
from telepresence.rooms.records import RoomRecord
from telepresence.server import open_engine, running
from telepresence.settings import load
from telepresence.signaling.messages import RoomKind


def say(line: bytes) -> None:
    """Writes one line to standard output at once."""
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


async def main(room: str) -> None:
    """Serves until standard input ends."""
    settings = load(None, os.environ)
    logs.configure(settings.log)
    engine = open_engine(settings, use_fake=False)
    async with running(settings, engine) as server:
        record = RoomRecord(id=room, kind=RoomKind.CONSULTATION, title="End-to-end test", created_at=time.time())
        server.hub.perform(server.hub.world.directory.create(record)[1])
        say(json.dumps({"port": server.port, "url": server.url, "mediaPort": engine.port}).encode())
        window = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(window), sys.stdin)
        while await window.readline():
            say(engine.snapshot())


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
