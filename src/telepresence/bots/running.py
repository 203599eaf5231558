"""Runs bots: participants, their sinks, signals, and what is printed.

Before this module is the command line (`cli.py`), which imports it only when it is needed, for it needs the `bots`
extra; after it are participants on the air, and `report.py`.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass

from msgspec import structs
from rich.console import Console
from rich.live import Live

from telepresence.bots.counting import Counter
from telepresence.bots.link import Link
from telepresence.bots.participant import SILENT_ROLES, Participant
from telepresence.bots.recording import Recorder
from telepresence.bots.report import Report, count_report, lines, write_json
from telepresence.bots.session import RefusedError, UnreachableError
from telepresence.bots.tracks import BotSource
from telepresence.bots.wanted import BotError
from telepresence.bots.watch import Watcher, table
from telepresence.signaling.messages import ClosingReason

_REFRESH_S = 0.5
_CLOSE_S = 5.0  # to close all connections

_say = Console(stderr=True, highlight=False)
"""For people; standard output is kept for tables and JSON."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a crowd of bots shall do.

    `links` and `sources` are one for each; `slots` is 0 for those who only publish. `json` is `-` for standard output, a path,
    or None for people only. With `seconds` media of `expect` sources must have come by the end.
    """

    links: Sequence[Link]
    sources: Sequence[Sequence[BotSource]]
    slots: int = 0
    expect: int = 0
    recorder: Recorder | None = None
    accepts_stage: bool = False
    json: str | None = None
    seconds: float | None = None
    patience: float = 10.0


async def attend(run: Run) -> None:
    """All join, stay for `seconds` (for ever if None, until a signal) and leave; then comes the report.

    Raises BotError if one could not join within `patience` seconds, was sent away, or no media came by the end.
    """
    crowd = Crowd(run)
    stop = _stop_event()
    try:
        await crowd.join(stop)
        began = time.monotonic()
        await crowd.stay(stop)
        report = await crowd.report(time.monotonic() - began)
        await crowd.leave()
    finally:
        await crowd.close()
    if run.recorder is not None:
        report = structs.replace(report, recording=run.recorder.close())
    _print(report, run)
    _check(report, run, crowd)


class Crowd:
    """The participants of one process: the first decodes or records, the others count what they get."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._watcher = Watcher()
        self._counters = [Counter() for _ in run.links[1:]]
        sinks = [run.recorder or self._watcher, *self._counters]
        self.participants = [
            Participant(
                link, sources=sources, slots=run.slots, sink=sink, accepts_stage=run.accepts_stage,
                tiles=run.recorder.tiles if sink is run.recorder and run.recorder else None,
            )
            for link, sources, sink in zip(run.links, run.sources, sinks, strict=True)
        ]  # fmt: skip
        self._running: list[asyncio.Task[None]] = []

    @property
    def first(self) -> Participant:
        """The one whose verdict counts."""
        return self.participants[0]

    async def join(self, stop: asyncio.Event) -> None:
        """Lets them in one after the other; those who must be let in by somebody do not hold up the ones behind them.

        Raises BotError.
        """
        for participant in self.participants:
            running = asyncio.create_task(participant.run())
            self._running.append(running)
            await _until(participant.wait_answered(), running, stop, self._run.patience)
            if participant.joined is None and participant.waiting is None and not stop.is_set():
                words = participant.trouble or f"The server did not let the bot in within {self._run.patience:g} s"
                raise BotError(words)
        for participant, running in zip(self.participants, self._running, strict=True):
            # As long as it takes; where the run has a length, at most so long.
            await _until(participant.wait_joined(), running, stop, self._run.seconds)
            if participant.joined is None and not stop.is_set():
                away = participant.parting is not None
                raise BotError(participant.trouble if away else f"Nobody let the bot in within {self._run.seconds:g} s")
        if self._run.recorder is not None and not stop.is_set():
            try:
                await self.first.record(recording=True)
            except (RefusedError, UnreachableError) as error:
                raise BotError(f"The bot may not record: {error}") from error

    async def stay(self, stop: asyncio.Event) -> None:
        """Waits for the end, with a table of what the first one sees. Raises BotError if one is refused meanwhile."""
        shown = self._run.slots > 0 and self._run.json != "-" and self._run.recorder is None
        drawing = asyncio.create_task(_draw(self.first, self._watcher)) if shown else None
        everybody = asyncio.create_task(_all_gone(self._running))
        failed = self._run.recorder.failed if self._run.recorder else asyncio.Event()
        try:
            await _until(failed.wait(), everybody, stop, self._run.seconds)
        finally:
            everybody.cancel()
            if drawing is not None:
                drawing.cancel()

    async def report(self, seconds: float) -> Report:
        """The verdict at this moment."""
        joined, parting = self.first.joined, self.first.parting
        pairs = zip(self.participants[1:], self._counters, strict=True)
        return Report(
            room="" if joined is None else joined.room.id,
            participant="" if joined is None else joined.participant,
            seconds=round(seconds, 1),
            publishing=self.first.is_publishing,
            packets=await self.first.media.packets_received(),
            sources=self._watcher.sources(self.first.members, self.first.left_at),
            recording=None,
            others=tuple([await count_report(participant, counter) for participant, counter in pairs]),
            closed=None if parting is None else parting.reason,
        )

    async def leave(self) -> None:
        """Says that the recording is over, and good-bye."""
        if self._run.recorder is not None:
            with suppress(RefusedError, UnreachableError):
                await self.first.record(recording=False)
        await asyncio.gather(*(participant.leave() for participant in self.participants))
        # Connections that are cut off in closing leave threads behind, for which the process would wait for ever.
        await asyncio.wait(self._running, timeout=_CLOSE_S)

    async def close(self) -> None:
        """Ends all, whatever they do."""
        for running in self._running:
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


async def _until(
    done: Coroutine[None, None, object], running: asyncio.Task[None], stop: asyncio.Event, seconds: float | None
) -> None:
    """Waits for something, the end of who was to bring it, a signal, or so long. Raises BotError if that one was refused."""
    tasks = [asyncio.create_task(done), asyncio.create_task(stop.wait())]
    await asyncio.wait({*tasks, running}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    if running.done() and not running.cancelled() and (error := running.exception()) is not None:
        if isinstance(error, RefusedError):
            raise BotError(f"The server refused the bot: {error} ({error.code})") from error
        raise error


async def _all_gone(running: Sequence[asyncio.Task[None]]) -> None:
    """Returns when all have ended, raises as soon as one was refused."""
    await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
    for task in running:
        if task.done():
            await task


async def _draw(participant: Participant, watcher: Watcher) -> None:
    """Keeps the table fresh until cancelled; the last one stays on the screen."""
    with Live(table(()), console=Console(), auto_refresh=False) as live:
        while True:
            live.update(table(watcher.sources(participant.members, participant.left_at)), refresh=True)
            await asyncio.sleep(_REFRESH_S)


def _stop_event() -> asyncio.Event:
    """Set by Ctrl-C or a service manager's stop, so that the bot leaves politely."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def _print(report: Report, run: Run) -> None:
    """The document where it was asked for, and lines for people on standard error."""
    if run.json is not None:
        write_json(report, run.json)
    for line in lines(report):
        _say.print(line, soft_wrap=True)


def _check(report: Report, run: Run, crowd: Crowd) -> None:
    """Raises BotError if the bot was sent away, the recording failed, or a run of given length had no media."""
    if run.recorder is not None and run.recorder.trouble:
        raise BotError(run.recorder.trouble)
    if report.closed is ClosingReason.REMOVED:
        raise BotError(crowd.first.trouble)
    if run.seconds is None or report.closed is not None:
        return
    if run.sources[0] and crowd.first.role not in SILENT_ROLES and not report.publishing:
        raise BotError("Nothing was published: the connection to the server's media port did not come about")
    if run.recorder is not None:
        if report.recording is None or not report.recording.seconds:
            raise BotError(f"Nothing of {run.recorder.site} was received, so there is no file")
    elif run.slots and len(report.sources) < run.expect:
        raise BotError(f"Media of {len(report.sources)} sources was received, {run.expect} were expected")
