"""When the server is full, by what it sends, in virtual time."""

from telepresence.rooms.load import SPAN_S, Load


def feed(load: Load, mbit: float, seconds: int, start: int = 0, sent: int = 0) -> int:
    """Sends at a steady rate, measured each second; returns the bytes so far."""
    for second in range(start, start + seconds):
        load.measured(sent, float(second))
        sent += int(mbit * 1e6 / 8)
    return sent


def test_a_server_that_sends_more_than_its_bound_is_full_and_recovers() -> None:
    """By the mean of five seconds, up and down."""
    load = Load(100)
    sent = feed(load, 90, 20)
    assert not load.is_full
    assert abs(load.egress_bps - 90e6) < 1e6
    sent = feed(load, 120, 10, 20, sent)
    assert load.is_full
    feed(load, 10, 10, 30, sent)
    assert not load.is_full


def test_one_burst_turns_nobody_away() -> None:
    """A second of twice the bound is a key frame for many viewers."""
    load = Load(100)
    sent = feed(load, 50, 10)
    sent = feed(load, 200, 1, 10, sent)
    feed(load, 50, 1, 11, sent)
    assert not load.is_full


def test_without_a_bound_or_a_figure_it_is_never_full() -> None:
    """0 is none; and a fresh server has sent nothing."""
    load = Load(0)
    feed(load, 100_000, 20)
    assert not load.is_full
    assert not Load(1).is_full


def test_an_engine_that_counts_anew_is_measured_anew() -> None:
    """No negative rate."""
    load = Load(100)
    feed(load, 120, 20)
    load.measured(0, 20.0)
    assert load.egress_bps == 0
    assert SPAN_S == 5
