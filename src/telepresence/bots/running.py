"""Puts a bot together and runs it: sources, participant, judge, signals, and what is printed.

Before this module is the command line (`cli.py`), which imports it only when it is needed, for it needs the `bots`
extra; after it is a participant on the air.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console
from rich.live import Live
from rich.markup import escape

from telepresence.bots.chart import ChartFormat, Tone
from telepresence.bots.clip import ClipError, default_cache, find_film, load_clip
from telepresence.bots.link import Link
from telepresence.bots.loop import chart_loop
from telepresence.bots.participant import Participant
from telepresence.bots.peer import VideoCodec
from telepresence.bots.session import RefusedError
from telepresence.bots.tracks import BotSource, chart_source, clip_source
from telepresence.bots.watch import Watcher, WatchReport, table

CLIP_LABEL = "Big Buck Bunny, CC-BY Blender"
"""The licence asks that the film be credited where it is shown."""

_REFRESH_S = 0.5


class BotError(Exception):
    """The bot could not do its work; the message is for a person."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What `publish` shall put on the air."""

    clip: bool
    chart: bool
    file: Path | None
    label: str
    number: int
    form: ChartFormat
    tone: Tone | None
    loop: bool
    codec: VideoCodec


@dataclass(frozen=True, kw_only=True)
class Watching:
    """What `watch` shall do: `json` is `-` for standard output, a path, or None for a table only."""

    slots: int
    json: str | None
    expect: int


def build_sources(wanted: Wanted, console: Console) -> list[BotSource]:
    """The sources to publish. A missing demo clip is said on `console` and left out while there is something else.

    Raises BotError if nothing is left, or the file asked for cannot be played.
    """
    sources = []
    if wanted.file is not None:
        sources.append(_clip(wanted.file, "file", wanted.file.stem[:80]))
    if wanted.clip:
        try:
            sources.append(_clip(find_film(), "clip", CLIP_LABEL))
        except (ClipError, BotError) as error:
            if not wanted.chart:
                raise BotError(str(error)) from error
            console.print(f"[yellow]{escape(str(error))}[/]. The chart is published alone.", soft_wrap=True)
    if wanted.chart:
        sources.append(_chart(wanted))
    return sources


def _chart(wanted: Wanted) -> BotSource:
    """The chart as a source: drawn and encoded as it goes, or once."""
    label, form, number, tone, codec = wanted.label, wanted.form, wanted.number, wanted.tone, wanted.codec
    if not wanted.loop:
        return chart_source(source_id="chart", label=label, form=form, number=number, tone=tone, codec=codec)
    loop = chart_loop(form=form, label=label, number=number, tone=tone, codec=codec)
    return clip_source(source_id="chart", label=label, clip=loop, codec=codec)


def _clip(film: Path, source_id: str, label: str) -> BotSource:
    """A film as a source."""
    try:
        return clip_source(source_id=source_id, label=label, clip=load_clip(film, default_cache()))
    except ClipError as error:
        raise BotError(str(error)) from error


async def attend(
    link: Link, sources: list[BotSource], watching: Watching | None, *, seconds: float | None, patience: float
) -> None:
    """Joins, stays for `seconds` (for ever if None, until a signal), leaves.

    Raises BotError if there was no join within `patience` seconds, or no media by the end.
    """
    watcher = Watcher()
    slots = 0 if watching is None else watching.slots
    participant = Participant(link, sources=sources, slots=slots, sink=watcher)
    running = asyncio.create_task(participant.run())
    stop = _stop_event()
    try:
        await _join(participant, running, stop, patience)
        began = time.monotonic()
        shown = watcher if watching and watching.json != "-" else None
        await _stay(participant, running, stop, shown, seconds)
        report = _report(participant, watcher, time.monotonic() - began)
        published = participant.is_publishing
        await participant.leave()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError, RefusedError):
            await running
    if watching is not None:
        _print_report(report, watching)
    if seconds is not None:
        _check_media(report, watching, published=published or not sources)


def _stop_event() -> asyncio.Event:
    """Set by Ctrl-C or a service manager's stop, so that the bot leaves politely."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _join(participant: Participant, running: asyncio.Task[None], stop: asyncio.Event, patience: float) -> None:
    """Waits for the first join. Raises BotError."""
    joining = asyncio.create_task(participant.wait_joined())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({joining, stopping, running}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if joining.done():
        return
    joining.cancel()
    _raise_refusal(running)
    if not stop.is_set():
        raise BotError(participant.trouble or f"The server did not let the bot in within {patience:g} s")


def _raise_refusal(running: asyncio.Task[None]) -> None:
    """Raises BotError in the server's own words if the bot was refused for good."""
    if running.done() and not running.cancelled():
        error = running.exception()
        if isinstance(error, RefusedError):
            raise BotError(f"The server refused the bot: {error} ({error.code})") from error
        if error is not None:
            raise error


async def _stay(
    participant: Participant,
    running: asyncio.Task[None],
    stop: asyncio.Event,
    shown: Watcher | None,
    seconds: float | None,
) -> None:
    """Waits for the end, with a table of `shown` on the screen if given. Raises BotError if refused meanwhile."""
    stopping = asyncio.create_task(stop.wait())
    drawing = None if shown is None else asyncio.create_task(_draw(participant, shown))
    await asyncio.wait({running, stopping}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in (stopping, drawing):
        if task is not None:
            task.cancel()
    _raise_refusal(running)


async def _draw(participant: Participant, watcher: Watcher) -> None:
    """Keeps the table fresh until cancelled; the last one stays on the screen."""
    with Live(table(()), console=Console(), auto_refresh=False) as live:
        while True:
            live.update(table(watcher.sources(participant.members, participant.left_at)), refresh=True)
            await asyncio.sleep(_REFRESH_S)


def _report(participant: Participant, watcher: Watcher, seconds: float) -> WatchReport:
    """The verdict at the end."""
    joined = participant.joined
    return WatchReport(
        room="" if joined is None else joined.room.id,
        participant="" if joined is None else joined.participant,
        seconds=round(seconds, 1),
        sources=watcher.sources(participant.members, participant.left_at),
    )


def _print_report(report: WatchReport, watching: Watching) -> None:
    """Writes the JSON document where it was asked for."""
    if watching.json is None:
        return
    text = msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"
    if watching.json == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        Path(watching.json).write_text(text)


def _check_media(report: WatchReport, watching: Watching | None, *, published: bool) -> None:
    """Raises BotError if a run of given length had no media."""
    if not published:
        raise BotError("Nothing was published: the connection to the server's media port did not come about")
    if watching is not None and len(report.sources) < watching.expect:
        raise BotError(f"Media of {len(report.sources)} sources was received, {watching.expect} were expected")
