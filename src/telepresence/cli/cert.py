"""`telepresence cert`: a certificate for a server that no public authority can vouch for."""

from __future__ import annotations

import ipaddress
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from telepresence import certificates
from telepresence.certificates import Authority, Names
from telepresence.cli.common import fail

CA, CHAIN, KEY = "ca.pem", "fullchain.pem", "key.pem"


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(epilog="Example: telepresence cert /etc/telepresence/tls --name meet.hospital.example")(cert)


def cert(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the server's files go.", file_okay=False)],
    name: Annotated[list[str], typer.Option(help="A host name that people type; may be given several times.")] = [],  # noqa: B006 (typer copies it)
    ip: Annotated[list[str], typer.Option(help="An address that people type; may be given several times.")] = [],  # noqa: B006
    ca_key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Keep the authority's key here, away from the server, to renew with the same command within 397 days. "
            "Without it the key is thrown away once it has signed.",
        ),
    ] = None,
) -> None:
    """Make a private certificate authority and a certificate for the server.

    DIR gets fullchain.pem and key.pem for server.tls_certificate and server.tls_key, and ca.pem, which the sites' machines are
    to trust. The authority can vouch for these names alone. A server's certificate is good for 397 days, as browsers demand.
    """
    names = _names(name, ip)
    if ca_key and directory.resolve() in ca_key.resolve().parents:
        fail(f"--ca-key {ca_key} is inside of {directory}: whoever takes the server's files must not get it.", 2)
    is_renewal = ca_key is not None and ca_key.exists()
    try:
        authority = _kept(ca_key, directory, names) if ca_key and is_renewal else _fresh(ca_key, directory, names)
        _write(directory, authority, names)
    except OSError as error:
        fail(f"{error.filename} can't be written: {error.strerror}.")
    typer.echo(_report(directory, names, ca_key, is_renewal=is_renewal))


def _names(hosts: list[str], addresses: list[str]) -> Names:
    if not hosts and not addresses:
        fail("Give --name (what people type, as in meet.hospital.example), --ip, or both.", 2)
    for host in hosts:
        labels = host.split(".")
        if not all(label.replace("-", "").isalnum() and label.isascii() for label in labels) or len(host) > 253:  # noqa: PLR2004 (RFC 1035)
            fail(f"--name {host!r} is no host name; right are meet.hospital.example or xn--… for a Chinese one.", 2)
    try:
        return Names([host.lower() for host in hosts], [ipaddress.ip_address(address) for address in addresses])
    except ValueError as error:
        fail(f"--ip: {error}.", 2)


def _fresh(ca_key: Path | None, directory: Path, names: Names) -> Authority:
    """Makes an authority; its key is written only where it was asked for."""
    for file in (CA, CHAIN, KEY):
        if (directory / file).exists():
            text = "renew it with the --ca-key that it was made with, or move it away: machines must then trust the new ca.pem"
            fail(f"{directory / file} is there already; {text}.", 2)
    life = certificates.AUTHORITY_LIFE if ca_key else certificates.SERVER_LIFE
    authority = certificates.make_authority(names, datetime.now(UTC), life)
    if ca_key:
        ca_key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(ca_key, authority.key_pem(), 0o600)
    return authority


def _kept(ca_key: Path, directory: Path, names: Names) -> Authority:
    try:
        authority = certificates.read_authority((directory / CA).read_bytes(), ca_key.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        fail(f"{ca_key} and {directory / CA} can't be used together: {error}.")
    if not certificates.may_vouch(authority, names):
        fail(
            f"The authority of {directory / CA} was not made for all of these names; a new one is needed, elsewhere.", 2
        )
    return authority


def _write(directory: Path, authority: Authority, names: Names) -> None:
    server = certificates.certify(authority, names, datetime.now(UTC))
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _replace(directory / KEY, server.key_pem, 0o600)
    _replace(directory / CHAIN, server.chain_pem, 0o600)
    _replace(directory / CA, authority.certificate_pem(), 0o644)


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Writes a file whole or not at all; nobody else can read a key at any moment."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    temporary.replace(path)


def _report(directory: Path, names: Names, ca_key: Path | None, *, is_renewal: bool) -> str:
    shown = ", ".join([*names.hosts, *map(str, names.addresses)])
    if ca_key:
        key = f"The authority's key is in {ca_key}: take it to where the server is not, and bring it for the next renewal."
    else:
        key = "The authority's key has signed once and was thrown away. In 397 days all machines need a new ca.pem."
    lines = [
        f"{'Renewed' if is_renewal else 'Made'} for {shown}, good for {certificates.SERVER_LIFE.days} days.",
        "Put into the settings:",
        "  [server]",
        f'  tls_certificate = "{(directory / CHAIN).resolve()}"',
        f'  tls_key = "{(directory / KEY).resolve()}"',
        f"On each site's machine trust {directory / CA}; it can vouch for nothing else than these names.",
        key,
    ]
    return "\n".join(lines)
