"""How the end-to-end tests tell a starved machine from a broken product."""

from collections.abc import Callable, Iterable
from typing import cast

import pytest

from e2e.load import Report, Tries, Watch, fed

LEAST = 25
TRIES = Tries(enough=2, most=5)


class Load:
    """A watch whose machine had this much idle."""

    def __init__(self, idle: float) -> None:
        self._idle = idle

    def report(self) -> Report:
        """As `Watch.report`."""
        return Report(idle=self._idle, steal=0.0, cores={})


async def measured(values: Iterable[int], idle: Iterable[float]) -> int:
    """What `fed` says of these values, measured under these loads."""
    coming, loads = iter(values), iter(idle)

    async def measure() -> int:
        return next(coming)

    watch = cast("Callable[[], Watch]", lambda: Load(next(loads)))
    return await fed("fps", measure, lambda fps: fps >= LEAST, TRIES, watch)


async def test_one_good_value_is_enough() -> None:
    """Nothing is measured after it."""
    assert await measured([10, 30, 10], [0.5, 0.5]) == 30


async def test_a_starved_machine_is_given_more_time() -> None:
    """Bad values without CPU do not count, so the fifth one saves the test."""
    assert await measured([1, 2, 3, 4, 25], [0.0, 0.01, 0.5, 0.0, 0.0]) == 25


async def test_a_defect_is_told_at_once() -> None:
    """CPU was left twice, and the value was still too low: a third try is not made."""
    with pytest.raises(AssertionError, match="a defect: CPU was left in 2 of 3 tries"):
        await measured([1, 2, 3, 30], [0.5, 0.0, 0.5])


async def test_a_starved_test_fails_too() -> None:
    """It says that it knows nothing, with each value and its load; it never passes for want of CPU."""
    with pytest.raises(AssertionError, match="starved, so nothing is known") as failed:
        await measured([1, 2, 3, 4, 5, 30], [0.0] * 5)
    assert str(failed.value).count("idle 0%") == 5
