"""`telepresence doctor`: is this machine fit to run the server, and what is to be done where it is not."""

from __future__ import annotations

import platform
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from telepresence.auth import SECRET_NAME, SecretError, check_mode
from telepresence.page import WEB_DIRECTORY
from telepresence.settings import Settings

UDP_BUFFER_BYTES = 4 * 1024 * 1024
"""A tenth of a second of 300 Mbit/s: what arrives while the engine's thread waits for its core."""

FILES = 4_096
"""A socket a participant, and room beside it."""

NAMES = {"rmem_max": "receive", "wmem_max": "send"}

EARLIEST = 1_767_225_600
"""1 January 2026: a clock before it is wrong, and tokens would not expire as they should."""

PROBE_S = 5


class Verdict(StrEnum):
    """How a check went."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, what was found, and what to do."""

    verdict: Verdict
    subject: str
    found: str
    advice: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Runs all checks, in the order in which a start would fail."""
    yield _kernel()
    yield _port(socket.SOCK_STREAM, settings.server.host, settings.server.port, "server.port")
    yield _port(socket.SOCK_DGRAM, settings.media.host, settings.media.port, "media.port")
    yield from _udp_buffers()
    yield _files()
    yield _clock()
    yield _synchronised()
    yield _engine()
    yield _page()
    yield _secret(Path(settings.data.directory))


def _kernel() -> Finding:
    release = platform.release()
    if platform.system() != "Linux":
        return Finding(Verdict.FAILED, "kernel", platform.system(), "The server runs on Linux alone.")
    return Finding(Verdict.OK, "kernel", f"Linux {release}")


def _port(kind: socket.SocketKind, host: str, port: int, key: str) -> Finding:
    subject = f"{'TCP' if kind == socket.SOCK_STREAM else 'UDP'} {host}:{port}"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            advice = f"Stop what holds it (ss -lntup), or set {key} to another port. A running server holds it, too."
            return Finding(Verdict.FAILED, subject, str(error.strerror), advice)
    return Finding(Verdict.OK, subject, "free")


def _udp_buffers() -> Iterator[Finding]:
    for name, use in NAMES.items():
        subject = f"UDP {use} buffer"
        try:
            size = int(Path(f"/proc/sys/net/core/{name}").read_text())
        except (OSError, ValueError):
            yield Finding(Verdict.WARNING, subject, "can't be read here", "In a container it is the host's to set.")
            continue
        found = f"net.core.{name} = {size}"
        if size < UDP_BUFFER_BYTES:
            advice = f"A burst may be lost. Run: sudo sysctl -w net.core.{name}={UDP_BUFFER_BYTES}"
            yield Finding(Verdict.WARNING, subject, found, advice)
        else:
            yield Finding(Verdict.OK, subject, found)


def _files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < FILES:
        advice = f"Each participant needs one. Run: ulimit -n {FILES} (systemd: LimitNOFILE={FILES})."
        return Finding(Verdict.WARNING, "open files", str(soft), advice)
    return Finding(Verdict.OK, "open files", str(soft))


def _clock() -> Finding:
    now = time.time()
    text = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if now < EARLIEST:
        return Finding(Verdict.FAILED, "clock", text, "Set the clock: links would not expire when they should.")
    return Finding(Verdict.OK, "clock", text)


def _synchronised() -> Finding:
    subject = "clock synchronised"
    program = shutil.which("timedatectl")
    unknown = Finding(Verdict.WARNING, subject, "unknown", "Let chrony, ntpd or systemd-timesyncd keep the clock.")
    if program is None:
        return unknown
    try:
        command = [program, "show", "--property=NTPSynchronized", "--value"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_S, check=True)  # noqa: S603 (a fixed command)
    except (OSError, subprocess.SubprocessError):
        return unknown
    if answer.stdout.strip() == "yes":
        return Finding(Verdict.OK, subject, "yes")
    return Finding(Verdict.WARNING, subject, "no", "Run: sudo timedatectl set-ntp true")


def _engine() -> Finding:
    try:
        import telepresence.engine._native  # noqa: F401, PLC0415 (whether it loads is the question)
    except ImportError as error:
        return Finding(Verdict.FAILED, "media engine", f"does not load: {error}", "Run: make engine")
    return Finding(Verdict.OK, "media engine", "loads")


def _page() -> Finding:
    if (WEB_DIRECTORY / "index.html").is_file():
        return Finding(Verdict.OK, "page", "built")
    return Finding(Verdict.FAILED, "page", "not built", "Run: make page")


def _secret(directory: Path) -> Finding:
    path = directory / SECRET_NAME
    try:
        check_mode(path)
    except FileNotFoundError:
        return Finding(Verdict.OK, "token secret", f"will be made at first start in {directory}")
    except SecretError as error:
        return Finding(Verdict.FAILED, "token secret", str(path), str(error))
    except OSError as error:
        return Finding(Verdict.FAILED, "token secret", str(error), "Let the server own its data directory.")
    return Finding(Verdict.OK, "token secret", f"{path}, readable by its owner alone")
