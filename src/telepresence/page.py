"""The built page over HTTP: its files, and the headers that keep strangers' code out of it.

The page is built into `telepresence/web`, beside this module; without it each address says how to build it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

WEB_DIRECTORY = Path(__file__).parent / "web"

IMMUTABLE = "public, max-age=31536000, immutable"
"""For files whose name holds a hash of their content. Source: RFC 8246."""

HSTS_S = 31_536_000
"""One year, as browsers' preload lists ask for."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    # Lit's and the components' `style` attributes; a style sheet inside of the page stays forbidden.
    "style-src-attr 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": (
        "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), fullscreen=(self), "
        "screen-wake-lock=(self), geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), midi=()"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}

MISSING = """The page is not built.

Run `make page` in the source tree, then reload. (An installed wheel always has the page.)
"""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Page:
    """Serves the page from a directory."""

    def __init__(self, directory: Path) -> None:
        """`directory` holds index.html and assets/; it may be built while the server runs."""
        self._directory = directory.resolve()

    def add_routes(self, app: web.Application) -> None:
        """The start page, rooms (the page takes the room from its address), and files."""
        app.router.add_get("/", self.index)
        app.router.add_get("/room/{room}", self.index)
        app.router.add_get("/assets/{name:.+}", self.asset)
        app.router.add_get("/{name:[^/]+}", self.file)

    async def index(self, _: web.Request) -> web.StreamResponse:
        """The page itself, always asked for anew: it names the hashed files."""
        path = self._directory / "index.html"
        if not path.is_file():
            return web.Response(status=503, text=MISSING, headers={"Retry-After": "5"})
        return web.FileResponse(path, headers={"Cache-Control": "no-cache"})

    async def asset(self, request: web.Request) -> web.StreamResponse:
        """A file whose name changes with its content."""
        return self._serve(f"assets/{request.match_info['name']}", IMMUTABLE)

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A file beside index.html, such as the icon."""
        return self._serve(request.match_info["name"], "no-cache")

    def _serve(self, name: str, cache: str) -> web.StreamResponse:
        path = (self._directory / name).resolve() if "\0" not in name else self._directory
        if not path.is_relative_to(self._directory) or not path.is_file():
            raise web.HTTPNotFound(text="There is no such file.\n")
        return web.FileResponse(path, headers={"Cache-Control": cache})


def security_headers(*, has_tls: bool) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Returns the signal that puts the headers on every response, errors too."""
    headers = dict(HEADERS)
    if has_tls:
        headers["Strict-Transport-Security"] = f"max-age={HSTS_S}"

    async def prepare(_: web.Request, response: web.StreamResponse) -> None:
        for name, value in headers.items():
            response.headers.setdefault(name, value)

    return prepare
