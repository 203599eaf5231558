"""Whether a hospital without any network but its own machine can hold a call: nothing outside is needed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from e2e.site import LOOPBACK_ONLY

pytestmark = pytest.mark.e2e

HERE = Path(__file__).parent
LONGEST_S = 240.0
"""A call on an idle machine takes 10 s; on a busy one each of its four looks may try on for a minute."""

FAREWELL_S = 10.0
"""For a test that is told to end, to say where it was."""


def unshare() -> list[str]:
    """The command that opens a network namespace; only root needs no user namespace for it."""
    return ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]


async def run_in_namespace(*command: str) -> tuple[int, str]:
    """Runs a command where there is nothing but loopback; returns its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *unshare(),
        sys.executable,
        str(HERE / "loopback.py"),
        *command,
        env=os.environ | {LOOPBACK_ONLY: "1"},
        cwd=HERE.parent.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    talking = asyncio.create_task(process.communicate())
    try:
        is_over, _ = await asyncio.wait({talking}, timeout=LONGEST_S)
        if not is_over:
            os.killpg(process.pid, signal.SIGINT)
            await asyncio.wait({talking}, timeout=FAREWELL_S)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    output, _ = await talking
    assert is_over, f"{command} did not end within {LONGEST_S:g} s:\n{output.decode()}"
    return process.returncode or 0, output.decode()


async def test_there_is_nothing_but_loopback() -> None:
    """The namespace is what it is meant to be."""
    listing = "import socket; print(*(name for _, name in socket.if_nameindex()))"
    code, output = await run_in_namespace(sys.executable, "-c", listing)
    assert (code, output.split()) == (0, ["lo"])


async def test_a_call_needs_nothing_outside() -> None:
    """The smallest call is held once more: server, page, bot and browser have no other network."""
    test = "tests/e2e/test_call.py::test_the_smallest_call_is_seen_and_heard"
    code, output = await run_in_namespace(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test)
    assert code == 0, output
    assert "1 passed" in output
