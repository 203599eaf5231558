"""How a bot knows where to go and who it is: a link as people get it, or the server's address and a token.

Before this module are a person's words; after it, `session.py` opens the socket.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit


class LinkError(ValueError):
    """What was given is no address or no link; the message says what would be right."""


@dataclass(frozen=True)
class Link:
    """Where to join: `origin` is the server's http(s) origin, `socket` the WebSocket's URL."""

    origin: str
    token: str = field(repr=False)  # a token is a key: it stays out of logs and tracebacks

    @property
    def socket(self) -> str:
        """URL of the signaling socket."""
        return "ws" + self.origin.removeprefix("http") + "/ws"


def parse_link(link: str) -> Link:
    """Reads `http://host/room/ROOM#t=TOKEN`. Raises LinkError."""
    parts = urlsplit(link)
    tokens = parse_qs(parts.fragment).get("t", [])
    if len(tokens) != 1:
        raise LinkError("the link has no token: a whole one looks like http://localhost:8080/room/ROOM#t=TOKEN")
    return Link(_origin(link), tokens[0])


def link_from(url: str, token: str) -> Link:
    """Joins a server's address and a token. Raises LinkError."""
    if not token.strip():
        raise LinkError("the token is empty")
    return Link(_origin(url), token.strip())


def read_links(text: str, url: str) -> list[Link]:
    """Reads a link or a token on each line; tokens are for the server at `url`, empty lines are nothing. Raises LinkError."""
    links = []
    for number, line in enumerate(text.splitlines(), 1):
        if words := line.strip():
            try:
                links.append(parse_link(words) if "://" in words else link_from(url, words))
            except LinkError as error:
                raise LinkError(f"line {number}: {error}") from error
    if not links:
        raise LinkError("the file of links is empty: it has a link or a token on each line")
    return links


def _origin(url: str) -> str:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        # Not the whole text: there may be a token in it.
        shown = url.partition("#")[0]
        raise LinkError(f"{shown!r} is no address of a server: it looks like http://localhost:8080")
    return f"{parts.scheme}://{parts.netloc}"
