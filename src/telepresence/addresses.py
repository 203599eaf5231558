"""Addresses as people write them and as browsers do: what is loopback, and what is an origin.

`settings.py` checks with it, `signaling/door.py` compares with it.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}

RIGHT_URL = "Right are https://, a name, and a port if it isn't 443, as in https://meet.hospital.example:8443."

RIGHT_DATABASE = "Right is postgresql://telepresence:password@database.hospital.example/telepresence, or nothing for SQLite in data.directory."


def origin_of(url: str) -> str:
    """Returns scheme, host and port as a browser writes them in `Origin`: no default port, no path. Raises ValueError."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    is_default = parts.port is None or parts.port == DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{shown}" + ("" if is_default else f":{parts.port}")


def url_fault(url: str) -> str | None:
    """Returns in words why the server's pages can't have that address, or null."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        return f"{error}. {RIGHT_URL}"
    fault = None
    if parts.scheme not in DEFAULT_PORTS:
        fault = "it must begin with https:// (or http:// for localhost)"
    elif not host or not host.isascii() or parts.username is not None:
        fault = "it needs a host, in ASCII (a Chinese name as xn--…), without a user"
    elif parts.scheme == "http" and not is_loopback(host):
        fault = "http:// is for localhost alone, elsewhere browsers give it no camera"
    elif parts.path not in ("", "/") or parts.query or parts.fragment:
        fault = "the server is not below a path"
    return f"{fault}. {RIGHT_URL}" if fault else None


def database_fault(url: str) -> str | None:
    """Returns in words why that is no address of a database, without repeating it: it may hold a password. Or null."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return f"it can't be read: of user and password, write @ : / ? # as %40 %3A %2F %3F %23. {RIGHT_DATABASE}"
    if parts.scheme not in ("postgresql", "postgres"):
        return f"it must begin with postgresql://. {RIGHT_DATABASE}"
    return None if parts.path.strip("/") else f"it names no database. {RIGHT_DATABASE}"


def is_loopback(host: str) -> bool:
    """Tells whether only this machine reaches `host`."""
    return host == "localhost" or (is_ip(host) and ipaddress.ip_address(host).is_loopback)


def is_ip(text: str) -> bool:
    """Tells whether `text` is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_reachable(address: str) -> bool:
    """Tells whether others may send to an IP address: not 0.0.0.0, no group, nothing with the name of an interface (`%`)."""
    ip = ipaddress.ip_address(address)
    return not (ip.is_unspecified or ip.is_multicast or "%" in address)
