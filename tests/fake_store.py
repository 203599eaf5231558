"""A database of the tests: it keeps when it is told to, is as slow as it is told to be, and fails when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from telepresence.rooms.records import Record, RoomRecord
from telepresence.store.errors import StoreError


class FakeStore:
    """`writes` has the records of each commit, `tries` counts also what failed."""

    def __init__(self) -> None:
        """Quick and sound."""
        self.writes: list[list[Record]] = []
        self.tries = 0
        self.is_broken = False
        self.gate = asyncio.Event()
        self.gate.set()
        self._tried = asyncio.Condition()

    async def write(self, records: Iterable[Record]) -> None:
        """Commits once `gate` is open. Raises StoreError while `is_broken`."""
        self.tries += 1
        async with self._tried:
            self._tried.notify_all()
        await self.gate.wait()
        if self.is_broken:
            raise StoreError("The disc is full.")
        self.writes.append(list(records))

    async def knows_room(self, room: str) -> bool:
        """Tells whether a room of that id was kept."""
        return any(isinstance(record, RoomRecord) and record.id == room for write in self.writes for record in write)

    async def tried(self, times: int) -> None:
        """Returns once so many writes have begun."""
        async with asyncio.timeout(10), self._tried:
            await self._tried.wait_for(lambda: self.tries >= times)
