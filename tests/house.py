"""A whole server on loopback, on free ports, with the fake engine and a database of its own; and HTTP to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from telepresence import demo
from telepresence.auth import ANY_ROOM
from telepresence.engine.fake import FakeEngine
from telepresence.server import Running, running
from telepresence.settings import AdminSettings, DataSettings, LimitSettings, ServerSettings, Settings
from telepresence.signaling.messages import Role


class House:
    """A running server with the rooms of the demo."""

    def __init__(self, server: Running, engine: FakeEngine, http: aiohttp.ClientSession) -> None:
        """Made by `open_house`."""
        self.server = server
        self.engine = engine
        self.http = http
        self._open: list[aiohttp.ClientWebSocketResponse] = []

    @property
    def admin_url(self) -> str:
        """Where the operator's listener is."""
        return f"http://127.0.0.1:{self.server.admin_port}"

    def token(self, site: str = "xixia", role: Role = Role.MEMBER, room: str = "demo", valid_s: float = 60) -> str:
        """Returns a token."""
        return self.server.hub.world.authority.issue(room=room, site=site, name=site, role=role, valid_s=valid_s)

    def organiser(self, site: str = "organiser") -> str:
        """Returns a token of the start page."""
        return self.token(site, Role.ORGANISER, ANY_ROOM)

    def admin(self) -> str:
        """Returns a token of the admin API."""
        return self.token("admin", Role.ADMIN, ANY_ROOM)

    async def ask(
        self, method: str, path: str, token: str = "", body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, aiohttp.ClientResponse]:
        """Asks, the admin listener for what is its; returns status, JSON or text, and the response."""
        is_admins = path.startswith(("/api/admin", "/metrics"))
        url = (self.admin_url if is_admins else self.server.url) + path
        shown = {"Authorization": f"Bearer {token}"} if token else {}
        data = body if isinstance(body, bytes) else None
        asked = None if data is not None else body
        async with self.http.request(method, url, json=asked, data=data, headers=shown | (headers or {})) as response:
            text = (await response.read()).decode()
            is_json = response.content_type == "application/json"
            return response.status, (await response.json()) if is_json else text, response

    async def join(self, token: str, **fields: Any) -> tuple[aiohttp.ClientWebSocketResponse, dict[str, Any]]:
        """Opens a socket and joins; returns it with the first answer."""
        ws = await self.http.ws_connect(f"{self.server.url}/ws")
        self._open.append(ws)  # What nobody holds is closed.
        await ws.send_json({"type": "join", "request": 1, "versions": [1], "token": token, "slots": 0, **fields})
        return ws, await ws.receive_json(timeout=10)


@asynccontextmanager
async def open_house(folder: Path, **limits: Any) -> AsyncIterator[House]:
    """Opens a server whose data is in `folder`; `limits` are its settings of that section."""
    settings = Settings(
        server=ServerSettings(port=0),
        admin=AdminSettings(port=0),
        data=DataSettings(directory=str(folder / "var")),
        limits=LimitSettings(**limits),
    )
    engine = FakeEngine()
    async with aiohttp.ClientSession() as http, running(settings, engine) as server:
        server.hub.perform(demo.create_rooms(server.hub.world.directory))
        yield House(server, engine, http)


async def until(ws: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """Reads on to the next message of a type."""
    while True:
        message = await ws.receive_json(timeout=10)
        if message["type"] == kind:
            return message
