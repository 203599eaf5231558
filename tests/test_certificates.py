"""Private certificates, in handshakes without a network."""

import contextlib
import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from telepresence.certificates import (
    AUTHORITY_LIFE,
    SERVER_LIFE,
    Authority,
    Names,
    Server,
    certify,
    make_authority,
    may_vouch,
    read_authority,
)

NOW = datetime.now(UTC)  # noqa: TID251 (OpenSSL takes the time from nobody)
HOST, ADDRESS = "meet.hospital.example", ipaddress.ip_address("10.20.0.5")
BOTH = Names([HOST], [ADDRESS])


def shake_hands(authority: Authority, server: Server, host: str, folder: Path) -> str | None:
    """A client that trusts the authority alone calls the server; returns the TLS version. Raises ssl.SSLError."""
    (folder / "chain").write_bytes(server.chain_pem)
    (folder / "key").write_bytes(server.key_pem)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(folder / "chain", folder / "key")
    ours = ssl.create_default_context(cadata=authority.certificate_pem().decode())
    client_in, client_out, server_in, server_out = (ssl.MemoryBIO() for _ in range(4))
    client = ours.wrap_bio(client_in, client_out, server_hostname=host)
    peer = theirs.wrap_bio(server_in, server_out, server_side=True)
    for _ in range(4):
        for end in (client, peer):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
        server_in.write(client_out.read())
        client_in.write(server_out.read())
    return client.version()


@pytest.mark.parametrize("names", [BOTH, Names([HOST]), Names([], [ADDRESS])])
def test_a_client_that_trusts_the_authority_reaches_the_server_by_each_of_its_names(
    names: Names, tmp_path: Path
) -> None:
    """By name, by address, or by both."""
    authority = make_authority(names, NOW, AUTHORITY_LIFE)
    server = certify(authority, names, NOW)
    for host in (*names.hosts, *map(str, names.addresses)):
        assert shake_hands(authority, server, host, tmp_path) == "TLSv1.3"


@pytest.mark.parametrize(
    ("made_for", "claimed", "host"),
    [
        (BOTH, Names(["bank.example"]), "bank.example"),
        (BOTH, Names([HOST], [ipaddress.ip_address("10.20.0.6")]), HOST),
        (Names([HOST]), Names([], [ADDRESS]), str(ADDRESS)),
        (Names([HOST]), Names([], [ipaddress.ip_address("2001:db8::5")]), "2001:db8::5"),
        (Names([], [ADDRESS]), Names(["bank.example"]), "bank.example"),
    ],
)
def test_the_authority_can_vouch_for_nothing_else(made_for: Names, claimed: Names, host: str, tmp_path: Path) -> None:
    """Even whoever has its key deceives nobody who trusts it: another name, another address, or the other kind."""
    authority = make_authority(made_for, NOW, AUTHORITY_LIFE)
    assert not may_vouch(authority, claimed)
    with pytest.raises(ssl.SSLCertVerificationError, match="subtree violation"):
        shake_hands(authority, certify(authority, claimed, NOW), host, tmp_path)


def test_its_constraints_are_critical_and_its_server_lives_as_long_as_browsers_allow() -> None:
    """Less than 398 days; an old client that does not know constraints refuses all."""
    authority = make_authority(BOTH, NOW, AUTHORITY_LIFE)
    assert authority.certificate.extensions.get_extension_for_class(x509.NameConstraints).critical
    leaf = x509.load_pem_x509_certificates(certify(authority, BOTH, NOW).chain_pem)[0]
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc < timedelta(days=398)
    short = make_authority(BOTH, NOW - timedelta(days=300), SERVER_LIFE)
    leaf = x509.load_pem_x509_certificates(certify(short, BOTH, NOW).chain_pem)[0]
    assert leaf.not_valid_after_utc <= short.certificate.not_valid_after_utc


def test_a_kept_authority_signs_again_and_a_wrong_key_is_refused() -> None:
    """For renewal."""
    authority = make_authority(BOTH, NOW, AUTHORITY_LIFE)
    again = read_authority(authority.certificate_pem(), authority.key_pem())
    assert may_vouch(again, BOTH)
    with pytest.raises(ValueError, match="not the one"):
        read_authority(authority.certificate_pem(), make_authority(BOTH, NOW, AUTHORITY_LIFE).key_pem())
