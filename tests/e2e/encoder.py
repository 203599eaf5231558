"""An encoder as hospitals have them: FFmpeg publishes a chart and a tone by WHIP. A process of its own, since it holds the interpreter.

`test_whip.py` runs it: `encoder.py URL FOLDER NUMBER HZ SECONDS`, the token in `WHIP_TOKEN`. It writes `on the air` once its session stands.
Neither the DTLS nor the RTP here has anything in common with the engine's, with a browser's or with aiortc's.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from telepresence.bots.chart import SAMPLE_RATE, Chart, ChartFormat, Tone

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream

FORM = ChartFormat(fps=25)
LEVEL_DBFS = -18.0
SAMPLES = 960
"""20 ms. Source: RFC 7587 §4.2."""

H264 = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "g": "25"}
"""What all watchers decode; FFmpeg does not hear requests for key frames, so they come each second."""


def write_certificate(folder: Path) -> dict[str, str]:
    """Makes a P-256 certificate, and returns the options that name it: FFmpeg's own is P-224, which nobody takes."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "encoder")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, plain))
    return {"cert_file": str(folder / "certificate.pem"), "key_file": str(folder / "key.pem")}


class Programme:
    """A picture and a sound, in step with the clock."""

    def __init__(self, output: OutputContainer, number: int, hz: float) -> None:
        """`number` is in the time code."""
        self._output = output
        self._chart = Chart(form=FORM, label=f"Encoder {number}", source=number)
        self._tone = Tone(hz=hz, level_dbfs=LEVEL_DBFS)
        self._video: VideoStream = output.add_stream("libx264", rate=FORM.fps, options=H264)
        self._video.width, self._video.height, self._video.pix_fmt = FORM.width, FORM.height, "yuv420p"
        self._audio: AudioStream = output.add_stream("libopus", rate=SAMPLE_RATE)
        self._audio.layout = "stereo"
        self._heard = 0

    def send(self, frame: int) -> None:
        """Sends a picture, and the sound up to it."""
        picture = self._chart.draw(ms=time.time_ns() // 1_000_000, frame=frame)
        video = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        video.pts, video.time_base = frame, Fraction(1, FORM.fps)
        self._output.mux(self._video.encode(video))
        while self._heard * FORM.fps <= frame * SAMPLE_RATE:
            mono = self._tone.samples(first=self._heard, count=SAMPLES)
            audio = av.AudioFrame.from_ndarray(np.repeat(mono, 2)[np.newaxis], format="s16", layout="stereo")
            audio.sample_rate, audio.pts, audio.time_base = SAMPLE_RATE, self._heard, Fraction(1, SAMPLE_RATE)
            self._output.mux(self._audio.encode(audio))
            self._heard += SAMPLES


def main(url: str, folder: Path, number: int, hz: float, seconds: float) -> None:
    """Publishes for so long, and ends the session."""
    options = {"authorization": os.environ["WHIP_TOKEN"], **write_certificate(folder)}
    with av.open(url, "w", format="whip", options=options) as output:
        programme = Programme(output, number, hz)
        began = time.monotonic()
        for frame in range(round(seconds * FORM.fps)):
            programme.send(frame)
            if frame == 0:
                sys.stdout.write("on the air\n")
                sys.stdout.flush()
            time.sleep(max(0.0, began + (frame + 1) / FORM.fps - time.monotonic()))


if __name__ == "__main__":
    _, url, folder, number, hz, seconds = sys.argv
    main(url, Path(folder), int(number), float(hz), float(seconds))
