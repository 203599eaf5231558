"""The operator's listener: metrics, rooms and who is in them, ending, removing, attendance, revoking links.

It has an address of its own, loopback by default, and takes tokens of its own (`telepresence token --role admin`): no link of
a meeting opens it. `server.py` starts it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
import structlog
from aiohttp import web

from telepresence.api import metrics
from telepresence.api.bearer import ApiError, Doorman, answered, read_body, reply
from telepresence.api.invitations import Answer
from telepresence.api.rooms import attendance_answer, state_of
from telepresence.ids import is_plain
from telepresence.pulse import Pulse
from telepresence.rooms import desk, ending
from telepresence.rooms.effects import Keep
from telepresence.rooms.participant import Participant
from telepresence.rooms.records import RevocationRecord
from telepresence.rooms.room import Room
from telepresence.signaling.messages import Presence, Role, RoomKind
from telepresence.signaling.refusal import RefusalError
from telepresence.signaling.websocket import Hub

UNKNOWN_LIFE_S = 10 * 366 * 24 * 3600
"""How long a revocation is kept whose token's end is not known: longer than any link lives."""

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Source: Prometheus, "Exposition formats"."""

log = structlog.get_logger()


class SeatAnswer(Answer, frozen=True, kw_only=True):
    """A device in a room. `joinedAt` in seconds since 1970."""

    participant: str
    site: str
    name: str
    role: Role
    presence: Presence
    waiting: bool
    heads: int
    sources: int
    joined_at: float


class RoomAnswer(Answer, frozen=True, kw_only=True):
    """A room as the operator sees it; `participants` are its devices, those that wait too."""

    id: str
    kind: RoomKind
    title: str
    organiser: str
    state: str
    locked: bool
    starts_at: float | None
    ends_at: float | None
    members: int
    audience: int
    waiting: int
    participants: list[SeatAnswer] | None = None


class Revoke(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /api/admin/revocations`: the token, or its number."""

    jti: str | None = None
    token: str | None = None


class AdminApi:
    """What the operator may do."""

    def __init__(self, hub: Hub, doorman: Doorman, pulse: Pulse) -> None:
        """All of it goes through the hub's rooms."""
        self._hub = hub
        self._doorman = doorman
        self._pulse = pulse

    def app(self) -> web.Application:
        """Returns the application of the listener; there is nothing that shows no token."""
        app = web.Application()
        app.router.add_get("/metrics", answered(self.metrics))
        app.router.add_get("/api/admin/rooms", answered(self.list))
        app.router.add_get("/api/admin/rooms/{room}", answered(self.show))
        app.router.add_post("/api/admin/rooms/{room}/end", answered(self.end))
        app.router.add_post("/api/admin/rooms/{room}/participants/{participant}/remove", answered(self.remove))
        app.router.add_get("/api/admin/rooms/{room}/attendance.csv", answered(self.attendance))
        app.router.add_post("/api/admin/revocations", answered(self.revoke))
        return app

    async def metrics(self, request: web.Request) -> web.Response:
        """What the server counts."""
        self._doorman.admin(request)
        hub, load = self._hub, self._hub.world.load
        figures = metrics.Figures(
            rooms=list(hub.world.directory.rooms.values()),
            now=self._wall(),
            sockets=hub.sockets,
            messages_in=hub.messages_in,
            messages_out=hub.messages_out,
            lag_s=self._pulse.lag_s,
            egress_bps=load.egress_bps,
            is_full=load.is_full,
            is_kept=hub.trouble != "storage",
            snapshot=await self._snapshot(),
        )
        return web.Response(body=metrics.exposition(figures), headers={"Content-Type": METRICS_TYPE})

    async def list(self, request: web.Request) -> web.Response:
        """All rooms that the server knows."""
        self._doorman.admin(request)
        now = self._wall()
        return reply({"rooms": [_room(room, now) for room in self._hub.world.directory.rooms.values()]})

    async def show(self, request: web.Request) -> web.Response:
        """A room with its devices."""
        self._doorman.admin(request)
        room = self._room(request)
        seats = [_seat(participant) for participant in (*room.participants.values(), *room.waiting.values())]
        return reply(msgspec.structs.replace(_room(room, self._wall()), participants=seats))

    async def end(self, request: web.Request) -> web.Response:
        """Ends a room for all; one that has ended stays as it is."""
        self._doorman.admin(request)
        room = self._room(request)
        if not room.has_ended:
            await self._hub.carry_out(ending.end(room, time.monotonic()))
            log.info("room.ended", room=room.id, by="admin")
        return reply(_room(room, self._wall()))

    async def remove(self, request: web.Request) -> web.Response:
        """Removes a participant's site with all its devices; it stays out until the desk readmits it."""
        self._doorman.admin(request)
        room = self._room(request)
        participant_id = request.match_info["participant"]
        participant = room.participants.get(participant_id) or room.waiting.get(participant_id)
        if participant is None:
            raise ApiError(404, "participant-unknown", "There is no such participant in this room now.")
        await self._hub.carry_out(desk.remove(room, participant, time.monotonic()))
        log.info("site.removed", room=room.id, participant=participant_id, by="admin")
        return reply(_room(room, self._wall()))

    async def attendance(self, request: web.Request) -> web.Response:
        """Who was in a room, as CSV."""
        self._doorman.admin(request)
        return attendance_answer(self._room(request), self._wall())

    async def revoke(self, request: web.Request) -> web.Response:
        """Refuses a link from now on. Who is in a room by it stays there: removing is another thing."""
        self._doorman.admin(request)
        record = self._revocation(await read_body(request, Revoke))
        self._hub.world.authority.revoke(record.jti, record.expires_at)
        await self._hub.carry_out([Keep(record)])
        log.info("token.revoked")
        return reply({"jti": record.jti, "expiresAt": record.expires_at})

    # --- inside -------------------------------------------------------------------------------------

    def _revocation(self, wanted: Revoke) -> RevocationRecord:
        if (wanted.jti is None) == (wanted.token is None):
            raise ApiError(400, "malformed", "Give `token`, what stands behind `#t=` in a link, or `jti`, its number.")
        if wanted.token is not None:
            try:
                claims = self._hub.world.authority.read(wanted.token)
            except RefusalError as error:
                raise ApiError(400, "token-invalid", f"`token`: {error.message}", field="token") from None
            return RevocationRecord(claims.jti, claims.exp)
        jti = wanted.jti or ""
        if not is_plain(jti):
            raise ApiError(
                400, "malformed", "`jti` is no token's number: those are letters, digits, `-` and `_`.", field="jti"
            )
        rooms = self._hub.world.directory.rooms.values()
        known = next((room.invitations[jti] for room in rooms if jti in room.invitations), None)
        return RevocationRecord(jti, known.expires_at if known else int(self._wall()) + UNKNOWN_LIFE_S)

    def _room(self, request: web.Request) -> Room:
        room = self._hub.world.directory.find(request.match_info["room"])
        if room is None:
            raise ApiError(404, "room-unknown", "There is no such room.")
        return room

    async def _snapshot(self) -> dict[str, Any] | None:
        try:
            return msgspec.json.decode(await asyncio.to_thread(self._hub.engine.snapshot))
        except (BlockingIOError, RuntimeError) as error:
            log.warning("engine.snapshot", failed=str(error))
            return None

    def _wall(self) -> float:
        return self._hub.world.directory.epoch + time.monotonic()


def _room(room: Room, now: float) -> RoomAnswer:
    record = room.record
    return RoomAnswer(
        id=record.id,
        kind=record.kind,
        title=record.title,
        organiser=record.organiser,
        state=state_of(room, now),
        locked=record.locked,
        starts_at=record.starts_at,
        ends_at=record.ends_at,
        members=len(room.members()),
        audience=room.roll.audience(),
        waiting=len(room.waiting),
    )


def _seat(participant: Participant) -> SeatAnswer:
    return SeatAnswer(
        participant=participant.id,
        site=participant.site,
        name=participant.name,
        role=participant.role,
        presence=participant.presence,
        waiting=not participant.is_admitted,
        heads=participant.seat.heads,
        sources=len(participant.sources),
        joined_at=participant.seat.joined_at,
    )
