"""Charts, tones and paces, in virtual time."""

from datetime import UTC

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telepresence.bots.chart import SAMPLE_RATE, Chart, ChartFormat, Tone
from telepresence.bots.judge import level_dbfs
from telepresence.bots.timecode import Timecode, read_timecode
from telepresence.bots.tracks import Pace


@pytest.mark.parametrize(("width", "height"), [(640, 360), (1280, 720), (320, 180), (160, 90)])
def test_a_chart_carries_its_code_and_moves(width: int, height: int) -> None:
    """At each size the code is read, and two frames differ beneath it: a frozen picture would be seen."""
    chart = Chart(form=ChartFormat(width=width, height=height), label="西峡 Xixia", source=9, zone=UTC)
    one, two = chart.draw(ms=1_000_500, frame=1), chart.draw(ms=1_000_600, frame=2)
    assert one.shape == (height * 3 // 2, width)
    assert read_timecode(one[:height]) == Timecode(1_000_500, 9, 1)
    assert read_timecode(two[:height]) == Timecode(1_000_600, 9, 2)
    assert (one[height // 4 : height] != two[height // 4 : height]).any()


def test_the_square_flashes_as_a_second_begins() -> None:
    """For 100 ms it is white, then dark until the next second."""
    chart = Chart(form=ChartFormat(), label="", source=0, zone=UTC)
    middle = [int(chart.draw(ms=ms, frame=0)[308, 588]) for ms in (5_000, 5_099, 5_100, 5_999, 6_000)]
    assert [luma > 200 for luma in middle] == [True, True, False, False, True]


def test_a_long_label_is_made_to_fit() -> None:
    """A label of eighty characters is drawn smaller rather than cut: the right margin stays clean."""
    chart = Chart(
        form=ChartFormat(),
        label="郑州大学第一附属医院 First affiliated hospital of Zhengzhou university, ward 12",
        source=0,
    )
    strip = chart.draw(ms=0, frame=0)[40:90]
    assert (strip > 150).any()
    assert (strip[:, 630:640] == strip[0, 639]).all()


@pytest.mark.parametrize("size", [(641, 360), (640, 361), (80, 60)])
def test_a_size_that_cannot_be_is_refused(size: tuple[int, int]) -> None:
    """I420 needs even sizes, the time code room."""
    with pytest.raises(ValueError, match="must be even and at least 160x90"):
        ChartFormat(width=size[0], height=size[1])


def test_a_tone_goes_on_without_a_step() -> None:
    """Pieces of 20 ms are the same wave as one of a second, even after a day."""
    tone = Tone(hz=441.5, level_dbfs=-10)
    first = 86_400 * SAMPLE_RATE - 24_000
    pieces = np.concatenate([tone.samples(first=first + piece * 960, count=960) for piece in range(50)])
    assert (pieces == tone.samples(first=first, count=SAMPLE_RATE)).all()


def test_a_beep_sounds_with_the_flash() -> None:
    """Started 300 ms into a second, it is silent for 700 ms, sounds for 100, is silent again."""
    beep = Tone(hz=1000, level_dbfs=-20, beep=True)
    wave = beep.samples(first=0, count=SAMPLE_RATE, start_ms=12_300).astype(np.float64)
    before, sounding, after = np.split(wave, [SAMPLE_RATE * 7 // 10, SAMPLE_RATE * 8 // 10])
    assert not before.any()
    assert level_dbfs(sounding) == pytest.approx(-20, abs=0.1)
    assert not after.any()


def test_a_chart_that_was_held_up_drops_frames_and_keeps_its_clock() -> None:
    """Read on time, late by less than a frame, late by five frames: no drift, no flood."""
    pace = Pace(lambda frame: frame / 25)
    assert pace.take(0.0) == (0, 0.0)
    assert pace.take(0.07) == (1, 0.04)
    assert pace.take(0.08) == (2, 0.08)
    assert pace.take(0.325) == (8, 0.32)
    assert pace.take(0.33) == (9, 0.36)


def test_a_clip_that_was_held_up_leaves_out_whole_rounds() -> None:
    """Frames of a clip need each other: after 2.5 rounds it goes on with the same frame, two rounds later."""
    pace = Pace(lambda frame: frame * 0.04, period=100)
    assert pace.take(0.0)[0] == 0
    unit, due = pace.take(0.04 + 2.5 * 4)
    assert (unit, due) == (201, pytest.approx(8.04))


@given(lates=st.lists(st.floats(0, 3), max_size=50), period=st.integers(1, 60))
def test_a_pace_only_goes_forward(lates: list[float], period: int) -> None:
    """Whatever the delays, numbers rise, and none is later than a period."""
    pace = Pace(lambda unit: unit / 30, period=period)
    now, last = 0.0, -1
    for late in lates:
        now += late
        unit, due = pace.take(now)
        assert unit > last
        assert now - due < period / 30 + 1e-6
        last = unit
