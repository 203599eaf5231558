"""WHIP over HTTP (RFC 9725) at `/whip/{room}`: what a request must be, and the status of each answer.

`server.py` routes here; `ingest.py` decides, the Hub performs. Any page may call it (CORS): a browser adds nothing by itself
that would open this door, the token is in a header.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus

import structlog
from aiohttp import web

from telepresence.api.bearer import ApiError, Doorman, reply
from telepresence.rooms.effects import Effect
from telepresence.signaling import ingest
from telepresence.signaling.ingest import WhipError
from telepresence.signaling.keeper import NotKeptError
from telepresence.signaling.messages import MAX_SDP_BYTES, ErrorCode
from telepresence.signaling.refusal import RefusalError
from telepresence.signaling.websocket import Hub

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
"""Source: RFC 9725 §4.2, §4.3.1."""

ENDPOINT_METHODS, SESSION_METHODS = "OPTIONS, POST", "DELETE, PATCH"

BODY_S = 10.0
"""How long a body may take to come; a description is a few packets."""

RETRY_S = 10
"""When a full server or room is worth another try."""

BUCKET_S = 1
"""When a session that asked too often may ask again. Source: protocol.md, "Transport"."""

PREFLIGHT_S = 86_400
"""How long a browser may remember a preflight: nothing of it ever changes."""

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Accept-Post, Accept-Patch, Allow, Retry-After, WWW-Authenticate",
    "Cache-Control": "no-store",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": str(PREFLIGHT_S),
}

STATUS = {
    ErrorCode.SDP_INVALID: HTTPStatus.BAD_REQUEST,
    ErrorCode.FORBIDDEN: HTTPStatus.FORBIDDEN,
    ErrorCode.ROOM_LOCKED: HTTPStatus.FORBIDDEN,
    ErrorCode.REMOVED: HTTPStatus.FORBIDDEN,
    ErrorCode.ROOM_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.NO_COMMON_CODEC: HTTPStatus.NOT_ACCEPTABLE,
    ErrorCode.ROOM_ENDED: HTTPStatus.GONE,
    ErrorCode.ROOM_FULL: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.SERVER_FULL: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
}
"""What HTTP calls a refusal. Source: protocol.md, "WHIP"."""

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Whip:
    """The endpoint of each room, and its sessions."""

    def __init__(self, hub: Hub, doorman: Doorman) -> None:
        """`doorman` knows who has shown a bad token too often."""
        self._hub = hub
        self._doorman = doorman

    def add_routes(self, app: web.Application) -> None:
        """All methods: those that are not known are refused as RFC 9725 §4.2 says, whatever else serves such an address."""
        endpoint = {"POST": self._post, "OPTIONS": self._options}
        session = {"PATCH": self._patch, "DELETE": self._delete, "OPTIONS": self._preflight}
        app.router.add_route("*", "/whip/{room}", _dispatched(endpoint, ENDPOINT_METHODS))
        app.router.add_route("*", "/whip/{room}/{session}", _dispatched(session, SESSION_METHODS))

    # --- the endpoint -----------------------------------------------------------------------------

    async def _post(self, request: web.Request) -> web.Response:
        claims, now = self._doorman.person(request), time.monotonic()
        if self._hub.is_draining:
            raise WhipError(HTTPStatus.SERVICE_UNAVAILABLE, "draining", "The server restarts; come back in a moment.")
        sdp = await _body(request, SDP, "Accept-Post")
        room = request.match_info["room"]
        created, effects = ingest.begin(self._hub.world, claims, room, sdp, now)
        await self._perform(effects, created.participant)
        log.info("whip.created", participant=created.participant, room=room)
        headers = {"Location": f"/whip/{room}/{created.secret}", "ETag": created.etag, "Accept-Patch": FRAGMENT}
        return web.Response(status=HTTPStatus.CREATED, text=created.sdp, content_type=SDP, headers=headers)

    async def _options(self, _: web.Request) -> web.Response:
        return web.Response(headers=PREFLIGHT | {"Allow": ENDPOINT_METHODS, "Accept-Post": SDP})

    # --- a session ----------------------------------------------------------------------------------

    async def _patch(self, request: web.Request) -> web.Response:
        claims = self._doorman.holder(request)
        text = await _body(request, FRAGMENT, "Accept-Patch")
        world, now = self._hub.world, time.monotonic()
        # Looked up after the body came: the session may have ended meanwhile.
        room, participant = ingest.find(world, claims, request.match_info["room"], request.match_info["session"])
        if_match = request.headers.get("If-Match")
        restarted, effects = ingest.change(world, participant, if_match, text, now)
        await self._perform(effects, participant.id)
        if restarted is None:
            return web.Response(status=HTTPStatus.NO_CONTENT)
        log.info("whip.restarted", participant=participant.id, room=room.id)
        return web.Response(text=restarted.fragment, content_type=FRAGMENT, headers={"ETag": restarted.etag})

    async def _delete(self, request: web.Request) -> web.Response:
        claims, world = self._doorman.holder(request), self._hub.world
        room, participant = ingest.find(world, claims, request.match_info["room"], request.match_info["session"])
        await self._perform(ingest.end(room, participant, time.monotonic()), participant.id)
        log.info("whip.ended", participant=participant.id, room=room.id)
        return web.Response()

    async def _preflight(self, request: web.Request) -> web.Response:
        """A session has no OPTIONS of its own (RFC 9725 §4.2), but a browser's question before PATCH and DELETE."""
        if "Access-Control-Request-Method" not in request.headers:
            raise _not_allowed(request, SESSION_METHODS)
        return web.Response(headers=PREFLIGHT)

    async def _perform(self, effects: Iterable[Effect], participant: str) -> None:
        """Returns when all is done. A database that fails is no reason to turn somebody away: it is kept later."""
        try:
            await self._hub.carry_out(effects)
        except NotKeptError:
            log.warning("whip.not_kept", participant=participant)


def _dispatched(handlers: Mapping[str, Handler], allowed: str) -> Handler:
    """Returns what serves all methods of an address; a refusal is told in JSON."""

    async def handle(request: web.Request) -> web.Response:
        response = await _answered(handlers, allowed, request)
        response.headers.update(CORS)
        return response

    return handle


async def _answered(handlers: Mapping[str, Handler], allowed: str, request: web.Request) -> web.Response:
    try:
        if request.method not in handlers:
            raise _not_allowed(request, allowed)
        return await handlers[request.method](request)
    except ApiError as error:
        return _refused(error.status, str(error.body["code"]), str(error.body["message"]), error.headers)
    except WhipError as error:
        return _refused(error.status, error.code, error.message)
    except RefusalError as error:
        status = STATUS.get(error.code, HTTPStatus.BAD_REQUEST)
        return _refused(status, str(error.code), error.message)


def _not_allowed(request: web.Request, allowed: str) -> ApiError:
    text = f"{request.method} means nothing here; {allowed} do."
    return ApiError(HTTPStatus.METHOD_NOT_ALLOWED, "method-not-allowed", text, headers={"Allow": allowed})


def _refused(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    log.info("whip.refused", status=int(status), code=code)
    waits = {HTTPStatus.SERVICE_UNAVAILABLE: RETRY_S, HTTPStatus.TOO_MANY_REQUESTS: BUCKET_S}
    when = {"Retry-After": str(waits[HTTPStatus(status)])} if status in waits else {}
    return reply({"code": code, "message": message}, int(status), when | dict(headers or {}))


async def _body(request: web.Request, media_type: str, accept: str) -> str:
    """Returns the body. Raises ApiError: 415, 413, 408, 400."""
    if request.content_type.lower() != media_type:
        text = f"The body is {request.content_type}; {media_type} is right."
        raise ApiError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", text, headers={accept: media_type})
    try:
        async with asyncio.timeout(BODY_S):
            return (await _read(request)).decode()
    except TimeoutError:
        text = f"The body did not come within {BODY_S:g} s."
        raise ApiError(HTTPStatus.REQUEST_TIMEOUT, "too-slow", text) from None
    except UnicodeDecodeError as error:
        raise ApiError(HTTPStatus.BAD_REQUEST, "sdp-invalid", f"The body is no UTF-8: {error}.") from None


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > MAX_SDP_BYTES:
            text = f"The body has more than {MAX_SDP_BYTES} bytes."
            raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", text)
    return bytes(body)
