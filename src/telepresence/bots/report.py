"""What a run of bots saw, for programs and for people.

Before this module each participant's sink has its figures (`watch.py`, `counting.py`, `recording.py`); after it are one JSON
document, and lines on a terminal.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from telepresence.bots.counting import CountedFigures, Counter
from telepresence.bots.participant import Participant
from telepresence.bots.recording import RecordReport
from telepresence.bots.watch import SourceReport
from telepresence.signaling.messages import ClosingReason, Kind, Member


class CountedSource(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One source as it was counted, not decoded; `video` and `audio` are null where nothing of it came."""

    participant: str
    site: str
    source: str
    video: CountedFigures | None
    audio: CountedFigures | None


class CountReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One participant that only counts. `packets` are RTP packets, retransmissions among them."""

    participant: str
    publishing: bool
    packets: int
    sources: tuple[CountedSource, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `--json` prints: of the first participant, then of each other.

    `publishing` is whether its connection up stands, `closed` why the server sent it away, null if it left by itself.
    """

    room: str
    participant: str
    seconds: float
    publishing: bool
    packets: int
    sources: tuple[SourceReport, ...]
    recording: RecordReport | None
    others: tuple[CountReport, ...]
    closed: ClosingReason | None


async def count_report(participant: Participant, counter: Counter) -> CountReport:
    """The figures of a participant that counts, at this moment."""
    joined = participant.joined
    return CountReport(
        participant="" if joined is None else joined.participant,
        publishing=participant.is_publishing,
        packets=await participant.media.packets_received(),
        sources=tuple(_counted(counter, participant.members, participant.left_at)),
    )


def write_json(report: Report, where: str) -> None:
    """Writes the document: `-` is standard output, all else a file."""
    text = msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"
    if where == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        Path(where).write_text(text)


def lines(report: Report) -> Iterator[str]:
    """The same for people, but for the table of the first one's sources."""
    crowd = [report.publishing, *(other.publishing for other in report.others)]
    who = f"{len(crowd)} bots were" if report.others else f"{report.participant} was"
    on_air = f", {sum(crowd)} of them on the air" if report.others and any(crowd) else ""
    yield f"{who} in the room {report.room} for {report.seconds:g} s{on_air}."
    if (file := report.recording) is not None:
        what = f"{file.frames} frames and {file.sounds} pieces of sound of {file.site}"
        yield f"{file.file}: {file.seconds:g} s, {what}."
    for other in report.others:
        yield f"{other.participant} counted {other.packets} packets of {len(other.sources)} sources{_worst(other)}."


def _counted(counter: Counter, members: Mapping[str, Member], left_at: Mapping[str, float]) -> Iterator[CountedSource]:
    """Each source that ever came; of who has left until then."""
    present = time.monotonic()
    for participant, source in sorted(counter.keys()):
        member, now = members.get(participant), left_at.get(participant, present)
        key = (participant, source)
        yield CountedSource(
            participant=participant,
            site="" if member is None else member.site,
            source=source,
            video=counter.figures(key, Kind.VIDEO, now=now),
            audio=counter.figures(key, Kind.AUDIO, now=now),
        )


def _worst(report: CountReport) -> str:
    """The picture that came worst, in a few words."""
    pictures = [source.video for source in report.sources if source.video is not None]
    if not pictures:
        return ""
    slowest, gap = min(video.rate for video in pictures), max(video.longest_gap_ms for video in pictures)
    return f"; the slowest picture had {slowest:.1f} fps, the longest gap was {gap:.0f} ms"
