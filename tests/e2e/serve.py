"""The server in a process of its own, put together as `telepresence serve` does, with three empty rooms and a window.

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
from dataclasses import replace

import uvloop

from telepresence import logs
from telepresence.rooms.records import RoomRecord
from telepresence.server import open_engine, running
from telepresence.settings import load
from telepresence.signaling.messages import RoomKind

ROOMS = (
    RoomRecord(id="consultation", kind=RoomKind.CONSULTATION, title="Chest pain 胸痛会诊", created_at=0),
    RoomRecord(id="clinic", kind=RoomKind.CONSULTATION, title="Clinic 远程门诊", created_at=0, waiting_room=True),
    RoomRecord(id="training", kind=RoomKind.BROADCAST, title="Training 直播培训", created_at=0),
)
"""`e2e/server.py` names them."""


def say(line: bytes) -> None:
    """Writes one line to standard output at once."""
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


async def main() -> None:
    """Serves until standard input ends."""
    settings = load(None, os.environ)
    logs.configure(settings.log)
    engine = open_engine(settings, use_fake=False)
    async with running(settings, engine) as server:
        for room in ROOMS:
            _, effects = server.hub.world.directory.create(replace(room, created_at=time.time()))
            server.hub.perform(effects)
        say(json.dumps({"port": server.port, "url": server.url, "mediaPort": engine.port}).encode())
        window = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(window), sys.stdin)
        while await window.readline():
            say(engine.snapshot())


if __name__ == "__main__":
    uvloop.run(main())
