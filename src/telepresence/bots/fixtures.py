"""Files for a browser's fake camera and microphone: the chart as Y4M, the tone as WAV.

Before this module is the chart; after it, Chromium is started with `--use-file-for-fake-video-capture=FILE.y4m` and
`--use-file-for-fake-audio-capture=FILE.wav`, and plays both round and round. So the clock in the time code is the
position in the file, and the frame counter starts at 0 with each round: together with the source's number they still
tell whose picture it is, and how many different frames come a second.

A Y4M file is uncompressed: 640×360 at 30 fps takes 10 MB a second.
"""

from __future__ import annotations

import wave
from datetime import UTC
from pathlib import Path

from telepresence.bots.chart import SAMPLE_RATE, Chart, ChartFormat, Tone


def write_video(path: Path, *, form: ChartFormat, label: str, source: int, seconds: int) -> None:
    """Writes the chart of source number `source` as Y4M."""
    chart = Chart(form=form, label=label, source=source, zone=UTC)
    with path.open("wb") as file:
        # C420jpeg: chroma between the luma samples, as VP8 has it; source: yuv4mpeg(5).
        file.write(f"YUV4MPEG2 W{form.width} H{form.height} F{form.fps}:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(seconds * form.fps):
            file.write(b"FRAME\n")
            file.write(chart.draw(ms=number * 1000 // form.fps, frame=number).tobytes())


def write_audio(path: Path, *, tone: Tone, seconds: int) -> None:
    """Writes the tone as 16-bit stereo WAV; a tone of whole hertz goes round without a click."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        mono = tone.samples(first=0, count=seconds * SAMPLE_RATE)
        file.writeframes(mono.repeat(2).astype("<i2").tobytes())
