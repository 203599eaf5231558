"""CPU µs of the server a forwarded packet, at some numbers of viewers, of which each gets one picture and one sound.

One bot publishes a chart and a tone from a process of its own. The viewers are aiortc participants in this process whose
decoders are taken out, so that twenty of them fit beside the server on two cores. A packet counts once a viewer has
decrypted it; the CPU is that of the engine's thread, and of the whole server for comparison.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import aiortc.rtcrtpreceiver
from common import arguments, say

from e2e.load import TICKS_PER_S, Watch
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
    """CPU seconds so far of the engine's thread and of the whole process."""

    engine: float
    process: float

    @classmethod
    def of(cls, server: Server) -> Used:
        """Reads /proc. Source: proc(5)."""
        threads = {task: (task / "comm").read_text().strip() for task in Path(f"/proc/{server.pid}/task").iterdir()}
        engine = sum(_cpu_s(task) for task, name in threads.items() if name.startswith("sfu"))
        return cls(engine=engine, process=_cpu_s(Path(f"/proc/{server.pid}")))


def _cpu_s(stat_of: Path) -> float:
    fields = (stat_of / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


async def received(viewers: list[Bot]) -> int:
    """Media packets that all viewers have decrypted so far."""
    count = 0
    for viewer in viewers:
        down = viewer.participant._down  # noqa: SLF001  # aiortc's statistics are the point here
        assert down is not None  # noqa: S101  # a viewer that has joined
        report = await down.getStats()
        count += sum(item.packetsReceived for item in report.values() if item.type == "inbound-rtp")
    return count


async def measure(viewers: int, seconds: float, folder: Path) -> dict[str, object]:
    """One row: so many viewers for so long."""
    with Server(folder / f"{viewers}") as server, server.publisher("publisher"):
        watching = [Bot(f"viewer-{number}", server.link(f"viewer-{number}"), None) for number in range(viewers)]
        for viewer in watching:
            await viewer.start()
            await viewer.participant_of("publisher")
        await asyncio.sleep(SETTLE_S)
        machine = Watch({})
        packets, used, began = await received(watching), Used.of(server), time.monotonic()
        await asyncio.sleep(seconds)
        packets, now, took = await received(watching) - packets, Used.of(server), time.monotonic() - began
        idle = machine.report().idle
        for viewer in watching:
            await viewer.close()
    return {
        "viewers": viewers,
        "packets/s": round(packets / took),
        "engine µs": round((now.engine - used.engine) / max(1, packets) * 1e6, 1),
        "server µs": round((now.process - used.process) / max(1, packets) * 1e6, 1),
        "machine idle": f"{idle:.0%}",
    }


def main() -> None:
    """Prints the report."""
    parser = arguments(__doc__)
    parser.add_argument("--viewers", type=int, nargs="+", default=[1, 5, 10, 20])
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    aiortc.rtcrtpreceiver.get_decoder = lambda codec: NoDecoder()  # noqa: ARG005  # its signature
    with tempfile.TemporaryDirectory() as folder:
        rows = [asyncio.run(measure(viewers, options.seconds, Path(folder))) for viewers in options.viewers]
    say("CPU a forwarded packet", rows, as_json=options.json)


if __name__ == "__main__":
    main()
