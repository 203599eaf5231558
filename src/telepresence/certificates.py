"""Certificates for a server that no public authority can vouch for: a private one, bound to the server's own names.

`cli/cert.py` writes what this module makes. A hospital's machines come to trust the authority, so it is made such that it can
vouch for nothing else: its certificate has critical name constraints. Pure: `now` comes in, PEM goes out.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER_LIFE = timedelta(days=397)
"""Browsers take no server's certificate that lives longer than 398 days. Source: CA/Browser Forum, Baseline Requirements §6.3.2."""

AUTHORITY_LIFE = timedelta(days=3650)
"""Of an authority whose key is kept: machines are told to trust it once. Without its key it lives as long as what it signed."""

SKEW = timedelta(hours=1)
"""Certificates begin a little earlier, for clocks that are slow."""

EVERY_IP = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Names:
    """What a certificate is for: host names in ASCII, and addresses."""

    hosts: Sequence[str]
    addresses: Sequence[Address] = ()


@dataclass(frozen=True, slots=True)
class Authority:
    """A private authority."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def certificate_pem(self) -> bytes:
        """Returns what machines are to trust."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        """Returns what must not lie beside the server."""
        return _key_pem(self.key)


@dataclass(frozen=True, slots=True)
class Server:
    """A server's certificate with its chain, and its key, as PEM."""

    chain_pem: bytes
    key_pem: bytes


def make_authority(names: Names, now: datetime, life: timedelta) -> Authority:
    """Returns a fresh authority that can vouch for those names, those below them, and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Telepresence of {_first(names)}"[:64])])
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = (
        _builder(name, name, key, now, life)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(_constraints(names), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    return Authority(builder.sign(key, hashes.SHA256()), key)


def read_authority(certificate_pem: bytes, key_pem: bytes) -> Authority:
    """Returns an authority that was kept. Raises ValueError when the two are no PEM of ours, or do not belong together."""
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    key = serialization.load_pem_private_key(key_pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        message = "the key is not the one of the authority's certificate"
        raise ValueError(message)
    return Authority(certificate, key)


def may_vouch(authority: Authority, names: Names) -> bool:
    """Tells whether the authority was made for all those names."""
    constraints = authority.certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    permitted = constraints.permitted_subtrees or []
    hosts = [entry.value for entry in permitted if isinstance(entry, x509.DNSName)]
    networks = [entry.value for entry in permitted if isinstance(entry, x509.IPAddress)]
    return set(names.hosts) <= set(hosts) and {ipaddress.ip_network(address) for address in names.addresses} <= set(
        networks
    )


def certify(authority: Authority, names: Names, now: datetime) -> Server:
    """Returns a fresh key and the certificate for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    # No name of the server: OpenSSL takes a common name for a host's when there is no other, also an address.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Telepresence server")])
    life = min(SERVER_LIFE, authority.certificate.not_valid_after_utc - now)
    alternatives = [*map(x509.DNSName, names.hosts), *map(x509.IPAddress, names.addresses)]
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        _builder(subject, authority.certificate.subject, key, now, life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(issuer_key, critical=False)
    )
    certificate = builder.sign(authority.key, hashes.SHA256())
    return Server(certificate.public_bytes(serialization.Encoding.PEM) + authority.certificate_pem(), _key_pem(key))


def _first(names: Names) -> str:
    return names.hosts[0] if names.hosts else str(names.addresses[0])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now - SKEW + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _constraints(names: Names) -> x509.NameConstraints:
    """A kind of name that is not permitted by example is excluded as a whole: a list of the one says nothing of the other."""
    permitted = [*map(x509.DNSName, names.hosts), *(x509.IPAddress(ipaddress.ip_network(ip)) for ip in names.addresses)]
    excluded: list[x509.GeneralName] = []
    if not names.hosts:
        excluded.append(x509.DNSName(""))
    if not names.addresses:
        excluded += map(x509.IPAddress, EVERY_IP)
    return x509.NameConstraints(permitted, excluded or None)


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
