"""A chart and its tone encoded once, to be sent round and round: a publisher that costs hardly any CPU.

Before this module `chart.py` draws; after it, `tracks.py` sends the packets of the `Clip`. Ten such publishers fit where
one that encodes does, so tests and load are made of them.

The clock in the time code is the position in the loop, as in a file for a fake camera (`fixtures.py`): source and frame
are true, a delay is not to be had from it. There is no encoder to answer a keyframe request; a key frame comes each second.
"""

from __future__ import annotations

from datetime import UTC
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av import AudioFrame, CodecContext, VideoFrame
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext

from telepresence.bots.chart import SAMPLE_RATE, Chart, ChartFormat, Tone
from telepresence.bots.clip import Clip, ClipPacket
from telepresence.bots.peer import VideoCodec

DEFAULT_BPS: Final = 500_000
"""Of the picture at 640×360: what a talking head takes."""

_AUDIO_BPS = 64_000
_PIECE_MS = 20  # an Opus packet's length, as browsers send it; source: RFC 7587 §3
_PIECE = SAMPLE_RATE * _PIECE_MS // 1000

_ENCODERS = {
    VideoCodec.VP8: (
        "libvpx",
        {"deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "0", "lag-in-frames": "0"},
    ),
    # No B-frames and no reordering: RTP's packets are sent in the order of decoding.
    VideoCodec.H264: ("libx264", {"preset": "veryfast", "tune": "zerolatency", "level": "31"}),
}


def chart_loop(
    *,
    form: ChartFormat,
    label: str,
    number: int,
    tone: Tone | None,
    seconds: int = 2,
    codec: VideoCodec = VideoCodec.VP8,
    bps: int = DEFAULT_BPS,
) -> Clip:
    """The chart of source `number` and its tone, `seconds` long (whole hertz join without a click), a key frame each second."""
    return Clip(
        video=_picture(Chart(form=form, label=label, source=number, zone=UTC), seconds, codec, bps),
        audio=() if tone is None else _sound(tone, seconds),
        length_ms=seconds * 1000,
    )


def _picture(chart: Chart, seconds: int, codec: VideoCodec, bps: int) -> tuple[ClipPacket, ...]:
    """The encoded frames; the first is a key frame, so that the loop joins."""
    fps = chart.form.fps
    name, options = _ENCODERS[codec]
    encoder = CodecContext.create(name, "w")
    assert isinstance(encoder, VideoCodecContext)  # noqa: S101  # what it is, for the types
    encoder.width, encoder.height, encoder.pix_fmt = chart.form.width, chart.form.height, "yuv420p"
    encoder.bit_rate, encoder.gop_size = bps, fps
    encoder.framerate, encoder.time_base = Fraction(fps), Fraction(1, fps)
    if codec is VideoCodec.H264:
        encoder.profile = "Baseline"
    encoder.options = options
    packets: list[av.Packet] = []
    for frame in range(seconds * fps):
        picture = VideoFrame.from_ndarray(chart.draw(ms=frame * 1000 // fps, frame=frame), format="yuv420p")
        picture.pts, picture.time_base = frame, Fraction(1, fps)
        packets += encoder.encode(picture)
    packets += encoder.encode(None)
    return tuple(ClipPacket(number * 1000 // fps, bytes(packet)) for number, packet in enumerate(packets))


def _sound(tone: Tone, seconds: int) -> tuple[ClipPacket, ...]:
    """The encoded pieces. The encoder's own delay (6.5 ms) stays in them, as it does in a browser's."""
    encoder = CodecContext.create("libopus", "w")
    assert isinstance(encoder, AudioCodecContext)  # noqa: S101  # what it is, for the types
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "stereo", "s16"
    encoder.bit_rate, encoder.time_base = _AUDIO_BPS, Fraction(1, SAMPLE_RATE)
    count = seconds * 1000 // _PIECE_MS
    packets: list[av.Packet] = []
    for piece in range(count):
        mono = tone.samples(first=piece * _PIECE, count=_PIECE)
        sound = AudioFrame.from_ndarray(np.repeat(mono, 2)[None, :], format="s16", layout="stereo")
        sound.sample_rate, sound.pts, sound.time_base = SAMPLE_RATE, piece * _PIECE, Fraction(1, SAMPLE_RATE)
        packets += encoder.encode(sound)
    packets += encoder.encode(None)
    return tuple(ClipPacket(number * _PIECE_MS, bytes(packet)) for number, packet in enumerate(packets[:count]))
