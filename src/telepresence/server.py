"""The server's life: engine, sockets and page are put together, run until a signal, and taken apart.

`cli.py` starts it. A stop tells every client to come back (`closing`, draining), then ends the engine.
"""

from __future__ import annotations

import asyncio
import errno
import os
import random
import signal
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog
from aiohttp import web

from telepresence.auth import Authority, Secret, SecretError, load_secret
from telepresence.engine.face import Engine, EngineError, open_native
from telepresence.page import WEB_DIRECTORY, Page, security_headers
from telepresence.rooms.directory import RoomDirectory
from telepresence.rooms.effects import Effect
from telepresence.rooms.records import RoomRecord
from telepresence.rooms.room import RoomLimits
from telepresence.settings import RoomSettings, Settings
from telepresence.signaling.description import MediaAddress
from telepresence.signaling.websocket import Hub
from telepresence.signaling.world import World

DRAIN_S = 2.0
"""How long HTTP requests may take to end when the server stops; sockets were told before."""

FAKE_PORT = 8081
"""What the fake engine says when it is to take any port: descriptions must name one."""

log = structlog.get_logger()


class StartError(Exception):
    """The server can't start; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens."""

    hub: Hub
    url: str
    port: int


def read_secret(settings: Settings) -> Secret:
    """Returns the token secret of the settings' data directory. Raises StartError."""
    try:
        return load_secret(Path(settings.data.directory))
    except SecretError as error:
        raise StartError(str(error)) from None


def build_hub(settings: Settings, secret: Secret, engine: Engine) -> Hub:
    """Puts the control plane together around an engine."""
    limits = settings.limits
    directory = RoomDirectory(
        rooms_max=limits.rooms,
        tracks_max=limits.tracks,
        limits=RoomLimits(
            members=limits.members_per_room,
            devices_per_site=limits.devices_per_site,
            rate_per_s=limits.messages_per_second,
            burst=limits.messages_burst,
        ),
        epoch=time.time() - time.monotonic(),
    )
    effects = [effect for room in settings.rooms for effect in _create(directory, room)]
    world = World(
        directory=directory,
        authority=Authority(secret, time.time),
        media=MediaAddress(settings.media_addresses, engine.port, engine.fingerprint),
        random=random.SystemRandom(),
        join_timeout_s=limits.join_timeout_s,
    )
    hub = Hub(
        world,
        engine,
        sockets_per_address=limits.sockets_per_address,
        trusted_proxies=settings.server.trusted_proxies,
    )
    hub.perform(effects)
    return hub


def _create(directory: RoomDirectory, room: RoomSettings) -> list[Effect]:
    record = RoomRecord(id=room.id, kind=room.kind, title=room.title, created_at=directory.epoch + time.monotonic())
    return directory.create(record)[1]


def build_app(hub: Hub, *, has_tls: bool, web_directory: Path = WEB_DIRECTORY) -> web.Application:
    """Returns the HTTP application: the page, /ws and /healthz."""
    app = web.Application()
    app.router.add_get("/ws", hub.handle)
    app.router.add_get("/healthz", _health)
    Page(web_directory).add_routes(app)
    app.on_response_prepare.append(security_headers(has_tls=has_tls))
    return app


async def _health(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"}, headers={"Cache-Control": "no-store"})


@asynccontextmanager
async def running(settings: Settings, engine: Engine) -> AsyncIterator[Running]:
    """Runs a server for as long as the context lasts. Raises StartError. The engine is closed in any case."""
    try:
        hub = build_hub(settings, read_secret(settings), engine)
        app = build_app(hub, has_tls=bool(settings.server.tls_certificate))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=DRAIN_S)
        await runner.setup()
        try:
            port = await _listen(runner, settings)
            hub.public_url = settings.public_url(port)
            hub.start()
            yield Running(hub, hub.public_url, port)
            log.info("server.stopping")
            await hub.stop()
            await log_snapshot(engine)
        finally:
            await runner.cleanup()
    finally:
        engine.close()


async def _listen(runner: web.AppRunner, settings: Settings) -> int:
    server = settings.server
    site = web.TCPSite(runner, server.host, server.port, ssl_context=_tls(settings))
    try:
        await site.start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            text = f"TCP port {server.port} of {server.host} is taken, perhaps by a Telepresence that already runs. Stop what"
            raise StartError(
                f"{text} holds it, or set another server.port, as by TELEPRESENCE_SERVER__PORT=9090."
            ) from None
        text = f"TCP {server.host}:{server.port} can't be opened: {os.strerror(error.errno or 0)}. Set server.host to an address"
        raise StartError(f"{text} of this machine.") from None
    return int(runner.addresses[0][1])


def _tls(settings: Settings) -> ssl.SSLContext | None:
    server = settings.server
    if not server.tls_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(server.tls_certificate, server.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise StartError(f"server.tls_certificate and server.tls_key can't be used together: {error}.") from None
    return context


def stop_signal() -> asyncio.Event:
    """Returns what SIGTERM and SIGINT set from now on."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    return stopped


def snapshot_on_signal(engine: Engine) -> None:
    """SIGUSR1 logs the engine's counters from now on."""
    tasks: set[asyncio.Task[None]] = set()  # The loop itself holds no task.

    def begin() -> None:
        task = asyncio.create_task(log_snapshot(engine))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, begin)


async def log_snapshot(engine: Engine) -> None:
    """Logs what the engine has counted since its start, in one line: no connection by name, no drop that is zero.

    An engine under load may take up to a second, so it is asked in a thread; signaling goes on meanwhile.
    """
    try:
        snapshot = msgspec.json.decode(await asyncio.to_thread(engine.snapshot))
    except (BlockingIOError, RuntimeError) as error:
        log.warning("engine.snapshot", failed=str(error))
        return
    log.info(
        "engine.snapshot",
        cpu_us=snapshot["cpu_us"],
        connections=len(snapshot["connections"]),
        tracks=len(snapshot["tracks"]),
        drops={reason: count for reason, count in snapshot["drops"].items() if count},
        counters=snapshot["counters"],
    )


def open_engine(settings: Settings, *, use_fake: bool) -> Engine:
    """Starts the engine in the running loop. Raises StartError."""
    if use_fake:
        from telepresence.engine.fake import FakeEngine  # noqa: PLC0415 (a server with media never loads it)

        return FakeEngine(settings.media.port or FAKE_PORT)
    try:
        return open_native(settings.media.host, settings.media.port)
    except EngineError as error:
        raise StartError(str(error)) from None
