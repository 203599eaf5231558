"""The shell of `keeping.py`: it writes what the queue gives, off the loop, and hands on what may be performed then.

`websocket.py` gives it all effects and performs what comes out; `store/` writes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import structlog

from telepresence.rooms.effects import Effect
from telepresence.rooms.records import Record
from telepresence.signaling.keeping import Batch, Keeping
from telepresence.store.errors import StoreError

WRITE_S = 3.0
"""A write that takes longer counts as failed: a meeting that stands still for longer than that would be no meeting."""

STOP_S = 5.0
"""How long a stopping server tries to keep what is still open."""

log = structlog.get_logger()


class NotKeptError(Exception):
    """What was asked for is done, and may be lost when the server restarts: the database does not take it now."""


class Writer(Protocol):
    """What `store/` is to this module."""

    async def write(self, records: Sequence[Record]) -> None:
        """Keeps all records or none; returns after the commit. Keeping one twice is keeping it once."""
        ...

    async def knows_room(self, room: str) -> bool:
        """Tells whether a room has, or ever had, that id. Raises StoreError."""
        ...


class Keeper:
    """Performs effects in order, those with records after the commit."""

    def __init__(self, writer: Writer, perform: Callable[[Iterable[Effect]], None]) -> None:
        """`perform` carries out effects at once."""
        self._writer = writer
        self._carry_out = perform
        self._keeping = Keeping()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None

    @property
    def is_failing(self) -> bool:
        """The database does not take what is to be kept."""
        return self._keeping.is_failing

    def start(self) -> None:
        """Begins to write; what was given before waited."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Writes what is open, and ends. What can't be written within `STOP_S` is lost."""
        if self._task is None:
            return
        self._wake.set()  # Also out of a wait before another try.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), STOP_S)
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        if not self._keeping.is_idle:
            log.error("storage.lost")

    def perform(self, effects: Iterable[Effect]) -> None:
        """Performs effects: at once if nothing waits and nothing is to be kept, else after the commit and in order."""
        for batch in self._add(Batch(tuple(effects))):
            self._carry_out(batch.effects)

    def carry_out(self, effects: Iterable[Effect]) -> asyncio.Future[None]:
        """As `perform`; the future is done when all is kept and performed. It raises NotKeptError."""
        ticket = asyncio.get_running_loop().create_future()
        for batch in self._add(Batch(tuple(effects), ticket)):
            self._hand_on(batch)
        return ticket

    def _add(self, batch: Batch) -> list[Batch]:
        now = self._keeping.add(batch)
        if not self._keeping.is_idle:
            self._idle.clear()
            if not self._keeping.is_failing:
                self._wake.set()
        return now

    # --- writing ------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            for batch in await self._step():
                self._hand_on(batch)
            if self._keeping.is_idle:
                self._idle.set()

    async def _step(self) -> list[Batch]:
        """One write, when it is due. Whatever goes wrong, there is a next one: without it the meeting would stand still."""
        try:
            await self._pause()
            return await self._write()
        except Exception:
            log.exception("storage.fault")
            return self._keeping.failed()

    async def _pause(self) -> None:
        """Waits until something is to be written, until a failed write may be tried again, or until an overdue one ends."""
        if self._writing:
            await asyncio.wait({self._writing})
            return
        if not self._keeping.is_idle and not self.is_failing:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), self._keeping.wait_s if self.is_failing else None)
        self._wake.clear()

    async def _write(self) -> list[Batch]:
        """Writes what is open, or ends what was overdue; returns what may be performed, kept or not."""
        if not self._writing:
            records = self._keeping.begin()
            if not records:
                return self._keeping.succeeded()
            self._writing = asyncio.create_task(self._writer.write(records))
            # It is not cancelled when it takes too long: nobody would know what became of it.
            done, _ = await asyncio.wait({self._writing}, timeout=WRITE_S)
            if not done:
                log.error("storage.failed", why=f"no commit within {WRITE_S:g} s", records=len(records))
                return self._keeping.overdue()
        writing, self._writing = self._writing, None
        error = asyncio.CancelledError() if writing.cancelled() else writing.exception()
        if error:
            log.error("storage.failed", why=_why(error))
            return self._keeping.failed()
        was_failing = self.is_failing
        performed = self._keeping.succeeded()
        if was_failing and not self.is_failing:
            log.info("storage.recovered")
        return performed

    def _hand_on(self, batch: Batch) -> None:
        """One batch that can't be performed does not hold up those behind it."""
        fault: Exception | None = None if batch.is_kept else NotKeptError()
        try:
            self._carry_out(batch.effects)
        except Exception as error:
            log.exception("effects.fault")
            fault = error
        ticket = batch.ticket
        if ticket is None or ticket.done():
            return
        ticket.set_exception(fault) if fault else ticket.set_result(None)


def _why(error: BaseException) -> str:
    """Other errors than the store's own may hold what was to be kept."""
    return str(error) if isinstance(error, StoreError) else type(error).__name__
