"""`/api/rooms`: an organiser makes rooms and sees his own; he and a chair take the attendance of one.

`server.py` puts it beside the page. A room is made by the same core as all else (`rooms/directory.py`), and nobody is told of
it before it is kept.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import structlog
from aiohttp import web

from telepresence.api import attendance
from telepresence.api.bearer import NO_STORE, ApiError, Doorman, answered, read_body, reply
from telepresence.api.invitations import LinkAnswer, NewRoom, PlanError, RoomAnswer, RoomsAnswer, links, plan
from telepresence.auth import ANY_ROOM, Claims
from telepresence.rooms.directory import ServerFullError
from telepresence.rooms.records import InvitationRecord
from telepresence.rooms.room import Room
from telepresence.signaling.messages import Role
from telepresence.signaling.websocket import Hub
from telepresence.store.errors import StoreError

RECENT_S = 24 * 3600
"""A room that has ended stays in its organiser's list for a day: he takes the attendance then."""

log = structlog.get_logger()


class RoomsApi:
    """The organiser's rooms."""

    def __init__(self, hub: Hub, doorman: Doorman) -> None:
        """Rooms are made in the hub's directory."""
        self._hub = hub
        self._doorman = doorman

    def add_routes(self, app: web.Application) -> None:
        """Adds what is for organisers and chairs."""
        app.router.add_post("/api/rooms", answered(self.create))
        app.router.add_get("/api/rooms", answered(self.list))
        app.router.add_get("/api/rooms/{room}/attendance.csv", answered(self.attendance))

    async def create(self, request: web.Request) -> web.Response:
        """Makes a room; 201 with a link for each site."""
        organiser = self._organiser(request)
        wanted = await read_body(request, NewRoom)
        try:
            record, invitations = plan(wanted, organiser.site, self._wall())
        except PlanError as error:
            raise ApiError(400, "malformed", str(error), field=error.field) from None
        await self._require_new(wanted.id)
        if self._hub.is_draining:
            raise ApiError(503, "draining", "This server is about to stop; try again in a minute.")
        try:
            room, effects = self._hub.world.directory.create(record, invitations)
        except ServerFullError:
            text = "This server has as many rooms as its operator allows; end one, or ask the operator."
            raise ApiError(503, "server-full", text) from None
        except ValueError:
            raise _taken() from None
        await self._hub.carry_out(effects)
        log.info("room.created", room=room.id, sites=len(invitations))
        return reply(_answer(room, await self._links(invitations), self._wall()), 201)

    async def _require_new(self, room_id: str | None) -> None:
        """An id is never used again: the links of the earlier meeting would open the new one."""
        try:
            is_known = room_id is not None and await self._hub.knows_room(room_id)
        except StoreError:
            text = "The database does not answer, so nobody knows whether that id is new; leave it out, or try again."
            raise ApiError(503, "storage", text, field="id") from None
        if is_known:
            raise _taken()

    async def list(self, request: web.Request) -> web.Response:
        """Returns the organiser's rooms: those that go on, are planned, or ended within a day."""
        organiser, now = self._organiser(request), self._wall()
        own = [room for room in self._hub.world.directory.rooms.values() if _is_shown(room, organiser.site, now)]
        own.sort(key=lambda room: room.record.starts_at or room.record.created_at)
        answers = [_answer(room, await self._links(room.invitations.values()), now) for room in own]
        return reply(RoomsAnswer(rooms=answers))

    async def attendance(self, request: web.Request) -> web.Response:
        """Returns who was there, as CSV, to the organiser of the room and to the bearers of its chair's links."""
        claims = self._doorman.person(request)
        room = self._hub.world.directory.find(request.match_info["room"])
        if room is None or not _may_see(claims, room):
            raise ApiError(
                404, "room-unknown", "There is no such room, or its attendance is not for the bearer of this link."
            )
        return attendance_answer(room, self._wall())

    def _organiser(self, request: web.Request) -> Claims:
        claims = self._doorman.person(request)
        if claims.role is not Role.ORGANISER or claims.room != ANY_ROOM:
            text = "Rooms are for the organiser's link of the start page; `telepresence token --role organiser` prints one."
            raise ApiError(403, "forbidden", text)
        return claims

    async def _links(self, invitations: Iterable[InvitationRecord]) -> list[LinkAnswer]:
        return await asyncio.to_thread(links, list(invitations), self._hub.world.authority, self._hub.public_url)

    def _wall(self) -> float:
        return self._hub.world.directory.epoch + time.monotonic()


def _taken() -> ApiError:
    return ApiError(409, "room-taken", "`id`: another room has it, or had it; leave it out to get one.", field="id")


def attendance_answer(room: Room, now: float) -> web.Response:
    """Returns a room's attendance as a file."""
    name = f'attachment; filename="attendance-{room.id}.csv"'
    return web.Response(
        text=attendance.table(room.attendance(), now),
        content_type="text/csv",
        charset="utf-8",
        headers=NO_STORE | {"Content-Disposition": name},
    )


def state_of(room: Room, now: float) -> str:
    """Returns planned, open or ended; a room in which somebody is has begun."""
    if room.has_ended:
        return "ended"
    is_early = room.record.starts_at is not None and now < room.record.starts_at
    return "planned" if is_early and not room.participants else "open"


def _is_shown(room: Room, organiser: str, now: float) -> bool:
    ended_at = room.record.ended_at
    return room.record.organiser == organiser and (ended_at is None or now - ended_at < RECENT_S)


def _may_see(claims: Claims, room: Room) -> bool:
    if claims.room == ANY_ROOM:
        return claims.role is Role.ORGANISER and claims.site == room.record.organiser
    return claims.room == room.id and claims.role in (Role.ORGANISER, Role.CHAIR)


def _answer(room: Room, made: list[LinkAnswer], now: float) -> RoomAnswer:
    record = room.record
    return RoomAnswer(
        id=record.id,
        kind=record.kind,
        title=record.title,
        starts_at=record.starts_at,
        ends_at=record.ends_at,
        waiting_room=record.waiting_room,
        links=made,
        state=state_of(room, now),
        members=len(room.members()),
        audience=room.roll.audience(),
    )
