"""How the command line asks the running server, with tokens made by the same secret: the data directory is the key."""

from __future__ import annotations

import ssl
from typing import Any

import aiohttp

from telepresence.addresses import is_loopback
from telepresence.auth import ANY_ROOM, Authority
from telepresence.cli.common import fail
from telepresence.settings import Settings
from telepresence.signaling.messages import Role

PATIENCE_S = 30
VALID_S = 60
"""A token for one request."""

HINT = "Is the server running, with these settings and this data.directory?"


async def organiser(settings: Settings, authority: Authority, site: str, body: Any = None) -> Any:
    """Asks `/api/rooms` of the public address, as that organiser; with a body it is a POST."""
    token = authority.issue(room=ANY_ROOM, site=site, name=site, role=Role.ORGANISER, valid_s=VALID_S)
    return await _ask(f"{settings.public_url(settings.server.port)}/api/rooms", token, body)


async def admin(settings: Settings, authority: Authority, path: str, body: Any = None) -> Any:
    """Asks the admin listener."""
    token = authority.issue(room=ANY_ROOM, site="admin", name="Command line", role=Role.ADMIN, valid_s=VALID_S)
    host, port = settings.admin.host, settings.admin.port
    scheme = "http" if is_loopback(host) else "https"
    shown = f"[{host}]" if ":" in host else host
    return await _ask(f"{scheme}://{shown}:{port}{path}", token, body)


async def _ask(url: str, token: str, body: Any) -> Any:
    """Returns the answer's JSON, or ends the command in the server's words."""
    headers = {"Authorization": f"Bearer {token}"}
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.request("GET" if body is None else "POST", url, json=body, headers=headers) as response,
        ):
            answer = await response.json(content_type=None)
    except ssl.SSLError as error:
        fail(f"{url}: {error.strerror or error}.")
    except aiohttp.ClientConnectorCertificateError:
        text = "its certificate is not trusted here. For one of `telepresence cert`, set SSL_CERT_FILE to its ca.pem"
        fail(f"{url}: {text}.")
    except (TimeoutError, aiohttp.ClientError) as error:
        fail(f"{url} does not answer ({error or type(error).__name__}). {HINT}")
    except ValueError:
        fail(f"{url} answers something else than Telepresence does. {HINT}")
    if response.status >= 400:  # noqa: PLR2004 (where errors begin)
        fail(f"The server refuses: {answer['message']}")
    return answer
