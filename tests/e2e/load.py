"""How busy the machine was while a test watched: tells a starved test from a broken product.

Before this module a test measured too few frames; after it, the failure says whether there was any CPU left to show
them with. `fed` measures again as long as there was none. All figures are shares of one core over the time watched.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
STARVED_IDLE_SHARE = 0.05
"""Below 5 % idle of the whole machine, what is late is late for want of CPU."""


@dataclass(frozen=True)
class Machine:
    """Jiffies of all cores since boot. Source: proc(5), /proc/stat."""

    total: int
    idle: int
    steal: int

    @classmethod
    def read(cls) -> Machine:
        """The counters now."""
        fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return cls(total=sum(fields), idle=fields[3] + fields[4], steal=fields[7])


def descendants(pid: int) -> set[int]:
    """`pid` and every process that came from it: a browser is a tree of them."""
    found = {pid}
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            found |= descendants(int(child))
    return found


def process_marked(mark: str) -> int:
    """The first process whose command line has this mark. Raises AssertionError if there is none."""
    own, found = os.getpid(), []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and mark.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    assert set(found) - {own}, f"no process has {mark} in its command line"
    return min(set(found) - {own})


def cpu_s(pids: Iterable[int]) -> float:
    """CPU seconds that these processes have used; those that are gone count nothing."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_S


class Watch:
    """Samples the machine and some process trees between its making and `report()`."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        """`processes` names the root process of each tree."""
        self._processes = dict(processes)
        self._machine = Machine.read()
        self._cpu_s = {name: cpu_s(descendants(pid)) for name, pid in self._processes.items()}

    def report(self) -> Report:
        """What was used since the watch began."""
        now = Machine.read()
        total = max(1, now.total - self._machine.total)
        seconds = total / TICKS_PER_S / (os.cpu_count() or 1)
        return Report(
            idle=(now.idle - self._machine.idle) / total,
            steal=(now.steal - self._machine.steal) / total,
            cores={
                name: (cpu_s(descendants(pid)) - self._cpu_s[name]) / seconds for name, pid in self._processes.items()
            },
        )


@dataclass(frozen=True)
class Report:
    """Shares: `idle` and `steal` of the whole machine, `cores` of one core for each process tree."""

    idle: float
    steal: float
    cores: Mapping[str, float]

    @property
    def starved(self) -> bool:
        """Was there no CPU left?"""
        return self.idle < STARVED_IDLE_SHARE

    def __str__(self) -> str:
        trees = ", ".join(f"{name} {share:.2f}" for name, share in self.cores.items())
        verdict = "starved" if self.starved else "CPU was left"
        return f"{verdict}: idle {self.idle:.0%}, steal {self.steal:.0%}; cores used: {trees}"


@dataclass(frozen=True)
class Tries:
    """How often a measurement is tried: `enough` times with CPU left, and `most` times whatever was left."""

    enough: int
    most: int


async def fed(
    what: str, measure: Callable[[], Awaitable[T]], good: Callable[[T], bool], tries: Tries, watch: Callable[[], Watch]
) -> T:
    """Measures until a value is `good`, and returns it. Raises AssertionError with every value and its load.

    A bad value counts against the product only if the machine had CPU left while it was measured.
    """
    seen: list[str] = []
    counted = 0
    while counted < tries.enough and len(seen) < tries.most:
        load = watch()
        value = await measure()
        if good(value):
            return value
        report = load.report()
        counted += not report.starved
        seen.append(f"{value}  [{report}]")
    verdict = "a defect: CPU was left" if counted >= tries.enough else "starved, so nothing is known of the product"
    raise AssertionError(
        "\n  ".join((f"{what}: {verdict} in {counted} of {len(seen)} tries, and none was good", *seen))
    )
