"""CPU µs of the server a forwarded packet, at some numbers of viewers, of which each gets one picture and one sound.

One bot publishes a chart and a tone from a process of its own. The viewers are aiortc participants in this process whose
decoders are taken out, so that twenty of them fit beside the server on two cores. The packets are the
media packets that the engine sent, retransmissions apart; the CPU is that of its thread, and of the whole server for comparison.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import aiortc.rtcrtpreceiver
from common import arguments, say

from e2e.load import Watch, cpu_s
from e2e.server import Server
from e2e.stage import Bot

SETTLE_S = 3.0
"""Handshakes and keyframes of the last viewer to join are over by then."""


class NoDecoder:
    """Takes frames and makes nothing of them. `get_decoder` is private to aiortc, whose version is pinned."""

    def decode(self, encoded_frame: object) -> list[object]:
        """No picture, no sound."""
        del encoded_frame
        return []


@dataclass(frozen=True)
class Used:
    """CPU seconds so far of the engine's thread and of the whole process, and media packets sent for it."""

    engine_s: float
    process_s: float
    packets: int

    @classmethod
    def of(cls, server: Server) -> Used:
        """Reads the engine's snapshot and /proc."""
        snapshot = server.snapshot()
        return cls(
            engine_s=snapshot["cpu_us"] / 1e6,
            process_s=cpu_s([server.pid]),
            packets=snapshot["counters"]["media_out"],
        )


async def measure(viewers: int, seconds: float, folder: Path) -> dict[str, object]:
    """One row: so many viewers for so long."""
    with Server(folder / f"{viewers}") as server, server.publisher("publisher"):
        watching = [Bot(f"viewer-{number}", server.link(f"viewer-{number}"), None) for number in range(viewers)]
        for viewer in watching:
            await viewer.start()
            await viewer.participant_of("publisher")
        await asyncio.sleep(SETTLE_S)
        machine, before, began = Watch({}), Used.of(server), time.monotonic()
        await asyncio.sleep(seconds)
        after, took, idle = Used.of(server), time.monotonic() - began, machine.report().idle
        for viewer in watching:
            await viewer.close()
    packets = after.packets - before.packets
    return {
        "viewers": viewers,
        "packets/s": round(packets / took),
        "engine µs": round((after.engine_s - before.engine_s) / max(1, packets) * 1e6, 1),
        "server µs": round((after.process_s - before.process_s) / max(1, packets) * 1e6, 1),
        "machine idle": f"{idle:.0%}",
    }


def main() -> None:
    """Prints the report."""
    parser = arguments(__doc__)
    parser.add_argument("--viewers", type=int, nargs="+", default=[1, 5, 10, 20])
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    aiortc.rtcrtpreceiver.get_decoder = lambda codec: NoDecoder()  # noqa: ARG005  # pyright: ignore[reportPrivateImportUsage]
    with tempfile.TemporaryDirectory() as folder:
        rows = [asyncio.run(measure(viewers, options.seconds, Path(folder))) for viewers in options.viewers]
    say("CPU a forwarded packet", rows, as_json=options.json)


if __name__ == "__main__":
    main()
