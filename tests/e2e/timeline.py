"""Compares what a page was told to be in its slots with what it saw there. Pure: times come in, verdicts come out.

Before this module `bare.js` notes each line of each `slots` message and each stretch of frames of one number; after it,
a test says how long a slot may show nothing or the source before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Assignment:
    """From `at` (s) on `slot` carries a source of `participant`, or nothing."""

    at: float
    slot: int
    participant: str | None


@dataclass(frozen=True)
class Run:
    """Frames of one source number and one size in a row, seen from `first` to `last` (s)."""

    number: int
    size: tuple[int, int]
    first: float
    last: float
    frames: int


@dataclass(frozen=True)
class Move:
    """An assignment and what came of it: seconds until the right number was seen (None: never), wrong ones seen later."""

    assignment: Assignment
    number: int
    after_s: float | None
    wrong: tuple[Run, ...]

    def __str__(self) -> str:
        came = "never" if self.after_s is None else f"after {self.after_s * 1000:.0f} ms"
        wrong = f", then wrongly {[run.number for run in self.wrong]}" if self.wrong else ""
        return f"slot {self.assignment.slot}: {self.number} {came}{wrong}"


@dataclass(frozen=True)
class Timeline:
    """All that a page was told and saw up to `now` (s). `unreadable` frames had no time code; of these, `black` were dark."""

    now: float
    told: tuple[Assignment, ...]
    runs: Mapping[int, tuple[Run, ...]]
    unreadable: int
    black: int

    def slots(self) -> dict[str, int]:
        """The slot of each participant, by the newest that was told."""
        newest = {line.slot: line.participant for line in self.told}
        return {participant: slot for slot, participant in newest.items() if participant is not None}

    def moves(self, numbers: Mapping[str, int], since: float) -> list[Move]:
        """What came of each assignment from `since` on; `numbers` has the number in the picture of each participant."""
        found = []
        for place, line in enumerate(self.told):
            if line.at < since or line.participant is None:
                continue
            later = (other.at for other in self.told[place + 1 :] if other.slot == line.slot)
            found.append(self._move(line, numbers[line.participant], next(later, self.now)))
        return found

    def _move(self, line: Assignment, number: int, until: float) -> Move:
        """What the slot showed between the assignment and the next one."""
        runs = [run for run in self.runs.get(line.slot, ()) if run.last >= line.at and run.first < until]
        right = next((place for place, run in enumerate(runs) if run.number == number), None)
        if right is None:
            return Move(line, number, None, ())
        wrong = tuple(run for run in runs[right:] if run.number != number)
        return Move(line, number, max(0.0, runs[right].first - line.at), wrong)
