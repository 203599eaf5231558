"""The server's life: database, engine, sockets and page are put together, run until a signal, and taken apart.

`cli.py` starts it. The rooms that were kept are there before the first socket is. A stop tells every client to come back
(`closing`, draining), then keeps what is still to be kept, then ends the engine.
"""

from __future__ import annotations

import asyncio
import random
import signal
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import structlog
from aiohttp import web

from telepresence.addresses import is_loopback
from telepresence.api.admin import AdminApi
from telepresence.api.bearer import Doorman
from telepresence.api.rooms import RoomsApi
from telepresence.auth import Authority, Secret, SecretError, load_secret
from telepresence.engine.face import Engine, EngineError, open_native
from telepresence.listening import Address, StartError, listen, tls_context
from telepresence.page import WEB_DIRECTORY, Page, security_headers
from telepresence.pulse import Pulse
from telepresence.rooms.directory import RoomDirectory, ServerFullError
from telepresence.rooms.load import Load
from telepresence.rooms.records import RoomRecord
from telepresence.rooms.room import RoomLimits
from telepresence.rooms.standing import provide
from telepresence.settings import Settings
from telepresence.signaling.description import MediaAddress
from telepresence.signaling.websocket import Hub
from telepresence.signaling.whip import Whip
from telepresence.signaling.world import World
from telepresence.store.errors import StoreError

if TYPE_CHECKING:
    from telepresence.store.database import Store

DRAIN_S = 2.0
"""How long HTTP requests may take to end when the server stops; sockets were told before."""

FAKE_PORT = 8081
"""What the fake engine says when it is to take any port: descriptions must name one."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens."""

    hub: Hub
    url: str
    port: int
    store: Store
    admin_port: int


def read_secret(settings: Settings) -> Secret:
    """Returns the token secret of the settings' data directory. Raises StartError."""
    try:
        return load_secret(Path(settings.data.directory))
    except SecretError as error:
        raise StartError(str(error)) from None


async def open_store(settings: Settings) -> Store:
    """Opens the settings' database and brings it up to date. Raises StartError."""
    from telepresence.store.database import Store  # noqa: PLC0415 (most commands open none, and it takes half of their start)

    try:
        return await Store.open(settings.data.database, Path(settings.data.directory))
    except StoreError as error:
        raise StartError(str(error)) from None


def build_hub(settings: Settings, secret: Secret, engine: Engine, store: Store) -> Hub:
    """Puts the control plane together around an engine and a database. It has no rooms yet."""
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
    world = World(
        directory=directory,
        authority=Authority(secret, time.time),
        media=MediaAddress(settings.media_addresses, engine.port, engine.fingerprint),
        random=random.SystemRandom(),
        join_timeout_s=limits.join_timeout_s,
        load=Load(limits.egress_mbit),
    )
    return Hub(
        world,
        engine,
        store,
        sockets_per_address=limits.sockets_per_address,
        trusted_proxies=settings.server.trusted_proxies,
    )


async def restore(hub: Hub, store: Store, settings: Settings) -> None:
    """Brings back the rooms that were kept, and those of the settings. Raises StartError."""
    directory, now = hub.world.directory, time.monotonic()
    wall = directory.epoch + now
    try:
        kept = await store.load(wall)
        for revocation in kept.revocations:
            hub.world.authority.revoke(revocation.jti, revocation.expires_at)
        hub.perform(directory.restore(kept, now))
        for room in settings.rooms:
            hub.perform(provide(directory, RoomRecord(id=room.id, kind=room.kind, title=room.title, created_at=wall)))
    except StoreError as error:
        raise StartError(str(error)) from None
    except ServerFullError:
        text = (
            f"limits.rooms = {settings.limits.rooms} leaves no place for [[rooms]] beside those that go on. Raise it."
        )
        raise StartError(text) from None


def build_app(hub: Hub, *, has_tls: bool, web_directory: Path = WEB_DIRECTORY) -> web.Application:
    """Returns the HTTP application: the page, /ws, /api, /whip and /healthz."""
    app = web.Application()
    app.router.add_get("/ws", hub.handle)
    app.router.add_get("/healthz", _health(hub))
    doorman = Doorman(hub)
    RoomsApi(hub, doorman).add_routes(app)
    Whip(hub, doorman).add_routes(app)
    Page(web_directory).add_routes(app)
    app.on_response_prepare.append(security_headers(has_tls=has_tls))
    return app


def _health(hub: Hub) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        """503 says: send nobody here now. Those inside are served nevertheless."""
        body = {"status": hub.trouble or "ok"}
        return web.json_response(body, status=503 if hub.trouble else 200, headers={"Cache-Control": "no-store"})

    return answer


@asynccontextmanager
async def running(settings: Settings, engine: Engine) -> AsyncIterator[Running]:
    """Runs a server for as long as the context lasts. Raises StartError. The engine is closed in any case."""
    async with AsyncExitStack() as stack:
        stack.callback(engine.close)
        secret = read_secret(settings)
        store = await open_store(settings)
        stack.push_async_callback(store.close)
        hub = build_hub(settings, secret, engine, store)
        stack.push_async_callback(hub.settle)
        await restore(hub, store, settings)
        tls = tls_context(settings.server)
        app = build_app(hub, has_tls=tls is not None)
        port = await _open(stack, app, Address("server", settings.server.host, settings.server.port), tls)
        hub.public_url = settings.public_url(port)
        pulse = Pulse(engine, hub.world.load)
        stack.callback(pulse.stop)
        pulse.start()
        # On loopback nobody could listen in, and the certificate is for other names.
        own_tls = None if is_loopback(settings.admin.host) else tls
        admin = AdminApi(hub, Doorman(hub), pulse).app()
        admin_port = await _open(stack, admin, Address("admin", settings.admin.host, settings.admin.port), own_tls)
        hub.start()
        yield Running(hub, hub.public_url, port, store, admin_port)
        log.info("server.stopping")
        await hub.stop()
        await log_snapshot(engine)


async def _open(stack: AsyncExitStack, app: web.Application, address: Address, tls: ssl.SSLContext | None) -> int:
    """Serves an application until the stack unwinds; returns the port. Raises StartError."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=DRAIN_S)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    return await listen(runner, address, tls)


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
