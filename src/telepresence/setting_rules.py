"""What settings mean together: rules that one value alone can't break.

`settings.py` asks here when each value is good by itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from telepresence.addresses import database_fault, is_ip, is_loopback, is_reachable, url_fault

if TYPE_CHECKING:
    from telepresence.settings import DataSettings, MediaSettings, ServerSettings, Settings


class Problem(NamedTuple):
    """What is wrong: section, key, and in words what would be right."""

    section: str
    key: str
    right: str


def problems(settings: Settings) -> Iterator[Problem]:
    """Yields all that is wrong."""
    server = settings.server
    found = (
        _tls_problem(server),
        _proxy_problem(server),
        _admin_problem(settings),
        _url_problem(server),
        _media_problem(settings.media),
        _data_problem(settings.data),
        _rooms_problem(settings),
    )
    yield from (problem for problem in found if problem)


def _tls_problem(server: ServerSettings) -> Problem | None:
    if bool(server.tls_certificate) != bool(server.tls_key):
        key = "tls_key" if server.tls_certificate else "tls_certificate"
        return Problem("server", key, "tls_certificate and tls_key belong together; give both or neither.")
    for key in ("tls_certificate", "tls_key"):
        path = getattr(server, key)
        if path and not Path(path).is_file():
            return Problem("server", key, "there is no such file.")
    if not is_loopback(server.host) and not server.tls_certificate and not server.trusted_proxies:
        right = (
            "off loopback the server needs TLS (server.tls_certificate and server.tls_key) or a proxy that has it "
            "(server.trusted_proxies); browsers give cameras to https pages alone."
        )
        return Problem("server", "host", right)
    return None


def _admin_problem(settings: Settings) -> Problem | None:
    if not is_loopback(settings.admin.host) and not settings.server.tls_certificate:
        right = (
            "off loopback admin tokens need TLS (server.tls_certificate and server.tls_key); reach it by SSH otherwise."
        )
        return Problem("admin", "host", right)
    return None


def _proxy_problem(server: ServerSettings) -> Problem | None:
    for proxy in server.trusted_proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError as error:
            return Problem("server", "trusted_proxies", f"{error}. Right: 10.0.0.5 or 10.0.0.0/24.")
    return None


def _url_problem(server: ServerSettings) -> Problem | None:
    if server.public_url:
        fault = url_fault(server.public_url)
        return Problem("server", "public_url", fault) if fault else None
    if server.trusted_proxies or not is_loopback(server.host):
        right = (
            "off loopback and behind a proxy the server must know what people type, as in "
            "https://meet.hospital.example: pages of any other address can't join."
        )
        return Problem("server", "public_url", right)
    return None


def _data_problem(data: DataSettings) -> Problem | None:
    fault = database_fault(data.database)
    return Problem("data", "database", fault) if fault else None


def _rooms_problem(settings: Settings) -> Problem | None:
    if len(settings.rooms) > settings.limits.rooms:
        return Problem("limits", "rooms", f"there are {len(settings.rooms)} [[rooms]], more than this allows.")
    return None


def _media_problem(media: MediaSettings) -> Problem | None:
    for address in media.advertise:
        if not is_ip(address):
            return Problem(
                "media", "advertise", f"{address!r} is no IP address; clients are told addresses, not names."
            )
        if not is_reachable(address):
            right = "it means nothing on another machine; right are addresses such as 203.0.113.5 or 2001:db8::5"
            return Problem("media", "advertise", f"{address!r}: {right}.")
    if not is_ip(media.host):
        return Problem("media", "host", "it must be an IP address, such as 127.0.0.1 or 0.0.0.0.")
    if ipaddress.ip_address(media.host).is_unspecified and not media.advertise:
        return Problem(
            "media", "advertise", f"with media.host = {media.host} clients must be told at least one address."
        )
    return None
