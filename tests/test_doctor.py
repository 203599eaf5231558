"""What the doctor finds, and what it advises."""

import socket
from pathlib import Path

from telepresence import doctor
from telepresence.auth import SECRET_NAME, load_secret
from telepresence.doctor import Verdict
from telepresence.settings import DataSettings, MediaSettings, ServerSettings, Settings


def examine(tmp_path: Path, *, tcp: int = 0, udp: int = 0) -> dict[str, doctor.Finding]:
    """Runs all checks; returns findings by subject."""
    settings = Settings(
        server=ServerSettings(port=tcp), media=MediaSettings(port=udp), data=DataSettings(directory=str(tmp_path))
    )
    return {finding.subject: finding for finding in doctor.examine(settings)}


def test_every_check_has_a_verdict_and_a_bad_one_has_advice(tmp_path: Path) -> None:
    """Nobody is left with a mere complaint."""
    findings = examine(tmp_path)
    assert {
        "kernel",
        "TCP 127.0.0.1:0",
        "UDP 127.0.0.1:0",
        "open files",
        "clock",
        "media engine",
        "page",
    } <= findings.keys()
    for finding in findings.values():
        assert finding.found
        assert finding.verdict is Verdict.OK or finding.advice


def test_ports_that_are_taken_fail(tmp_path: Path) -> None:
    """A socket of our own holds each."""
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        for holder in (tcp, udp):
            holder.bind(("127.0.0.1", 0))
        tcp.listen()
        ports = tcp.getsockname()[1], udp.getsockname()[1]
        findings = examine(tmp_path, tcp=ports[0], udp=ports[1])
    assert findings[f"TCP 127.0.0.1:{ports[0]}"].verdict is Verdict.FAILED
    assert "server.port" in findings[f"TCP 127.0.0.1:{ports[0]}"].advice
    assert findings[f"UDP 127.0.0.1:{ports[1]}"].verdict is Verdict.FAILED


def test_a_secret_that_others_can_read_fails(tmp_path: Path) -> None:
    """First it will be made, then it is good, then its mode is spoilt."""
    assert "first start" in examine(tmp_path)["token secret"].found
    load_secret(tmp_path)
    assert examine(tmp_path)["token secret"].verdict is Verdict.OK
    (tmp_path / SECRET_NAME).chmod(0o640)
    assert "chmod 600" in examine(tmp_path)["token secret"].advice


def test_the_doctor_promises_nothing_that_the_engine_does_not_do(tmp_path: Path) -> None:
    """There is no segmentation offload yet."""
    assert "GSO" not in " ".join(finding.found + finding.advice for finding in examine(tmp_path).values())
