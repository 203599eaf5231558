"""What the server measures of itself while it runs: how much media it sends, and how late its event loop is.

`server.py` starts it; `rooms/load.py` decides with the one, `api/metrics.py` shows both.
"""

from __future__ import annotations

import asyncio
import time

import msgspec
import structlog

from telepresence.engine.face import Engine
from telepresence.rooms.load import Load

BEAT_S = 0.25
"""How often the event loop is timed."""

SNAPSHOT_BEATS = 4
"""The engine is asked once a second: its answer costs it about a millisecond."""

LAG_KEPT_S = 15
"""The worst of so long is shown: as long as most scrapes are apart."""

log = structlog.get_logger()


class Counted(msgspec.Struct, frozen=True):
    """What is read of the engine's counters."""

    bytes_out: int = 0


class Snapshot(msgspec.Struct, frozen=True):
    """What is read of the engine's snapshot."""

    counters: Counted = Counted()


_decoder = msgspec.json.Decoder(Snapshot)


class Pulse:
    """Measures until it is stopped."""

    def __init__(self, engine: Engine, load: Load) -> None:
        """`load` is told what the engine sends."""
        self._engine = engine
        self._load = load
        self._lags: list[tuple[float, float]] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def lag_s(self) -> float:
        """The longest that the event loop was late within the last seconds."""
        return max((lag for _, lag in self._lags), default=0.0)

    def start(self) -> None:
        """Begins to measure."""
        self._task = asyncio.create_task(self._beat())

    def stop(self) -> None:
        """Measures no more."""
        if self._task:
            self._task.cancel()

    async def _beat(self) -> None:
        beats = 0
        while True:
            asleep = time.monotonic()
            await asyncio.sleep(BEAT_S)
            self._woke(time.monotonic(), asleep)
            beats += 1
            if beats % SNAPSHOT_BEATS == 0:
                await self._measure()

    def _woke(self, now: float, asleep: float) -> None:
        lag_s = max(0.0, now - asleep - BEAT_S)
        self._lags = [*((at, lag) for at, lag in self._lags if now - at < LAG_KEPT_S), (now, lag_s)]

    async def _measure(self) -> None:
        try:
            snapshot = _decoder.decode(await asyncio.to_thread(self._engine.snapshot))
        except (BlockingIOError, RuntimeError, msgspec.MsgspecError) as error:
            log.warning("engine.snapshot", failed=str(error))  # The next one is a second away.
            return
        self._load.measured(snapshot.counters.bytes_out, time.monotonic())
