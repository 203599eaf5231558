"""What waits to be kept: the order of effects, and which records the next write has. Pure; `keeper.py` is its shell.

The effects of one step are a *batch*. A batch with a record waits until that is kept, and each later one waits behind it, so
that nobody is told of what a crash could take back, and everybody is told in order. What came while a write was under
way is written together by the next one: however many sites join at once, they wait for two writes at most.

When a write fails, the meeting goes on: all that waits is performed, and whoever asked for what was not kept is told so in
place of the answer (`not-kept`). From then on nothing waits for the database, and the records are tried again with
growing waits, until a write has the last of them. A write that is overdue is as a failed one to the meeting, but may
still succeed: no other one begins before it has ended.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from telepresence.rooms.effects import Effect, Keep, Send
from telepresence.rooms.records import Record, key_of
from telepresence.signaling.messages import Error, ErrorCode, Joined, Waiting

BACK_OFF_S = (0.25, 0.5, 1.0, 2.0, 5.0)
"""Waits before a failed write is tried again; the last one repeats."""

ROWS_A_WRITE = 2000
"""So many rows are a moment's work, also for a slow disc. After an hour without the database there may be far more."""

GIVEN_ANYWAY = (Joined, Waiting)
"""Answers that are true even if the seat is not kept: a full disc must not keep a latecomer out of a meeting that goes on."""

NOT_KEPT = "The server can't write to its database now: this may be lost when it restarts."


@dataclass(frozen=True, slots=True)
class Batch:
    """The effects of one step; `ticket` is the shell's, for whoever waits for them. `is_kept` once nothing is open."""

    effects: tuple[Effect, ...]
    ticket: Any = None
    is_kept: bool = True

    @property
    def records(self) -> list[Record]:
        """What is to be kept before it is performed."""
        return [effect.record for effect in self.effects if isinstance(effect, Keep)]

    def not_kept(self) -> Batch:
        """Returns what is performed instead when its records could not be kept."""
        asked: set[tuple[int | None, int | None]] = {
            (keep.session, keep.re) for keep in self.effects if isinstance(keep, Keep) and keep.re is not None
        }
        if not self.records:
            return self
        return replace(self, effects=tuple(_without_answer(effect, asked) for effect in self.effects), is_kept=False)


def _without_answer(effect: Effect, asked: set[tuple[int | None, int | None]]) -> Effect:
    if not isinstance(effect, Send) or isinstance(effect.message, GIVEN_ANYWAY):
        return effect
    re = getattr(effect.message, "re", None)
    if (effect.session, re) not in asked:
        return effect
    return Send(effect.session, Error(code=ErrorCode.NOT_KEPT, message=NOT_KEPT, re=re))


class Keeping:
    """The queue. Its user calls `begin`, writes what it gets, and then calls `succeeded` or `failed`; only one write at a time.

    Between them it may call `overdue`. A record is in one of three places, the older ones first: in the write that is under
    way, among the open ones, whose batches were performed without it, or in a batch of the queue.
    """

    def __init__(self, rows_a_write: int = ROWS_A_WRITE) -> None:
        """Nothing waits. Of records of one row only the newest is written."""
        self._rows_a_write = rows_a_write
        self._written: dict[Hashable, Record] = {}
        self._open: dict[Hashable, Record] = {}
        self._queue: deque[Batch] = deque()
        self._waiting: list[Batch] = []  # For the write that is under way.
        self._failures = 0  # Since the last success.
        self._is_failing = False
        self._leaves_open = False

    @property
    def is_failing(self) -> bool:
        """The last write failed or is overdue, or of what failed not all has been written yet."""
        return self._is_failing

    @property
    def is_idle(self) -> bool:
        """Nothing waits and everything is kept."""
        return not (self._queue or self._waiting or self._open or self._written)

    @property
    def wait_s(self) -> float:
        """How long to wait before the next write."""
        return BACK_OFF_S[min(self._failures, len(BACK_OFF_S)) - 1] if self._failures else 0.0

    def add(self, batch: Batch) -> list[Batch]:
        """Takes a batch; returns what is to be performed at once: that batch, or nothing yet."""
        if self.is_failing:
            self._open.update(_keyed([batch]))
            return [batch.not_kept()]
        if not self._queue and not self._waiting and not batch.records:
            return [batch]
        self._queue.append(batch)
        return []

    def begin(self) -> list[Record]:
        """Begins a write: returns its records, each row once. None at all is as good as written.

        What is open comes first. A batch is never divided.
        """
        self._written = dict(islice(self._open.items(), self._rows_a_write))
        for key in self._written:
            del self._open[key]
        self._leaves_open = bool(self._open)
        while not self._open and self._queue and len(self._written) < self._rows_a_write:
            batch = self._queue.popleft()
            self._waiting.append(batch)
            self._written.update(_keyed([batch]))
        return list(self._written.values())

    def succeeded(self) -> list[Batch]:
        """The write is committed, in time or not; returns what is to be performed now."""
        performed, self._waiting = self._waiting, []
        self._written, self._failures = {}, 0
        # Nothing waits for a long row of writes that make up for a failure, only for the last one.
        self._is_failing = self._is_failing and self._leaves_open
        return performed

    def overdue(self) -> list[Batch]:
        """The write takes too long, and goes on; returns what is to be performed nevertheless."""
        self._failures += 1
        self._is_failing = True
        batches = [*self._waiting, *self._queue]
        self._open.update(_keyed(self._queue))
        self._waiting, self._queue = [], deque()
        return [batch.not_kept() for batch in batches]

    def failed(self) -> list[Batch]:
        """The write is not committed, or nobody knows; returns what is to be performed nevertheless."""
        batches = self.overdue()
        # Under what is newer.
        self._open = {**self._written, **self._open}
        self._written = {}
        return batches


def _keyed(batches: Iterable[Batch]) -> dict[Hashable, Record]:
    return {key_of(record): record for batch in batches for record in batch.records}
