"""TCP ports that the server listens on, and the words for why it can't.

`server.py` opens two: people's, and the operator's own.
"""

from __future__ import annotations

import errno
import os
import ssl
from typing import NamedTuple

from aiohttp import web

from telepresence.settings import ServerSettings


class StartError(Exception):
    """The server can't start; the text says why and what to do."""


class Address(NamedTuple):
    """Where to listen; `section` of the settings says so."""

    section: str
    host: str
    port: int


async def listen(runner: web.AppRunner, address: Address, tls: ssl.SSLContext | None) -> int:
    """Begins to serve; returns the port that was bound. Raises StartError."""
    section, host, port = address
    site = web.TCPSite(runner, host, port, ssl_context=tls)
    try:
        await site.start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            text = f"TCP port {port} of {host} is taken, perhaps by a Telepresence that already runs. Stop what holds it, or"
            example = f"TELEPRESENCE_{section.upper()}__PORT={9090 if section == 'server' else 9092}"
            raise StartError(f"{text} set another {section}.port, as by {example}.") from None
        text = f"TCP {host}:{port} can't be opened: {os.strerror(error.errno or 0)}. Set {section}.host to an address"
        raise StartError(f"{text} of this machine.") from None
    return int(runner.addresses[0][1])


def tls_context(server: ServerSettings) -> ssl.SSLContext | None:
    """Returns what the settings' certificate makes possible; null without one. Raises StartError."""
    if not server.tls_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(server.tls_certificate, server.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise StartError(f"server.tls_certificate and server.tls_key can't be used together: {error}.") from None
    return context
