"""What 100,000 datagrams of garbage a second at the media port do to a call: its loss, its delay, the engine's CPU.

One bot publishes a chart from a process of its own, another watches it here; a third process floods (`tests/e2e/flood.py`).
The delay is from drawing a frame to having it decoded, encoder and decoder included; so the same call without the flood
stands beside it. `lost up` and `lost down` are packets that the server and the viewer missed, before repair.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from common import arguments, run, say

from e2e.load import Watch
from e2e.server import Server
from e2e.stage import Bot

FLOOD = Path(__file__).parent.parent / "tests" / "e2e" / "flood.py"
A_SECOND = 30
"""Frames of the chart before the flood."""

START_S = 30.0


async def measure(rate: int, seconds: float, folder: Path) -> dict[str, object]:
    """One row: a call with so many datagrams of garbage a second, which may be none."""
    with Server(folder / f"{rate}") as server, server.publisher("publisher"):
        async with Bot("viewer", server.link("viewer"), None) as viewer:
            publisher = await viewer.participant_of("publisher")
            await viewer.wait_frames(publisher, A_SECOND)
            machine, before, began = Watch({}), server.snapshot(), time.monotonic()
            reached = await flood(server.media_port, rate, seconds)
            after, took = server.snapshot(), time.monotonic() - began
            report = viewer.report(publisher)
            lost_down = await lost(viewer)
    video = report.video if report else None
    if video is None or video.delay is None:
        raise OSError("no picture with a time code came")
    return {
        "garbage/s": round(reached),
        "refused/s": round((total(after["drops"]) - total(before["drops"])) / took),
        "fps": round(video.fps, 1),
        "lost up": sum(t["lost"] for t in after["tracks"]) - sum(t["lost"] for t in before["tracks"]),
        "lost down": lost_down,
        "delay p50 ms": round(video.delay.p50_ms),
        "p95 ms": round(video.delay.p95_ms),
        "max ms": round(video.delay.max_ms),
        "freezes": video.freezes,
        "engine core": f"{(after['cpu_us'] - before['cpu_us']) / 1e6 / took:.1%}",
        "machine idle": f"{machine.report().idle:.0%}",
    }


async def flood(port: int, rate: int, seconds: float) -> float:
    """Floods for so long, or only waits. Returns the rate that was reached."""
    if not rate:
        await asyncio.sleep(seconds)
        return 0.0
    process = await asyncio.create_subprocess_exec(
        sys.executable, FLOOD, str(port), str(rate), str(seconds), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return json.loads(said)["rate"]


async def lost(viewer: Bot) -> int:
    """Packets that the viewer's connection missed so far."""
    down = viewer.participant.media._down  # noqa: SLF001  # the bot's own connection has the counters
    stats = await down.getStats() if down else {}
    return sum(entry.packetsLost for entry in stats.values() if entry.type == "inbound-rtp")


def total(drops: dict[str, int]) -> int:
    """All that was refused."""
    return sum(drops.values())


def main() -> None:
    """Prints the report."""
    parser = arguments(__doc__)
    parser.add_argument("--rates", type=int, nargs="+", default=[0, 10_000, 100_000])
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            run(measure(rate, options.seconds, Path(folder)), within_s=options.seconds + START_S)
            for rate in options.rates
        ]
    say("a call beside garbage at the media port", rows, json_to=options.json)


if __name__ == "__main__":
    main()
