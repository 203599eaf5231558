"""The server and its database: how it starts, what it says while the database fails, and how it stops."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from telepresence.engine.fake import FakeEngine
from telepresence.rooms.records import RoomRecord
from telepresence.server import StartError, running
from telepresence.settings import AdminSettings, DataSettings, LimitSettings, RoomSettings, ServerSettings, Settings
from telepresence.signaling import keeping
from telepresence.signaling.messages import Role, RoomKind
from telepresence.store.database import Store
from telepresence.store.engines import DATABASE_NAME
from telepresence.store.errors import StoreError

PATIENCE_S = 10


def settings(folder: Path, *rooms: RoomSettings, **limits: Any) -> Settings:
    """Of a server with its own ports and folder."""
    return Settings(
        server=ServerSettings(port=0),
        admin=AdminSettings(port=0),
        data=DataSettings(directory=str(folder / "var")),
        limits=LimitSettings(**limits),
        rooms=list(rooms),
    )


WARD = RoomSettings(id="ward", title="Ward")


class Wire:
    """A client's socket."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Sends a message; returns what comes next."""
        await self.ws.send_json({"type": kind, "request": 1, **fields})
        return await self.hear()

    async def hear(self, *kinds: str) -> dict[str, Any]:
        """Returns the next message, of a type if one is named."""
        while True:
            message = json.loads(await self.ws.receive_str(timeout=PATIENCE_S))
            if not kinds or message["type"] in kinds:
                return message


def join(server: Any, site: str, role: Role = Role.MEMBER) -> dict[str, Any]:
    """The fields of a join."""
    token = server.hub.world.authority.issue(room="ward", site=site, name=site, role=role, valid_s=60)
    return {"versions": [1], "token": token, "slots": 0}


async def test_a_full_disc_ends_no_meeting_and_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who says something hears that it is not kept, the others hear it; a latecomer gets in; /healthz says 503 until it is over."""
    monkeypatch.setattr(keeping, "BACK_OFF_S", (0.01,))
    async with running(settings(tmp_path, WARD), FakeEngine()) as server, aiohttp.ClientSession(server.url) as http:
        wires = [Wire(await http.ws_connect("/ws")) for _ in range(3)]
        for wire, site in zip(wires[:2], ("henan", "xixia"), strict=True):
            assert (await wire.ask("join", **join(server, site)))["type"] == "joined"

        async def refuse(_: Any) -> None:
            raise StoreError("The disc is full.")

        with monkeypatch.context() as patch:
            patch.setattr(server.store, "write", refuse)
            await wires[0].ws.send_json({"type": "say", "request": 2, "text": "Hello"})
            assert (await wires[0].hear("error", "done"))["code"] == "not-kept"
            assert (await wires[1].hear("chat"))["line"]["text"] == "Hello"
            assert (await wires[2].ask("join", **join(server, "late")))["type"] == "joined"
            async with http.get("/healthz") as response:
                assert (response.status, await response.json()) == (503, {"status": "storage"})
        async with asyncio.timeout(PATIENCE_S):
            while server.hub.trouble:
                async with http.get("/healthz") as response:
                    await response.read()
        kept = await server.store.load(0)
        assert [line.text for line in kept.lines] == ["Hello"]
        assert {seat.site for seat in kept.seats} == {"henan", "xixia", "late"}


async def test_a_stopping_server_keeps_what_is_open_and_tells_who_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A join meanwhile gets `closing` with `draining`; /healthz says it too; a line that was just said is kept."""
    async with running(settings(tmp_path, WARD), FakeEngine()) as server, aiohttp.ClientSession(server.url) as http:
        inside = Wire(await http.ws_connect("/ws"))
        await inside.ask("join", **join(server, "henan"))
        gate, write = asyncio.Event(), server.store.write

        async def slow(records: Any) -> None:
            await gate.wait()
            await write(records)

        monkeypatch.setattr(server.store, "write", slow)
        await inside.ws.send_json({"type": "say", "request": 2, "text": "Last words"})
        async with asyncio.timeout(PATIENCE_S):
            while server.hub._keeper._keeping.is_idle:
                await http.get("/healthz")
        stopping = asyncio.create_task(server.hub.stop())
        async with http.get("/healthz") as response:
            assert (response.status, await response.json()) == (503, {"status": "draining"})
        late = Wire(await http.ws_connect("/ws"))
        gate.set()
        assert (await late.hear())["reason"] == "draining"
        assert (await late.ws.receive(timeout=PATIENCE_S)).type is aiohttp.WSMsgType.CLOSE
        assert late.ws.close_code == 1001
        assert (await inside.hear("done"))["re"] == 2
        assert (await inside.hear("closing"))["reason"] == "draining"
        await stopping
    store = await Store.open("", tmp_path / "var")
    kept = await store.load(0)
    await store.close()
    assert [line.text for line in kept.lines] == ["Last words"]
    assert [seat.left_at for seat in kept.seats] == [None], "it may come back"


async def test_rooms_of_the_settings_follow_the_settings_and_are_opened_anew(tmp_path: Path) -> None:
    """A new title reaches the room that goes on; one that was ended is there again, without its chat."""
    renamed = RoomSettings(id="ward", title="Ward 2")
    async with running(settings(tmp_path, WARD), FakeEngine()):
        pass
    async with running(settings(tmp_path, renamed), FakeEngine()) as server, aiohttp.ClientSession(server.url) as http:
        wire = Wire(await http.ws_connect("/ws"))
        joined = await wire.ask("join", **join(server, "henan", Role.CHAIR))
        assert joined["room"]["title"] == "Ward 2"
        await wire.ask("say", text="Hello")
        await wire.hear("done")
        await wire.ask("end")
        await wire.hear("closing")
    async with running(settings(tmp_path, renamed), FakeEngine()) as server, aiohttp.ClientSession(server.url) as http:
        wire = Wire(await http.ws_connect("/ws"))
        joined = await wire.ask("join", **join(server, "henan"))
        assert (joined["type"], joined["chat"]) == ("joined", [])


async def start_fails(settings: Settings) -> str:
    """What is said when the server can't start."""
    engine = FakeEngine()
    with pytest.raises(StartError) as caught:
        async with running(settings, engine):
            pass
    assert engine.is_closed
    return str(caught.value)


async def test_a_damaged_database_is_said_at_the_start(tmp_path: Path) -> None:
    """Not in the first meeting."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / DATABASE_NAME).write_bytes(b"garbage " * 1000)
    (tmp_path / "var" / DATABASE_NAME).chmod(0o600)
    assert "is damaged" in await start_fails(settings(tmp_path))


async def test_too_many_rooms_that_go_on_are_said_at_the_start(tmp_path: Path) -> None:
    """The rooms of the settings would have no place beside them."""
    store = await Store.open("", tmp_path / "var")
    await store.write([RoomRecord(id="board", kind=RoomKind.CONSULTATION, title="Board", created_at=1.0)])
    await store.close()
    assert "limits.rooms = 1" in await start_fails(settings(tmp_path, WARD, rooms=1))
