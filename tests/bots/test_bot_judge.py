"""The judge's verdicts, told in virtual time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telepresence.bots.chart import Tone
from telepresence.bots.judge import AudioJudge, VideoFigures, VideoJudge, dominant_hz, level_dbfs
from telepresence.bots.timecode import Timecode, write_timecode

WALL_MS = 1_795_000_000_000


def watch(judge: VideoJudge, times_ms: list[int], *, delay_ms: int = 80, source: int = 3, stuck: bool = False) -> None:
    """Shows frames at these times, drawn `delay_ms` before; a stuck sender repeats its first one."""
    for number, at in enumerate(times_ms):
        shown = times_ms[0] if stuck else at
        luma = np.full((180, 320), 90, np.uint8)
        code = Timecode(WALL_MS + shown - delay_ms, source, 0 if stuck else number)
        write_timecode(luma, code)
        judge.feed(now=at / 1000, wall_ms=WALL_MS + at, luma=luma)


def verdict(judge: VideoJudge, at_ms: int) -> VideoFigures:
    """The figures at a time; there must be some."""
    figures = judge.figures(now=at_ms / 1000)
    assert figures is not None
    return figures


def steady(count: int, *, start: int = 0, every: int = 40) -> list[int]:
    """Times of `count` frames, 25 a second unless told otherwise."""
    return [start + number * every for number in range(count)]


def test_a_steady_picture() -> None:
    """Two seconds at 25 fps, 80 ms late: 25 fps, no freeze, 80 ms, everything read from the pixels."""
    judge = VideoJudge()
    watch(judge, steady(51))
    figures = verdict(judge, 2000)
    assert (figures.width, figures.height, figures.frames_decoded, figures.codes_read) == (320, 180, 51, 51)
    assert figures.fps == pytest.approx(25)
    assert figures.freezes == 0
    assert figures.longest_gap_ms == pytest.approx(40)
    assert figures.numbers == {3: 51}
    assert figures.delay is not None
    assert (figures.delay.p50_ms, figures.delay.max_ms) == (80, 80)


def test_a_freeze_is_counted_by_the_rule_of_the_w3c() -> None:
    """At 25 fps a gap of 180 ms is none (δ + 150 = 190), one of 200 ms is."""
    judge = VideoJudge()
    watch(judge, [*steady(31), 1200 + 180])
    assert verdict(judge, 1380).freezes == 0
    judge = VideoJudge()
    watch(judge, [*steady(31), 1200 + 200])
    figures = verdict(judge, 1400)
    assert (figures.freezes, figures.freeze_seconds, figures.longest_gap_ms) == (1, 0.2, 200)


def test_at_few_frames_a_second_three_intervals_are_the_limit() -> None:
    """At 5 fps δ is 200 ms: 599 ms is no freeze, 601 ms is."""
    for gap, freezes in ((599, 0), (601, 1)):
        judge = VideoJudge()
        watch(judge, [*steady(31, every=200), 6000 + gap])
        assert verdict(judge, 6000 + gap).freezes == freezes


def test_a_picture_that_stopped_counts_against_itself() -> None:
    """Nothing for three seconds: a freeze that still lasts, and the frame rate falls."""
    judge = VideoJudge()
    watch(judge, steady(26))
    figures = verdict(judge, 4000)
    assert (figures.freezes, figures.freeze_seconds, figures.longest_gap_ms) == (1, 3, 3000)
    assert figures.fps == pytest.approx(25 / 4, abs=0.01)


def test_a_picture_that_repeats_itself_has_no_frame_rate() -> None:
    """Frames flow, but they are all the same one: decoded 26, different a second none."""
    judge = VideoJudge()
    watch(judge, steady(26), stuck=True)
    figures = verdict(judge, 1000)
    assert (figures.frames_decoded, figures.codes_read, figures.codes_different, figures.fps) == (26, 26, 1, 0)


def test_a_picture_without_a_code_counts_its_frames() -> None:
    """A clip has no time code: decoded frames are the rate, and there is no delay."""
    judge = VideoJudge()
    for at in steady(26):
        judge.feed(now=at / 1000, wall_ms=WALL_MS, luma=np.full((180, 320), 90, np.uint8))
    figures = verdict(judge, 1000)
    assert (figures.fps, figures.delay, figures.codes_read) == (25, None, 0)


def test_another_sites_picture_is_noticed() -> None:
    """A frame of source 9 among those of source 3 shows in the numbers."""
    judge = VideoJudge()
    watch(judge, steady(10))
    watch(judge, [400], source=9)
    assert verdict(judge, 400).numbers == {3: 10, 9: 1}


def test_nothing_received_is_no_verdict() -> None:
    """Without a frame or a sample there are no figures."""
    assert VideoJudge().figures(now=1) is None
    assert AudioJudge().figures(now=1) is None


def listen(judge: AudioJudge, tone: Tone | None, *, start_s: float, seconds: float) -> None:
    """Lets the judge hear the tone, or digital silence, in pieces of 20 ms."""
    for piece in range(round(seconds * 50)):
        samples = np.zeros(960, np.int16) if tone is None else tone.samples(first=piece * 960, count=960)
        judge.feed(now=start_s + piece / 50, samples=samples, rate=48_000)


def test_a_tone_is_known_by_frequency_and_level() -> None:
    """440.4 Hz at −40 dBFS for two seconds."""
    judge = AudioJudge()
    listen(judge, Tone(hz=440.4, level_dbfs=-40), start_s=0, seconds=2)
    figures = judge.figures(now=2)
    assert figures is not None
    assert (figures.frequency_hz, figures.level_dbfs) == (440.4, -40)
    assert (figures.seconds, figures.silence_seconds) == (2, 0)


def test_silence_is_counted_heard_or_missing() -> None:
    """A second of tone, one of zeros, then nothing for three: four seconds of silence, and no tone."""
    judge = AudioJudge()
    listen(judge, Tone(hz=880, level_dbfs=-20), start_s=0, seconds=1)
    listen(judge, None, start_s=1, seconds=1)
    figures = judge.figures(now=4.98)
    assert figures is not None
    assert figures.silence_seconds == pytest.approx(4, abs=0.03)
    assert figures.frequency_hz is None


@given(hz=st.floats(50, 15_000), level=st.floats(-60, 0), first=st.integers(0, 10**10))
def test_every_tone_is_measured_as_it_was_made(hz: float, level: float, first: int) -> None:
    """Within half a hertz and a tenth of a decibel, however long the bot has been running."""
    wave = Tone(hz=hz, level_dbfs=level).samples(first=first, count=24_000).astype(np.float64)
    assert dominant_hz(wave, 48_000) == pytest.approx(hz, abs=0.5)
    assert level_dbfs(wave) == pytest.approx(level, abs=0.1)
