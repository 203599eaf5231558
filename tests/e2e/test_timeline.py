"""Whether what a page was told and what it saw are compared rightly: the judge of the rotation, judged."""

from __future__ import annotations

from e2e.timeline import Assignment, Run, Timeline

NUMBERS = {"alice": 1, "bob": 2}
SIZE = (640, 360)


def timeline(*runs: tuple[int, float, float]) -> Timeline:
    """Slot 0 is told to carry alice at 1 s and bob at 5 s, and showed these runs of (number, from, to) up to 10 s."""
    told = (Assignment(1.0, 0, "alice"), Assignment(5.0, 0, "bob"))
    shown = tuple(Run(number, SIZE, first, last, 25) for number, first, last in runs)
    return Timeline(now=10.0, told=told, runs={0: shown}, unreadable=0, black=0)


def test_a_move_counts_from_the_message() -> None:
    """The right number comes half a second after the message; until then the one before may stand."""
    one, two = timeline((1, 1.25, 5.4), (2, 5.5, 10.0)).moves(NUMBERS, since=0.0)
    assert (one.after_s, one.wrong) == (0.25, ())
    assert (two.after_s, two.wrong) == (0.5, ())


def test_a_picture_that_comes_before_the_message_is_in_time() -> None:
    """Media may be faster than words."""
    (two,) = timeline((1, 1.0, 4.8), (2, 4.9, 10.0)).moves(NUMBERS, since=4.0)
    assert two.after_s == 0.0


def test_a_wrong_number_after_the_right_one_is_seen() -> None:
    """And so is one that never comes."""
    one, two = timeline((1, 1.1, 2.0), (2, 2.1, 2.2), (1, 2.3, 10.0)).moves(NUMBERS, since=0.0)
    assert [run.number for run in one.wrong] == [2]
    assert two.after_s is None
