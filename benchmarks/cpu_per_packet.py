"""CPU µs of the server a forwarded packet, at some numbers of viewers, of which each gets one picture and one sound.

One bot publishes the demo's clip from a process of its own: packets encoded beforehand, so that the rate is the same
however busy the machine is. The viewers are those of `counting.py` in this process, of which 170 fit beside the server. The packets are the media packets that the engine sent,
retransmissions apart; the CPU is that of its thread, and of the whole server for comparison. `forwarded` is what was sent
as a share of what was published times the viewers, and `arrived` what the viewers counted: less than 100 % means that
somebody was not served. `gaps` are numbers that a viewer never saw.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from common import arguments, run, say
from counting import counted, only_count, receivers

from e2e.load import Watch, cpu_s
from e2e.server import Server

SETTLE_S = 3.0
"""Handshakes and keyframes of the last viewer to join are over by then."""

LONGEST_JOIN_S = 5.0
"""A viewer that has not joined by then never will."""


@dataclass(frozen=True)
class Used:
    """CPU seconds so far of the engine's thread and of the whole process, and media packets sent for it."""

    engine_s: float
    process_s: float
    published: int
    packets: int

    @classmethod
    def of(cls, server: Server) -> Used:
        """Reads the engine's snapshot and /proc."""
        snapshot = server.snapshot()
        return cls(
            engine_s=snapshot["cpu_us"] / 1e6,
            process_s=cpu_s([server.pid]),
            published=snapshot["counters"]["media_in"],
            packets=snapshot["counters"]["media_out"],
        )


async def measure(viewers: int, seconds: float, folder: Path) -> dict[str, object]:
    """One row: so many viewers for so long."""
    with Server(folder / f"{viewers}") as server, server.publisher("publisher", sources=["--clip"]):
        async with AsyncExitStack() as stack:
            await receivers(stack, server, 0, viewers)
            await asyncio.sleep(SETTLE_S)
            return await watch(server, viewers, seconds)


async def watch(server: Server, viewers: int, seconds: float) -> dict[str, object]:
    """The row, once everybody is there."""
    machine, before, began = Watch({}), Used.of(server), time.monotonic()
    seen, gaps = counted.packets, counted.gaps
    await asyncio.sleep(seconds)
    after, took, idle = Used.of(server), time.monotonic() - began, machine.report().idle
    packets, published = after.packets - before.packets, after.published - before.published
    return {
        "viewers": viewers,
        "published/s": round(published / took),
        "packets/s": round(packets / took),
        "forwarded": f"{packets / max(1, published * viewers):.0%}",
        "arrived": f"{(counted.packets - seen) / max(1, published * viewers):.0%}",
        "gaps": counted.gaps - gaps,
        "engine µs": round((after.engine_s - before.engine_s) / max(1, packets) * 1e6, 1),
        "server µs": round((after.process_s - before.process_s) / max(1, packets) * 1e6, 1),
        "engine core": f"{(after.engine_s - before.engine_s) / took:.1%}",
        "machine idle": f"{idle:.0%}",
    }


def main() -> None:
    """Prints the report."""
    parser = arguments(__doc__)
    parser.add_argument("--viewers", type=int, nargs="+", default=[1, 5, 10, 20, 50, 170])
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    only_count()
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            run(
                measure(viewers, options.seconds, Path(folder)),
                within_s=options.seconds + SETTLE_S + LONGEST_JOIN_S * (viewers + 2),
            )
            for viewers in options.viewers
        ]
    say("CPU a forwarded packet", rows, json_to=options.json)


if __name__ == "__main__":
    main()
