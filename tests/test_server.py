"""The server as a client meets it: real sockets on loopback, the fake engine behind."""

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from stage import answer_to, offer_sdp, tracks
from telepresence import demo
from telepresence.bots.link import Link
from telepresence.bots.session import RefusedError, join
from telepresence.bots.session import Session as BotSession
from telepresence.engine.fake import FakeEngine
from telepresence.page import Page, security_headers
from telepresence.server import Running, StartError, build_app, log_snapshot, running
from telepresence.settings import AdminSettings, DataSettings, LimitSettings, ServerSettings, Settings
from telepresence.signaling import websocket
from telepresence.signaling.messages import Error, ErrorCode, Mute, Role
from telepresence.signaling.session import Session

PATIENCE_S = 10


class Wire:
    """A client's socket."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def send(self, kind: str, **fields: Any) -> None:
        """Sends a message."""
        await self.ws.send_json({"type": kind, "request": 1, **fields})

    async def until(self, kind: str) -> dict[str, Any]:
        """Reads on to the next message of a type."""
        while True:
            message = json.loads(await self.ws.receive_str(timeout=PATIENCE_S))
            if message["type"] == kind:
                return message

    async def closed(self) -> int | None:
        """Reads to the end; returns the close code."""
        async with asyncio.timeout(PATIENCE_S):
            async for _ in self.ws:
                pass
        return self.ws.close_code


class House:
    """A running server with its demo rooms, and a browser's worth of HTTP."""

    def __init__(self, server: Running, engine: FakeEngine, http: aiohttp.ClientSession) -> None:
        self.server = server
        self.engine = engine
        self.http = http

    def token(self, site: str = "xixia", valid_s: float = 60) -> str:
        """Returns a token of the demo consultation."""
        authority = self.server.hub.world.authority
        return authority.issue(room="demo", site=site, name=site, role=Role.MEMBER, valid_s=valid_s)

    async def open(self, **options: Any) -> Wire:
        """Opens a socket."""
        return Wire(await self.http.ws_connect(f"{self.server.url}/ws", **options))

    async def join(
        self, site: str = "xixia", *, slots: int = 2, resume: str | None = None
    ) -> tuple[Wire, dict[str, Any]]:
        """Opens a socket and joins."""
        wire = await self.open()
        await wire.send("join", versions=[1], token=self.token(site), slots=slots, resume=resume)
        return wire, await wire.until("joined")


@asynccontextmanager
async def house(tmp_path: Path, **limits: Any) -> AsyncIterator[House]:
    """Opens a server on a free port."""
    settings = Settings(
        server=ServerSettings(port=0),
        admin=AdminSettings(port=0),
        data=DataSettings(directory=str(tmp_path / "var")),
        limits=LimitSettings(**limits),
    )
    engine = FakeEngine()
    async with aiohttp.ClientSession() as http, running(settings, engine) as server:
        server.hub.perform(demo.create_rooms(server.hub.world.directory))
        yield House(server, engine, http)


async def test_two_sites_meet_and_one_leaves(tmp_path: Path) -> None:
    """Join, publish, watch, mute, leave: the whole of a small call over real sockets."""
    async with house(tmp_path) as place:
        xixia, me = await place.join("xixia")
        nanyang, _ = await place.join("nanyang")
        offer = await nanyang.until("offer")
        await nanyang.send("answer", generation=offer["generation"], sdp=answer_to(offer["sdp"]))
        await nanyang.until("done")
        await xixia.send("publish", sdp=offer_sdp(), tracks=tracks("0", "1"))
        assert (await xixia.until("published"))["sdp"].startswith("v=0")
        seen = (await nanyang.until("slots"))["slots"][0]
        while seen["source"] is None:
            seen = (await nanyang.until("slots"))["slots"][0]
        assert (seen["participant"], seen["source"]) == (me["participant"], "camera")
        assert len(place.engine.assigned) == 2
        await xixia.send("mute", mid="0", muted=True)
        await xixia.until("done")
        assert (await nanyang.until("member"))["member"]["sources"][0]["audio"]["muted"]
        await xixia.send("leave")
        assert (await xixia.until("closing"))["reason"] == "left"
        assert await xixia.closed() == 1000
        assert (await nanyang.until("member-left"))["reason"] == "left"
        assert not place.engine.refusals


async def test_a_cut_socket_resumes_and_a_second_window_replaces_the_first(tmp_path: Path) -> None:
    """The participant stays the same; a device with the same link but no secret is another one."""
    async with house(tmp_path) as place:
        first, joined = await place.join("xixia")
        await first.ws.close()
        second, again = await place.join("xixia", slots=0, resume=joined["resume"])
        assert again["participant"] == joined["participant"]
        assert again["resumed"]
        await place.join("xixia", slots=1, resume=joined["resume"])
        assert (await second.until("closing"))["reason"] == "replaced"
        assert await second.closed() == 4001
        _, other = await place.join("xixia")
        assert other["participant"] != joined["participant"]
        assert [member["name"] for member in other["members"]] == ["xixia", "xixia (2)"]


async def test_a_socket_that_says_nothing_is_closed(tmp_path: Path) -> None:
    """The time to join is set to a moment here."""
    async with house(tmp_path, join_timeout_s=0.01) as place:
        wire = await place.open()
        assert (await wire.until("error"))["code"] == "join-timeout"
        assert await wire.closed() == 4003


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("garbage", "malformed"),
        ('{"type": "leave", "request": 1}', "not-joined"),
        ('{"type": "join", "request": 1, "versions": [1], "token": "' + "x" * 9000 + '"}', "too-large"),
        ('{"type": "join", "request": 1, "versions": [1], "token": "x"}', "token-invalid"),
    ],
)
async def test_a_bad_first_frame_ends_its_socket_and_no_other(tmp_path: Path, frame: str, code: str) -> None:
    """A member that is in the room hears nothing of it."""
    async with house(tmp_path) as place:
        member, _ = await place.join("nanyang")
        wire = await place.open()
        await wire.ws.send_str(frame)
        assert (await wire.until("error"))["code"] == code
        assert (await wire.until("closing"))["reason"] == "refused"
        assert await wire.closed() == 4003
        await member.send("mute", mid="9", muted=True)
        assert (await member.until("error"))["code"] == "track-unknown"


async def test_frames_that_are_no_text_or_far_too_large_end_the_socket_by_code(tmp_path: Path) -> None:
    """1003 and 1009; the member can resume."""
    async with house(tmp_path) as place:
        wire, joined = await place.join()
        await wire.ws.send_bytes(b"\x00")
        assert await wire.closed() == 1003
        again, _ = await place.join(resume=joined["resume"])
        await again.ws.send_str("x" * 200_000)
        assert await again.closed() == 1009


async def test_a_page_of_another_origin_gets_no_socket(tmp_path: Path) -> None:
    """403 before the upgrade; our own origin is let in."""
    async with house(tmp_path) as place:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await place.open(headers={"Origin": "https://evil.example"})
        assert caught.value.status == 403
        await place.open(headers={"Origin": place.server.url})


async def test_one_socket_too_many_waits_for_a_join(tmp_path: Path) -> None:
    """A place at the door is free again as soon as a token was shown, not when the socket ends."""
    async with house(tmp_path, sockets_per_address=1) as place:
        first = await place.open()
        waiting = asyncio.ensure_future(place.open())
        await place.http.get(f"{place.server.url}/healthz")
        assert not waiting.done()
        await first.send("join", versions=[1], token=place.token())
        await first.until("joined")
        await asyncio.wait_for(waiting, PATIENCE_S)


async def test_who_hangs_up_while_waiting_at_the_door_is_forgotten(tmp_path: Path) -> None:
    """Three connections ask for a socket, wait, and are closed by their peer; the one behind them is let in."""
    request = b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    request += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    async with house(tmp_path, sockets_per_address=1) as place, asyncio.timeout(PATIENCE_S):
        door = place.server.hub._door

        async def until(waiting: int) -> None:
            while sum(map(len, door._waiting.values())) != waiting:
                await place.http.get(f"{place.server.url}/healthz")

        first = await place.open()
        dead = []
        for _ in range(3):
            _, writer = await asyncio.open_connection("127.0.0.1", place.server.port)
            writer.write(request)
            dead.append(writer)
        await until(3)
        honest = asyncio.ensure_future(place.join("nanyang"))
        await until(4)
        for writer in dead:
            writer.close()
        await until(1)
        await first.ws.close()
        await honest


async def test_a_door_with_a_full_queue_says_when_to_come_back(tmp_path: Path) -> None:
    """503 with a time; here sockets may be silent for so long that nobody may wait."""
    async with house(tmp_path, sockets_per_address=1, join_timeout_s=30.5) as place:
        first = await place.open()
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await place.open()
        assert caught.value.status == 503
        assert caught.value.headers
        assert caught.value.headers["Retry-After"] == "31"
        await first.ws.close()


async def test_a_client_that_does_not_read_is_cut_off_and_may_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here no message at all may wait; the others see it away."""
    async with house(tmp_path) as place:
        watcher, _ = await place.join("nanyang")
        monkeypatch.setattr(websocket, "MAX_WAITING", 1)
        slow = await place.open()
        await slow.send("join", versions=[1], token=place.token(), slots=2)
        seen = await watcher.until("member")
        while seen["member"]["presence"] != "away":
            seen = await watcher.until("member")
        assert await slow.closed() == 1006


async def test_a_fault_of_the_server_ends_one_socket_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1011, and the next client is served."""
    async with house(tmp_path) as place:
        wire = await place.open()
        with monkeypatch.context() as patch:
            patch.setattr(Session, "receive", lambda *_: 1 / 0)
            await wire.ws.send_str("{}")
            assert await wire.closed() == 1011
        await place.join()


async def test_a_fault_while_a_socket_ends_leaves_nothing_of_it_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its entry nor its writer; the next client is served."""
    async with house(tmp_path) as place:
        wire = await place.open()
        with monkeypatch.context() as patch:
            patch.setattr(Session, "lost", lambda *_: 1 / 0)
            await wire.ws.send_bytes(b"\x00")
            assert await wire.closed() == 1003
            await place.http.get(f"{place.server.url}/healthz")
        assert not place.server.hub._sockets
        assert not [task for task in asyncio.all_tasks() if "Socket._write" in str(task.get_coro())]
        await place.join()


async def test_a_stopping_server_tells_everybody_to_come_back(tmp_path: Path) -> None:
    """`closing` with `draining`, close code 1001, and the engine is closed."""
    async with house(tmp_path) as place:
        wire, _ = await place.join()
        ended = asyncio.ensure_future(wire.until("closing"))
    assert (await ended)["reason"] == "draining"
    assert place.engine.is_closed


async def test_a_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path) -> None:
    """And the engine is closed, too."""
    async with house(tmp_path) as place:
        engine = FakeEngine()
        settings = Settings(
            server=ServerSettings(port=place.server.port), data=DataSettings(directory=str(tmp_path / "b"))
        )
        with pytest.raises(StartError, match=r"is taken.*server\.port"):
            async with running(settings, engine):
                pass
        assert engine.is_closed


async def test_a_certificate_that_is_none_is_said_in_a_sentence(tmp_path: Path) -> None:
    """Both files are there, neither is PEM."""
    (tmp_path / "pem").write_text("nothing")
    server = ServerSettings(port=0, tls_certificate=str(tmp_path / "pem"), tls_key=str(tmp_path / "pem"))
    with pytest.raises(StartError, match="tls_certificate"):
        async with running(Settings(server=server, data=DataSettings(directory=str(tmp_path / "var"))), FakeEngine()):
            pass


async def test_the_page_is_served_with_headers_that_keep_strangers_out(tmp_path: Path) -> None:
    """Start page and rooms are the same file; hashed files may be kept for ever; nothing outside is reachable."""
    page = tmp_path / "web"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<title>page</title>")
    (page / "assets" / "main-1a2b.js").write_text("1")
    (tmp_path / "secret").write_text("secret")
    async with house(tmp_path) as place:
        app = build_app(place.server.hub, has_tls=True, web_directory=page)
        async with TestClient(TestServer(app)) as client:
            for path in ("/", "/room/demo"):
                response = await client.get(path)
                assert "<title>page" in await response.text()
                assert response.headers["Cache-Control"] == "no-cache"
                assert "script-src 'self'" in response.headers["Content-Security-Policy"]
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert "max-age" in response.headers["Strict-Transport-Security"]
            asset = await client.get("/assets/main-1a2b.js")
            assert "immutable" in asset.headers["Cache-Control"]
            for path in ("/assets/..%2f..%2fsecret", "/..%2fsecret", "/assets/none.js", "/x%00y"):
                assert (await client.get(path)).status == 404
                assert "Content-Security-Policy" in (await client.get(path)).headers
            assert await (await client.get("/healthz")).json() == {"status": "ok"}


async def test_without_the_page_the_command_that_builds_it_is_named(tmp_path: Path) -> None:
    """503, in words."""
    app = web.Application()
    Page(tmp_path).add_routes(app)
    app.on_response_prepare.append(security_headers(has_tls=False))
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/room/demo")
        assert response.status == 503
        assert "make page" in await response.text()
        assert "Strict-Transport-Security" not in response.headers


async def test_logs_hold_no_token_no_title_and_no_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ids of participants and rooms are enough."""
    async with house(tmp_path) as place:
        wire, joined = await place.join("xixia")
        await wire.ws.send_str("garbage")
        await wire.until("error")
        token = place.token()
    text = "".join(capsys.readouterr())
    assert joined["participant"] in text
    for secret in (token, token.split(".")[0], "xixia", "Consultation", joined["resume"]):
        assert secret not in text


async def test_the_snapshot_is_one_line_without_drops_that_are_zero_and_a_slow_engine_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counters as they are; if the engine gives none in time, its own words."""
    engine = FakeEngine()
    counted = (
        b'{"cpu_us": 7, "counters": {"media_in": 3}, "drops": {"bad-tag": 2, "replayed": 0}, "connections": [{}], '
    )
    monkeypatch.setattr(engine, "snapshot", lambda: counted + b'"tracks": [{}, {}], "slots": []}')
    await log_snapshot(engine)
    line = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert line.count("\n") == 1
    for part in ("connections=1", "tracks=2", "cpu_us=7", "{'bad-tag': 2}", "{'media_in': 3}"):
        assert part in line

    for error in (RuntimeError, BlockingIOError):
        monkeypatch.setattr(engine, "snapshot", Mock(side_effect=error("the engine gave no snapshot")))
        await log_snapshot(engine)
        assert "gave no snapshot" in capsys.readouterr().out


async def test_a_snapshot_that_takes_long_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine answers only after the event loop has gone on."""
    engine, has_gone_on = FakeEngine(), threading.Event()
    told = engine.snapshot()

    def slow() -> bytes:
        assert has_gone_on.wait(PATIENCE_S)
        return told

    monkeypatch.setattr(engine, "snapshot", slow)
    logging = asyncio.create_task(log_snapshot(engine))
    asyncio.get_running_loop().call_soon(has_gone_on.set)
    await logging


async def test_a_bot_that_says_too_much_is_told_of_that_message_alone(tmp_path: Path) -> None:
    """The refusal comes back to its request, and the socket goes on."""
    async with house(tmp_path, messages_burst=1, messages_per_second=1) as place:
        async with await BotSession.open(Link(place.server.url, place.token())) as bot:
            link = Link(place.server.url, place.token())
            listening = asyncio.create_task(bot.listen(lambda _: None))
            await join(bot, link, slots=0, resume=None)
            for code in (ErrorCode.TRACK_UNKNOWN, ErrorCode.TOO_MANY, ErrorCode.TOO_MANY):
                with pytest.raises(RefusedError) as caught:
                    await bot.request(Mute(request=bot.next_request(), mid="0", muted=True))
                assert caught.value.code is code
            bot._settle(Error(code=ErrorCode.TOO_MANY, message="As a frame without a number is told."))
            assert not listening.done()
        await listening
