"""The shell around the sessions: sockets, clock and engine. It performs effects and decides nothing.

`server.py` routes `/ws` here. A frame goes to `session.py`, an engine's event to `events.py`, time to both; what they
return goes through one queue (`keeper.py`), which holds back what is to be kept first, and is performed in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import time
from collections.abc import Iterable

import msgspec
import structlog
from aiohttp import WSMsgType, web

from telepresence.engine.commands import Event, Refused
from telepresence.engine.face import Engine
from telepresence.rooms.effects import Admit, Effect, Hangup, Keep, Send, Submit
from telepresence.signaling import events
from telepresence.signaling.door import Door, DoorError, Pass, client_address, is_own_origin, queue_limit
from telepresence.signaling.keeper import Keeper, Writer
from telepresence.signaling.messages import Error, Joined, ServerMessage, Waiting
from telepresence.signaling.session import Session
from telepresence.signaling.world import World

HEARTBEAT_S = 10
"""A socket that does not answer a ping is closed. Source: protocol.md, "Transport"."""

MAX_SOCKET_BYTES = 128 * 1024
"""A larger frame ends the socket while it is read; below it `frames.py` answers in words."""

MAX_WAITING = 1_000
"""Messages that wait for a client that does not read; a full room's first minute has fewer."""

TICK_S = 0.25
"""How often time is told to rooms and sessions; their shortest span is 5 s."""

GOODBYE_S = 2
"""How long a stopping server waits for clients to close their side; a dead one would take longer."""

UNSUPPORTED_CODE = 1003
FAULT_CODE = 1011
"""Close codes without a `closing`. Source: protocol.md, "Closing"."""

log = structlog.get_logger()
_encoder = msgspec.json.Encoder()


class Socket:
    """One WebSocket, its session, and what waits to be sent to it."""

    def __init__(
        self, ws: web.WebSocketResponse, transport: asyncio.Transport | None, session: Session, place: Pass
    ) -> None:
        """The writer starts at once."""
        self.ws = ws
        self._transport = transport
        self.session = session
        self.place = place
        self._outbox: asyncio.Queue[ServerMessage | int] = asyncio.Queue(MAX_WAITING)
        self._writer = asyncio.create_task(self._write())

    def send(self, item: ServerMessage | int) -> None:
        """Queues a message, or a close code after all messages before it."""
        try:
            self._outbox.put_nowait(item)
        except asyncio.QueueFull:
            # Not a close frame: it would wait behind all that the client does not read.
            log.warning("socket.slow", **self.session.names())
            if self._transport:
                self._transport.abort()

    async def finish(self) -> None:
        """Ends the writer."""
        self._writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._writer

    async def flushed(self) -> None:
        """Returns when everything was written, a close code last."""
        with contextlib.suppress(asyncio.CancelledError):
            await self._writer

    async def _write(self) -> None:
        while True:
            item = await self._outbox.get()
            if isinstance(item, int):
                await self.ws.close(code=item)
                return
            try:
                await self.ws.send_str(_encoder.encode(item).decode())
            except ConnectionError:
                return


class Hub:
    """All sockets of this server."""

    def __init__(
        self, world: World, engine: Engine, writer: Writer, *, sockets_per_address: int, trusted_proxies: Iterable[str]
    ) -> None:
        """`public_url` is set once the port is known. The counters are of messages since the start."""
        self.world = world
        self.engine = engine
        self.public_url = ""
        self.is_draining = False
        self.messages_in = 0
        self.messages_out = 0
        self._writer = writer
        self._keeper = Keeper(writer, self._perform_now)
        self._trusted_proxies = tuple(trusted_proxies)
        self._door = Door(sockets_per_address, queue_limit(sockets_per_address, world.join_timeout_s + TICK_S))
        self._sockets: dict[int, Socket] = {}
        self._ids = itertools.count(1)
        self._ticker: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to keep, to listen to the engine and to the clock."""
        self._keeper.start()
        self.engine.listen(self._on_event)
        self._ticker = asyncio.create_task(self._tick())

    async def knows_room(self, room: str) -> bool:
        """Tells whether a room has that id, or ever had it: links of that one would open another. Raises StoreError."""
        return self.world.directory.find(room) is not None or await self._writer.knows_room(room)

    async def stop(self) -> None:
        """Tells every client to come back later, and waits until all were told. Who comes now is told as well."""
        self.is_draining = True
        sockets = list(self._sockets.values())
        for socket in sockets:
            self.perform(socket.session.drain())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(socket.flushed() for socket in sockets)), GOODBYE_S)
        if self._ticker:
            self._ticker.cancel()

    async def settle(self) -> None:
        """Keeps what is still to be kept. Nothing is performed after it."""
        await self._keeper.stop()

    @property
    def sockets(self) -> int:
        """How many are open."""
        return len(self._sockets)

    @property
    def trouble(self) -> str:
        """Why nobody should be sent here now, for /healthz: `draining`, `storage`, or nothing."""
        return "draining" if self.is_draining else "storage" if self._keeper.is_failing else ""

    def address_of(self, request: web.Request) -> str:
        """Returns the client's own address, also behind proxies that are trusted."""
        forwarded_for = request.headers.get("X-Forwarded-For", "")
        return client_address(request.remote or "", forwarded_for, self._trusted_proxies)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serves one socket from its upgrade to its end."""
        if not is_own_origin(request.headers.get("Origin"), self.public_url):
            raise web.HTTPForbidden(text=f"Only pages of {self.public_url} may connect here.\n")
        address = self.address_of(request)
        try:
            place = await self._door.enter(address, lambda: request.transport is None or request.transport.is_closing())
        except DoorError:
            # By then whoever is in without a token has been sent away.
            retry_after_s = math.ceil(self.world.join_timeout_s)
            text = f"Too many sockets of this address wait already; try again in {retry_after_s} s.\n"
            raise web.HTTPServiceUnavailable(text=text, headers={"Retry-After": str(retry_after_s)}) from None
        try:
            ws = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MAX_SOCKET_BYTES, compress=False)
            await ws.prepare(request)
            session = Session(next(self._ids), self.world, time.monotonic(), address)
            await self._serve(Socket(ws, request.transport, session, place))
        finally:
            place.give_back()
        return ws

    async def _serve(self, socket: Socket) -> None:
        session = socket.session
        self._sockets[session.id] = socket
        try:
            if self.is_draining:
                self.perform(session.drain())
            await self._read(socket)
        except Exception:
            log.exception("session.fault", **session.names())
            await socket.ws.close(code=FAULT_CODE)
        finally:
            await self._end(socket)

    async def _end(self, socket: Socket) -> None:
        """Takes each step even if the one before it failed: a socket that stayed here would be written to for ever."""
        session = socket.session
        try:
            self.perform(session.lost(time.monotonic()))
        except Exception:
            log.exception("session.fault", **session.names())
        finally:
            del self._sockets[session.id]
            try:
                await socket.finish()
            finally:
                log.info("socket.closed", **session.names(), code=int(socket.ws.close_code or 0))

    async def _read(self, socket: Socket) -> None:
        async for frame in socket.ws:
            if frame.type is WSMsgType.TEXT:
                self.messages_in += 1
                self.perform(socket.session.receive(frame.data.encode(), time.monotonic()))
            elif frame.type is WSMsgType.BINARY:
                await socket.ws.close(code=UNSUPPORTED_CODE, message=b"frames are text")

    # --- effects ------------------------------------------------------------------------------------

    def perform(self, effects: Iterable[Effect]) -> None:
        """Carries out effects in their order: at once if nothing waits and nothing is to be kept, else after the commit."""
        self._keeper.perform(effects)

    def carry_out(self, effects: Iterable[Effect]) -> asyncio.Future[None]:
        """As `perform`. Await it to know that all is kept and performed; it raises NotKeptError."""
        return self._keeper.carry_out(effects)

    def _perform_now(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Submit(command):
                    self.engine.submit(command)
                case Send(session, message):
                    self._send(session, message)
                case Hangup(session, code):
                    if socket := self._sockets.get(session):
                        socket.send(code)
                case Admit(session):
                    if socket := self._sockets.get(session):
                        socket.place.give_back()
                case Keep():
                    pass  # The keeper has seen to it.

    def _send(self, session: int, message: ServerMessage) -> None:
        socket = self._sockets.get(session)
        if socket is None:
            return
        names = socket.session.names()
        if isinstance(message, Joined):
            log.info("session.joined", **names)
        elif isinstance(message, Waiting):
            log.info("session.waiting", **names)
        elif isinstance(message, Error):
            log.info("session.refused", **names, code=str(message.code))
        self.messages_out += 1
        socket.send(message)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Refused):
            log.error("engine.refused", command=event.command, conn=event.conn, reason=event.reason)
        try:
            self.perform(events.handle(self.world.directory, event, time.monotonic()))
        except Exception:
            log.exception("event.fault", event_type=type(event).__name__)  # The events behind it still count.

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                self._pass_time(time.monotonic())
            except Exception:
                log.exception("tick.fault")  # Without a next tick nobody would ever be gone.

    def _pass_time(self, now: float) -> None:
        self._door.sweep()
        self.perform(self.world.directory.tick(now))
        for socket in list(self._sockets.values()):
            self.perform(socket.session.tick(now))
