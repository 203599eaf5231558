"""How a request shows its token, and how it is answered in JSON when it may not or can't be done.

All of `api/` is behind it. A token travels in the header `Authorization` alone: addresses are logged by proxies.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import structlog
from aiohttp import web

from telepresence.auth import Claims
from telepresence.signaling.keeper import NotKeptError
from telepresence.signaling.refusal import RefusalError
from telepresence.signaling.showing import TriedTooOftenError, show
from telepresence.signaling.websocket import Hub

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Body = TypeVar("Body")

NO_STORE = {"Cache-Control": "no-store"}
"""Answers hold links."""

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="telepresence"'}
NO_TOKEN = "Show a token in the header `Authorization: Bearer TOKEN`; it is what stands behind `#t=` in a link."  # noqa: S105 (words)

log = structlog.get_logger()
_encode = msgspec.json.Encoder().encode


class ApiError(Exception):
    """A request that is refused. `field` is the place in its body, as in `sites.2.role`."""

    def __init__(
        self, status: int, code: str, message: str, *, field: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        """`code` is for programs, `message` for people."""
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body = {"code": code, "message": message} | ({"field": field} if field else {})


def answered(handler: Handler) -> Handler:
    """Returns the handler with its errors told in JSON."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except ApiError as error:
            log.info("api.refused", status=error.status, code=error.body["code"])
            return reply(error.body, error.status, error.headers)
        except NotKeptError:
            text = "This is done, but the database does not take it now: it may be lost when the server restarts. The server tries again by itself."
            return reply({"code": "not-kept", "message": text}, 503)
        except web.HTTPRequestEntityTooLarge:
            return reply({"code": "too-large", "message": "The body has more than 1 MiB; send fewer sites."}, 413)

    return answer


def reply(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Returns a JSON answer that nobody stores."""
    return web.Response(
        body=_encode(body), status=status, content_type="application/json", headers=NO_STORE | (headers or {})
    )


class Doorman:
    """Checks bearer tokens, and counts the failed ones."""

    def __init__(self, hub: Hub) -> None:
        """Tries of all listeners are counted together, in the hub's world."""
        self._hub = hub

    def person(self, request: web.Request) -> Claims:
        """Returns what a person's token says. Raises ApiError: 401, 429."""
        return self._check(request, self._hub.world.authority.verify)

    def holder(self, request: web.Request) -> Claims:
        """Returns what a person's token says with which something was begun; it may be over. Raises ApiError: 401, 429."""
        return self._check(request, self._hub.world.authority.verify_begun)

    def admin(self, request: web.Request) -> Claims:
        """Returns what an admin's token says. Raises ApiError: 401, 429."""
        return self._check(request, self._hub.world.authority.verify_admin)

    def _check(self, request: web.Request, verify: Callable[[str], Claims]) -> Claims:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = ""
        try:
            return show(self._hub.world, self._hub.address_of(request), token.strip(), time.monotonic(), verify)
        except TriedTooOftenError as error:
            headers = {"Retry-After": str(error.wait_s)}
            raise ApiError(429, str(error.code), error.message, headers=headers) from None
        except RefusalError as error:
            text = error.message if token else NO_TOKEN
            raise ApiError(401, str(error.code), text, headers=CHALLENGE) from None


async def read_body(request: web.Request, kind: type[Body]) -> Body:
    """Returns the request's JSON. Raises ApiError: 400 with the place and what would be right."""
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.ValidationError as error:
        field, fault = _place(str(error))
        where = f"`{field}`: " if field else ""
        raise ApiError(400, "malformed", f"{where}{fault}.", field=field) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(400, "malformed", f"The body is no JSON in UTF-8: {error}.") from None


def _place(error: str) -> tuple[str | None, str]:
    """Takes msgspec's `… - at `$.sites[2].role`` apart: the place as the page writes it, and the fault."""
    fault, _, path = error.partition(" - at ")
    steps = re.findall(r"[A-Za-z_]\w*|\d+", path)
    if missing := re.search(r"(?:required|unknown) field `([^`]*)`", fault):
        steps.append(missing[1])
    return ".".join(steps) or None, fault
