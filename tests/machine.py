"""A server in a process of its own that can be killed and started again on its data, and sites that come back as pages do.

It has the fake engine, which has no part in what is kept. A site is a bare socket that remembers its resume secret.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

from telepresence.auth import Authority, load_secret
from telepresence.rooms.records import SeatRecord
from telepresence.signaling.messages import Role
from telepresence.store.database import Store

PATIENCE_S = 60
"""A start takes a second on an idle machine."""

ROOMS = """
[[rooms]]
id = "ward"
title = "Ward round"

[[rooms]]
id = "training"
kind = "broadcast"
title = "Training"
"""


def free_port() -> int:
    """A TCP port that nobody has now: links are the same after a restart only if the port is."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Machine:
    """A machine on which the server runs, is killed, and is started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.http = aiohttp.ClientSession()
        self.url = ""
        self._port = free_port()
        self._process: asyncio.subprocess.Process | None = None
        (folder / "rooms.toml").write_text(ROOMS)

    async def start(self, *arguments: str) -> None:
        """Starts the server and waits until it listens."""
        settings = {
            "SERVER__PORT": str(self._port),
            "MEDIA__PORT": "0",
            "ADMIN__PORT": "0",
            "DATA__DIRECTORY": str(self.folder / "var"),
        }
        with (self.folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "telepresence", "serve", "--fake-engine", *arguments),
                env=os.environ | {f"TELEPRESENCE_{name}": value for name, value in settings.items()},
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout
        async with asyncio.timeout(PATIENCE_S):
            while not (
                found := re.search(r"Listening on (\S+)", said := (await self._process.stdout.readline()).decode())
            ):
                assert said, (self.folder / "log").read_text()
        self.url = found[1]

    async def kill(self) -> None:
        """Ends it as a power cut would."""
        assert self._process
        os.kill(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    async def restart(self) -> None:
        """Kills it and starts it again on the same data."""
        await self.kill()
        await self.start("--config", str(self.folder / "rooms.toml"))

    def token(self, site: str, role: Role, room: str) -> str:
        """A link's token."""
        authority = Authority(load_secret(self.folder / "var"), time.time)
        return authority.issue(room=room, site=site, name=site.capitalize(), role=role, valid_s=600)

    async def attendance(self, room: str) -> dict[str, SeatRecord]:
        """What the database has, by site."""
        store = await Store.open("", self.folder / "var")
        seats = await store.attendance(room)
        await store.close()
        return {seat.site: seat for seat in seats}


class Site:
    """A device of a site: its link, its socket, and its resume secret."""

    def __init__(self, machine: Machine, site: str, role: Role = Role.MEMBER, room: str = "ward") -> None:
        self.machine = machine
        self.link = (site, role, room)
        self.participant = ""
        self.resume: str | None = None
        self._requests = 0
        self._ws: aiohttp.ClientWebSocketResponse | None = None

    async def join(self) -> dict[str, Any]:
        """Opens a socket, and joins or comes back. Returns the answer: `joined`, `waiting` or `error`."""
        self._ws = await self.machine.http.ws_connect(f"{self.machine.url}/ws")
        answer = await self.ask("join", versions=[1], token=self.machine.token(*self.link), slots=0, resume=self.resume)
        if answer["type"] in ("joined", "waiting"):
            assert self.participant in ("", answer["participant"]), "it came back as another one"
            self.participant, self.resume = answer["participant"], answer["resume"]
        return answer

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Sends a message; returns its answer."""
        assert self._ws
        self._requests += 1
        await self._ws.send_json({"type": kind, "request": self._requests, **fields})
        return await self.hear(lambda message: message.get("re") == self._requests)

    async def does(self, kind: str, **fields: Any) -> None:
        """Sends a message; its acknowledgement has arrived when it returns."""
        answer = await self.ask(kind, **fields)
        assert answer["type"] == "done", answer

    async def hear(self, is_meant: Any) -> dict[str, Any]:
        """Reads on to a message."""
        assert self._ws
        while True:
            message = json.loads(await self._ws.receive_str(timeout=PATIENCE_S))
            if is_meant(message):
                return message
