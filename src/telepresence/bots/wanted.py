"""Makes what a bot publishes of what was asked for on the command line.

Before this module is `cli.py`; after it, `running.py` puts the sources on the air.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from telepresence.bots.chart import ChartFormat, Tone
from telepresence.bots.clip import ClipError, default_cache, find_film, load_clip
from telepresence.bots.loop import chart_loop
from telepresence.bots.peer import VideoCodec
from telepresence.bots.tracks import BotSource, chart_source, clip_source

CLIP_LABEL = "Big Buck Bunny, CC-BY Blender"
"""The licence asks that the film be credited where it is shown."""

_TONE_STEP_HZ = 60  # apart enough to be told by ear and by a transform of half a second


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


def build_crowd(wanted: Wanted, count: int, console: Console) -> list[list[BotSource]]:
    """The sources of `count` participants. Their charts differ by label, number and tone. Raises BotError."""
    return [build_sources(_of(wanted, index, count), console) for index in range(count)]


def _of(wanted: Wanted, index: int, count: int) -> Wanted:
    """What the one with this index publishes."""
    if count == 1:
        return wanted
    tone = wanted.tone
    if tone is not None:
        tone = Tone(hz=tone.hz + index * _TONE_STEP_HZ, level_dbfs=tone.level_dbfs, beep=tone.beep)
    return replace(wanted, label=f"{wanted.label} {index + 1}"[:80], number=wanted.number + index, tone=tone)


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
