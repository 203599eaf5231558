"""Records one source of a site into a Matroska or WebM file as it comes: nothing is decoded, nothing encoded again.

Before this module `media.py` hands on whole frames (`tap.py`); after it is a file that plays, also when it was cut off.
Picture and sound are laid onto the sender's wall clock by its reports, so they are as much in step as they were sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import msgspec
from av import CodecContext, Packet, VideoFrame
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from telepresence.bots.media import SourceKey
from telepresence.bots.tap import Encoded
from telepresence.signaling.messages import Codec, Kind, Member, Source, Tile

log = logging.getLogger(__name__)

FORMATS: Final = {".mkv": "matroska", ".webm": "webm"}
"""What is written, by the file's ending. WebM takes no H.264."""

_BEGINS_S = 3.0  # so long the file waits for the picture of a source that has one
_REPORTS_S = 5.0  # a stream's clock is known by then: reports come once a second
_DRIFT_S = 0.02  # a report that differs by less is the same clock, read less exactly
_TILE = (1920, 1080)  # what is recorded is wanted at full size
_MILLISECOND = Fraction(1, 1000)
_OPUS_HZ = 48_000  # source: RFC 7587 §4.1


class RecordError(Exception):
    """The recording cannot be made or go on; the message is for a person."""


class RecordReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a file holds. `source` is null if the site never had one."""

    file: str
    site: str
    source: str | None
    seconds: float
    frames: int
    sounds: int


class Timeline:
    """Where in the file a piece belongs: on the clock of the sender's wall, which picture and sound share. Pure."""

    def __init__(self) -> None:
        self._ahead: dict[tuple[int, Kind], float] = {}
        self._unplaced: dict[tuple[int, Kind], list[Encoded]] = {}

    def place(self, slot: int, piece: Encoded) -> list[tuple[float, Encoded]]:
        """The pieces whose seconds on that clock are known by now: none before the first report, then all up to this one.

        Raises RecordError when no report comes.
        """
        stream = slot, piece.kind
        known = self._ahead.get(stream)
        if piece.ahead is not None and (known is None or abs(piece.ahead - known) > _DRIFT_S):
            known = self._ahead[stream] = piece.ahead
        waiting = self._unplaced.setdefault(stream, [])
        waiting.append(piece)
        if known is None:
            if piece.arrived - waiting[0].arrived > _REPORTS_S:
                raise RecordError("there are no sender reports, without which picture and sound cannot be put in step")
            return []
        del self._unplaced[stream]
        return [(one.seconds + known, one) for one in waiting]


class Recorder:
    """A participant's sink that writes `path`. `tiles` goes to the participant too, so that the source gets a slot."""

    def __init__(self, path: Path, site: str, source: str | None = None) -> None:
        """Without `source` it is the first one of the site. `failed` is set when the file cannot go on, `trouble` says why. Raises RecordError if the file cannot be what it is named."""
        if path.suffix not in FORMATS:
            raise RecordError(f"{path.name} must end in .mkv (any codec) or .webm (VP8)")
        if not path.parent.is_dir():
            raise RecordError(f"there is no folder {path.parent} for {path.name}")
        self._path, self.site, self._source = path, site, source
        self._timeline = Timeline()
        self._key: SourceKey | None = None
        self._taken: str | None = None
        self._kinds: frozenset[Kind] = frozenset()
        self._early: list[tuple[float, Encoded]] = []
        self._first_at: float | None = None
        self._file: _File | None = None
        self.trouble = ""
        self.failed = asyncio.Event()

    @property
    def frames(self) -> int:
        """Pictures that the file has so far."""
        return self._file.counts[Kind.VIDEO] if self._file else 0

    def tiles(self, members: Mapping[str, Member]) -> tuple[Tile, ...]:
        """What is recorded, if it is there now; all else may be paused."""
        for member in members.values():
            for source in member.sources if member.site == self.site else ():
                if self._source in {None, source.id} and self._key in {None, (member.participant, source.id)}:
                    return self._take(member, source)
        # The device has gone: another one of the site may have the source.
        if self._key is not None and self._key[0] not in members:
            self._key = None
            return self.tiles(members)
        return ()

    def encoded(self, key: SourceKey, slot: int, piece: Encoded) -> None:
        """Takes a piece of what is received."""
        if key != self._key or self.trouble or not piece.data:
            return
        self._first_at = piece.arrived if self._first_at is None else self._first_at
        try:
            for at, placed in self._timeline.place(slot, piece):
                self._write(at, placed, now=piece.arrived)
        except RecordError as error:
            self._fail(str(error))
        except (FFmpegError, OSError) as error:
            self._fail(f"{self._path} cannot be written: {error}")

    def close(self) -> RecordReport:
        """Ends the file."""
        try:
            if self._file is None and self._early:
                self._begin()
            if self._file is not None:
                self._file.close()
        except (FFmpegError, OSError, RecordError) as error:
            self.trouble = self.trouble or f"{self._path} cannot be ended: {error}"
        written = self._file
        return RecordReport(
            file=str(self._path),
            site=self.site,
            source=self._taken,
            seconds=round(written.seconds, 3) if written else 0.0,
            frames=self.frames,
            sounds=written.counts[Kind.AUDIO] if written else 0,
        )

    def _fail(self, words: str) -> None:
        """Nothing more is written."""
        self.trouble = words
        self.failed.set()

    def _take(self, member: Member, source: Source) -> tuple[Tile, ...]:
        """From now on it is this one."""
        self._key, self._taken = (member.participant, source.id), source.id
        if self._file is None:
            kinds = {Kind.VIDEO: source.video, Kind.AUDIO: source.audio}
            self._kinds = frozenset(kind for kind, track in kinds.items() if track is not None)
        width, height = _TILE
        return (Tile(participant=member.participant, source=source.id, width=width, height=height, pinned=True),)

    def _write(self, at: float, piece: Encoded, *, now: float) -> None:
        """Into the file, or into what waits for its beginning. Raises RecordError."""
        if self._file is not None:
            self._file.write(at, piece)
            return
        if piece.kind is Kind.AUDIO or piece.is_keyframe or any(other.kind is Kind.VIDEO for _, other in self._early):
            self._early.append((at, piece))
        here = {other.kind for _, other in self._early}
        # A voice may be silent, or not be among those that are sent, for as long as it likes: only a picture is waited for.
        if Kind.VIDEO in here or (
            here and (Kind.VIDEO not in self._kinds or now - (self._first_at or now) > _BEGINS_S)
        ):
            self._begin()

    def _begin(self) -> None:
        """Opens the file with what has come; sound before the first picture is left out."""
        early, self._early = self._early, []
        first = next((piece for _, piece in early if piece.kind is Kind.VIDEO), None)
        starts = min(at for at, piece in early if first is None or piece.kind is Kind.VIDEO)
        heard = Kind.AUDIO in self._kinds or any(piece.kind is Kind.AUDIO for _, piece in early)
        self._file = _File(self._path, starts, first, heard=heard)
        for at, piece in sorted(early, key=lambda placed: placed[0]):
            self._file.write(at, piece)


class _File:
    """The file itself, `starts` being its second 0."""

    def __init__(self, path: Path, starts: float, picture: Encoded | None, *, heard: bool) -> None:
        if picture is not None and picture.codec is Codec.H264 and path.suffix == ".webm":
            raise RecordError(f"the picture is H.264, which WebM does not take: name the file {path.stem}.mkv")
        self._starts = starts
        self._container: OutputContainer = av.open(str(path), "w", format=FORMATS[path.suffix])
        self._streams: dict[Kind, Any] = {}
        self._newest: dict[Kind, int] = {}
        self.counts = dict.fromkeys(Kind, 0)
        self._codecs = {Kind.AUDIO: Codec.OPUS}
        if picture is not None:
            self._codecs[Kind.VIDEO] = picture.codec
            width, height = _size(picture)
            self._streams[Kind.VIDEO] = self._container.add_mux_stream(
                picture.codec.value, width=width, height=height, time_base=_MILLISECOND
            )
        if heard:
            # The encoder is not used: it only knows what Opus's header is (RFC 7845 §5.1), which players want.
            sound = self._container.add_stream("libopus", rate=_OPUS_HZ, layout="stereo")
            sound.codec_context.open()
            self._streams[Kind.AUDIO] = sound
        log.info("Recording into %s: %s", path, " and ".join(self._streams))

    @property
    def seconds(self) -> float:
        """Its length."""
        return max(self._newest.values(), default=0) / 1000

    def write(self, at: float, piece: Encoded) -> None:
        """Adds a piece; what belongs before the beginning is left out, and time never goes back.

        Raises RecordError for another codec than at the beginning.
        """
        stream, due = self._streams.get(piece.kind), round((at - self._starts) * 1000)
        if stream is None or due < 0:
            return
        if piece.codec is not self._codecs[piece.kind]:
            raise RecordError(f"the {piece.kind} is {piece.codec} now, which the file cannot go on with")
        due = self._newest[piece.kind] = max(due, self._newest.get(piece.kind, -1) + 1)
        packet: Packet[Any] = Packet(piece.data)
        packet.stream, packet.time_base = stream, _MILLISECOND
        packet.pts = packet.dts = due
        packet.is_keyframe = piece.is_keyframe
        self._container.mux(packet)
        self.counts[piece.kind] += 1

    def close(self) -> None:
        """Ends it."""
        self._container.close()


def _size(keyframe: Encoded) -> tuple[int, int]:
    """Width and height that a key frame tells. Raises RecordError if it is none."""
    decoder = CodecContext.create(keyframe.codec.value, "r")
    assert isinstance(decoder, VideoCodecContext)  # noqa: S101  # what it is, for the types
    try:
        frames = [*decoder.decode(Packet(keyframe.data)), *decoder.decode(None)]
    except FFmpegError as error:
        raise RecordError(f"the first picture cannot be read: {error}") from error
    found = next((frame for frame in frames if isinstance(frame, VideoFrame)), None)
    if found is None:
        raise RecordError("the first picture cannot be read")
    return found.width, found.height
