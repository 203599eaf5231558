"""What is recorded plays: the chart's time codes are in it, and the tone sounds while the square flashes."""

import asyncio
import itertools
from pathlib import Path

import av
import numpy as np
import pytest
from av import AudioFrame, VideoFrame

from bots.conftest import on_air
from bots.small_server import PATIENCE_S, SmallServer
from telepresence.bots.chart import ChartFormat, Tone
from telepresence.bots.loop import chart_loop
from telepresence.bots.participant import Participant
from telepresence.bots.peer import VideoCodec
from telepresence.bots.recording import Recorder, RecordError, Timeline
from telepresence.bots.tap import Encoded
from telepresence.bots.timecode import Timecode, read_timecode
from telepresence.bots.tracks import BotSource, chart_source
from telepresence.bots.watch import luma_of
from telepresence.signaling.messages import Codec, Kind, Member, Profile, Role, Source, TrackState

FORM = ChartFormat(width=320, height=180)
LEAST_FRAMES = 60

Film = tuple[list[tuple[float, Timecode | None]], list[tuple[float, float]]]
"""Of each picture its second and its code; of each 10 ms of sound its second and its loudness."""


def play(path: Path) -> Film:
    """Decodes a whole file."""
    pictures: list[tuple[float, Timecode | None]] = []
    sound: list[tuple[float, float]] = []
    with av.open(str(path)) as film:
        for frame in film.decode():
            if isinstance(frame, VideoFrame):
                pictures.append((frame.time, read_timecode(luma_of(frame))))
            elif isinstance(frame, AudioFrame):
                samples = frame.to_ndarray()[0].astype(np.float64)
                pieces = np.array_split(samples, max(1, len(samples) // 480))
                sound += [
                    (frame.time + 0.01 * index, float(np.abs(piece).mean())) for index, piece in enumerate(pieces)
                ]
    return pictures, sound


def onsets(sound: list[tuple[float, float]]) -> list[float]:
    """When the tone begins, each time."""
    loud = max(level for _, level in sound) / 4
    pairs = itertools.pairwise(sound)
    return [at for (_, before), (at, after) in pairs if before < loud <= after]


def apart(pictures: list[tuple[float, Timecode | None]], sound: list[tuple[float, float]]) -> list[float]:
    """By how much each beep comes after the picture whose clock begins a second, in seconds."""
    seconds = [at for (at, code), (_, before) in zip(pictures[1:], pictures, strict=False) if begins(code, before)]
    return [
        min((onset - second for second in seconds), key=abs) for onset in onsets(sound) if seconds[0] <= onset + 0.1
    ]


def begins(code: Timecode | None, before: Timecode | None) -> bool:
    """Is this the first picture of a second of its own clock?"""
    return code is not None and before is not None and code.ms // 1000 != before.ms // 1000


def beeping_chart() -> BotSource:
    """A chart whose tone sounds at the beginning of each second."""
    tone = Tone(hz=440, level_dbfs=-12, beep=True)
    return chart_source(source_id="chart", label="Chart", form=FORM, number=9, tone=tone)


async def test_a_recording_plays_and_is_in_lip_sync(server: SmallServer, tmp_path: Path) -> None:
    """Through two encoders and two networks of aiortc: every picture has its code, the beeps are where the seconds begin."""
    recorder = Recorder(tmp_path / "site.webm", "site-p2")
    recording = Participant(server.link, slots=2, sink=recorder, tiles=recorder.tiles)
    async with on_air(recording) as running, on_air(Participant(server.link, sources=[beeping_chart()])):
        await recording.record(recording=True)
        assert server.guests["p1"].recording
        async with asyncio.timeout(PATIENCE_S):
            while recorder.frames < 150 and not recorder.trouble:
                await asyncio.wait({running}, timeout=0.1)
        await recording.record(recording=False)
    report = recorder.close()
    assert not recorder.trouble
    assert server.recordings == [True, False]
    ((tile,),) = [view.tiles for view in server.departed["p1"].views if view.tiles]
    assert (tile.participant, tile.source, tile.pinned) == ("p2", "chart", True)
    pictures, sound = play(tmp_path / "site.webm")
    assert (report.site, report.source, report.frames) == ("site-p2", "chart", len(pictures))
    assert report.seconds == pytest.approx(len(pictures) / 30, rel=0.2)
    read = [code for _, code in pictures if code is not None]
    assert len(read) >= LEAST_FRAMES
    assert {code.source for code in read} == {9}
    assert len(read) > 0.95 * len(pictures)
    # A clock without steps: a picture's place in the file is its time code's, but for the encoders' jitter.
    places = [at - code.ms / 1000 for at, code in pictures if code is not None]
    assert float(np.percentile(places, 90) - np.percentile(places, 10)) < 0.1
    offsets = apart(pictures, sound)
    assert offsets
    assert abs(float(np.median(offsets))) < 0.12, offsets


def member(participant: str, *sources: str, site: str = "ward") -> Member:
    """One device of a site, with pictures of these names."""
    shown = tuple(
        Source(id=source, label="", profile=Profile.CONSULT, video=TrackState(mid="0"), audio=TrackState(mid="1"))
        for source in sources
    )
    return Member(participant=participant, site=site, name="", role=Role.MEMBER, sources=shown)


def loop(codec: VideoCodec, *, slot_s: float = 0.0, wall_s: float = 1000.0) -> list[Encoded]:
    """Two seconds of a beeping chart as a tap gives them: sound and picture on clocks of their own, on one wall."""
    clip = chart_loop(
        form=FORM, label="x", number=3, tone=Tone(hz=440, level_dbfs=-12, beep=True), seconds=2, codec=codec
    )
    kinds = ((Kind.VIDEO, Codec(codec), clip.video, 50.0), (Kind.AUDIO, Codec.OPUS, clip.audio, 7000.0))
    pieces = [
        Encoded(
            kind=kind, codec=of, data=packet.data, seconds=begins + packet.ms / 1000, arrived=slot_s + packet.ms / 1000,
            ahead=wall_s + slot_s - begins,
        )
        for kind, of, packets, begins in kinds for packet in packets
    ]  # fmt: skip
    return sorted(pieces, key=lambda piece: piece.arrived)


@pytest.mark.parametrize(("codec", "ending"), [(VideoCodec.VP8, "webm"), (VideoCodec.H264, "mkv")])
def test_what_came_is_in_the_file_bit_for_bit_and_in_step(tmp_path: Path, codec: VideoCodec, ending: str) -> None:
    """All sixty pictures with their codes; the beeps begin where the seconds do, within 20 ms."""
    recorder = Recorder(tmp_path / f"a.{ending}", "ward")
    assert recorder.tiles({"p": member("p", "cam")})[0].source == "cam"
    for piece in loop(codec):
        recorder.encoded(("p", "cam"), 0, piece)
    report = recorder.close()
    assert not recorder.trouble
    assert (report.frames, report.sounds) == (60, 100)
    pictures, sound = play(tmp_path / f"a.{ending}")
    assert [code and code.frame for _, code in pictures] == list(range(60))
    assert len(onsets(sound)) >= 1
    assert all(abs(offset) < 0.02 for offset in apart(pictures, sound))


def test_a_source_that_moves_to_another_slot_and_device_goes_on_in_the_same_file(tmp_path: Path) -> None:
    """The site's second device has the source after the first one has gone: the file has a gap, and no step back."""
    recorder = Recorder(tmp_path / "a.mkv", "ward", "cam")
    recorder.tiles({"p": member("p", "other", "cam"), "q": member("q", "cam", site="else")})
    for piece in loop(VideoCodec.VP8):
        recorder.encoded(("p", "cam"), 0, piece)
        recorder.encoded(("q", "cam"), 1, piece)
    assert recorder.tiles({"q": member("q", "cam", site="else")}) == ()
    assert recorder.tiles({"r": member("r", "cam")})[0].participant == "r"
    for piece in loop(VideoCodec.VP8, slot_s=5.0):
        recorder.encoded(("r", "cam"), 2, piece)
    report = recorder.close()
    assert (report.frames, report.seconds) == (120, pytest.approx(6.98, abs=0.02))
    pictures, _ = play(tmp_path / "a.mkv")
    times = [at for at, _ in pictures]
    assert times == sorted(times)
    assert times[60] - times[59] == pytest.approx(5.0 - 59 / 30, abs=0.01)


def test_a_timeline_follows_reports_that_mean_another_clock_and_not_their_noise() -> None:
    """5 ms more or less is how a report is read; 50 ms are another clock."""
    timeline = Timeline()

    def place(seconds: float, ahead: float | None) -> list[float]:
        piece = Encoded(kind=Kind.VIDEO, codec=Codec.VP8, data=b"", seconds=seconds, arrived=seconds, ahead=ahead)
        return [at for at, _ in timeline.place(1, piece)]

    assert place(0.5, None) == place(0.6, None) == []
    assert place(1.0, 100.0) == [100.5, 100.6, 101.0], "what came before the first report has its place by it"
    assert [place(2.0, 100.005), place(3.0, 100.05), place(4.0, 100.055)] == [[102.0], [103.05], [104.05]]


def test_a_stream_without_reports_is_given_up_in_words() -> None:
    """Five seconds without one."""
    timeline = Timeline()
    pieces = [
        Encoded(kind=Kind.AUDIO, codec=Codec.OPUS, data=b"", seconds=0, arrived=number / 50, ahead=None)
        for number in range(252)
    ]
    assert all(timeline.place(1, piece) == [] for piece in pieces[:-1])
    with pytest.raises(RecordError, match="no sender reports"):
        timeline.place(1, pieces[-1])


def test_what_cannot_be_recorded_is_said_before_or_at_once(tmp_path: Path) -> None:
    """A name that is no film, a folder that is not there, H.264 in WebM, another codec in the midst."""
    with pytest.raises(RecordError, match=r"must end in .mkv"):
        Recorder(tmp_path / "a.mp4", "ward")
    with pytest.raises(RecordError, match="there is no folder"):
        Recorder(tmp_path / "no" / "a.mkv", "ward")
    recorder = Recorder(tmp_path / "a.webm", "ward")
    recorder.tiles({"p": member("p", "cam")})
    for piece in loop(VideoCodec.H264):
        recorder.encoded(("p", "cam"), 0, piece)
    assert "name the file a.mkv" in recorder.trouble
    assert recorder.failed.is_set()
    recorder = Recorder(tmp_path / "b.mkv", "ward")
    recorder.tiles({"p": member("p", "cam")})
    for piece in loop(VideoCodec.VP8) + loop(VideoCodec.H264, slot_s=2.0):
        recorder.encoded(("p", "cam"), 0, piece)
    assert recorder.trouble == "the video is h264 now, which the file cannot go on with"
    assert recorder.close().frames == 60
