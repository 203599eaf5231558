"""`telepresence cert`: which files there are afterwards, and that a server takes them."""

import re
import ssl
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from telepresence.engine.fake import FakeEngine
from telepresence.server import running
from telepresence.settings import AdminSettings, DataSettings, ServerSettings, Settings

Run = Callable[..., tuple[int, str]]


def mode(path: Path) -> int:
    """Who may read it."""
    return path.stat().st_mode & 0o777


def words(text: str) -> str:
    """As one line."""
    return re.sub(r"\s+", " ", text)


async def test_a_server_with_the_certificate_is_reached_by_who_trusts_the_authority(tmp_path: Path, run: Run) -> None:
    """And by nobody else; no key of the authority is left anywhere."""
    folder = tmp_path / "tls"
    code, text = run("cert", str(folder), "--name", "localhost", "--ip", "127.0.0.1")
    assert code == 0, text
    assert sorted(path.name for path in folder.iterdir()) == ["ca.pem", "fullchain.pem", "key.pem"]
    assert (mode(folder), mode(folder / "key.pem")) == (0o700, 0o600)
    assert "thrown away" in text
    assert f'tls_key = "{folder / "key.pem"}"' in text
    server = ServerSettings(port=0, tls_certificate=str(folder / "fullchain.pem"), tls_key=str(folder / "key.pem"))
    settings = Settings(server=server, admin=AdminSettings(port=0), data=DataSettings(directory=str(tmp_path / "var")))
    async with running(settings, FakeEngine()) as there, aiohttp.ClientSession() as http:
        trusting = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        for host in ("localhost", "127.0.0.1"):
            async with http.get(f"https://{host}:{there.port}/healthz", ssl=trusting) as response:
                assert response.status == 200
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await http.get(f"https://localhost:{there.port}/healthz")


def test_an_authority_whose_key_is_kept_elsewhere_renews(tmp_path: Path, run: Run) -> None:
    """The machines go on trusting the same ca.pem; other names need another authority."""
    folder, ca_key = tmp_path / "tls", tmp_path / "safe" / "ca-key.pem"
    make = ("cert", str(folder), "--ca-key", str(ca_key), "--name")
    assert run(*make, "meet.hospital.example")[0] == 0
    assert mode(ca_key) == 0o600
    authority, chain = (folder / "ca.pem").read_bytes(), (folder / "fullchain.pem").read_bytes()
    code, text = run(*make, "meet.hospital.example")
    assert code == 0
    assert text.startswith("Renewed")
    assert (folder / "ca.pem").read_bytes() == authority
    renewed = (folder / "fullchain.pem").read_bytes()
    assert renewed != chain
    assert x509.load_pem_x509_certificates(renewed)[1].public_bytes(Encoding.PEM) == authority
    code, text = run(*make, "other.example")
    assert (code, "not made for all of these names" in words(text)) == (2, True)
    ca_key.write_text("nothing")
    code, text = run(*make, "meet.hospital.example")
    assert (code, "can't be used together" in words(text)) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--name"),
        (("--name", "https://meet.example"), "no host name"),
        (("--name", "西峡.example"), "xn--"),
        (("--name", "*.example"), "no host name"),
        (("--ip", "10.0.0"), "--ip"),
    ],
)
def test_a_name_that_is_none_is_said(tmp_path: Path, run: Run, arguments: tuple[str, ...], said: str) -> None:
    """And nothing is written."""
    code, text = run("cert", str(tmp_path / "tls"), *arguments)
    assert (code, said in words(text)) == (2, True)
    assert not (tmp_path / "tls").exists()


def test_nothing_that_is_there_is_overwritten_and_no_key_of_the_authority_lies_beside_the_server(
    tmp_path: Path, run: Run
) -> None:
    """A second run without the kept key would void what machines trust."""
    folder = tmp_path / "tls"
    code, text = run("cert", str(folder), "--name", "a.example", "--ca-key", str(folder / "ca-key.pem"))
    assert (code, "is inside of" in words(text)) == (2, True)
    assert run("cert", str(folder), "--name", "a.example")[0] == 0
    before = (folder / "fullchain.pem").read_bytes()
    code, text = run("cert", str(folder), "--name", "a.example")
    assert (code, "is there already" in words(text)) == (2, True)
    assert (folder / "fullchain.pem").read_bytes() == before
