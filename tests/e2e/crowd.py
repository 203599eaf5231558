"""A crowd of bots in one process, by the command that people use: the first decodes, the others count packets and frames.

Before this module are the sites' tokens; after it, the crowd's own report says what each of them got. Ten that publish loops
and watch four each take about one core; who only watches takes a tenth of that.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from e2e.server import stop

POLL_S = 0.2


class Crowd:
    """Use it as a context, `with Crowd(...) as crowd`: leaving it ends the bots, if `report()` did not.

    `arguments` begin with `publish` or `watch` and go on as in `telepresence bot --help`.
    """

    def __init__(
        self, origin: str, tokens: Sequence[str], folder: Path, *arguments: str, count: int | None = None
    ) -> None:
        """One bot for each token; with `count` so many, the tokens used in turn. `folder` keeps the log and the report."""
        self.count = count or len(tokens)
        self._links, self._log, self._report = (folder / f"crowd.{what}" for what in ("links", "log", "json"))
        self._links.touch(mode=0o600)
        self._links.write_text("\n".join(tokens))
        self._command = [sys.executable, "-m", "telepresence.bots.cli", *arguments, "--url", origin]
        self._command += ["--links", str(self._links), "--count", str(self.count), "--json", str(self._report)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """They come."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """They go."""
        self._end()

    @property
    def pid(self) -> int:
        """The process of all of them, for `load.Watch`."""
        assert self._process is not None, "the crowd was not started"
        return self._process.pid

    def log(self) -> str:
        """What they have said so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    async def wait_joined(self, seconds: float) -> None:
        """Waits until all are in the room."""
        await self._wait_said("Joined the room", self.count, seconds)

    async def wait_waiting(self, seconds: float) -> None:
        """Waits until all wait to be let in."""
        await self._wait_said("Waiting to be let in", self.count, seconds)

    async def report(self) -> dict[str, Any]:
        """Ends the bots, and returns what `--json` says of their time (`telepresence.bots.report.Report`)."""
        await asyncio.to_thread(self._end)
        assert self._report.exists(), f"the crowd left no report:\n{self.log()}"
        return json.loads(self._report.read_bytes())

    async def _wait_said(self, words: str, times: int, seconds: float) -> None:
        """Waits until the log has the words so often."""
        try:
            async with asyncio.timeout(seconds):
                while self.log().count(words) < times:
                    assert self._process is not None, "the crowd was not started"
                    assert self._process.poll() is None, f"the crowd has ended:\n{self.log()}"
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise AssertionError(f"not {times} times “{words}” within {seconds:g} s:\n{self.log()}") from None

    def _end(self) -> None:
        """They leave politely; who does not is ended."""
        if self._process is not None:
            stop(self._process)
