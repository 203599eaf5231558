"""Resident memory of a server that nobody uses, and of its parts: after the start, and after a call has come and gone."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

from common import arguments, run, say

from e2e.server import Server
from e2e.stage import Bot, Sign

SETTLE_S = 3.0
"""Time for the start's and the call's leftovers to be freed."""

LONGEST_S = 90.0
"""Settling twice, and a call that is a few seconds long."""


def resident_mb(pid: int) -> float:
    """VmRSS. Source: proc(5), /proc/pid/status."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


async def measure(folder: Path) -> dict[str, object]:
    """Starts a server, looks, has two bots meet for a while, and looks again."""
    with Server(folder) as server:
        await asyncio.sleep(SETTLE_S)
        idle = resident_mb(server.pid)
        bots = [Bot(name, server.link(name), Sign(number=1, hz=500)) for name in ("alice", "bob")]
        for bot in bots:
            await bot.start()
        await bots[0].wait_frames(bots[1].id, 100)
        busy = resident_mb(server.pid)
        for bot in bots:
            await bot.close()
        await asyncio.sleep(SETTLE_S)
        after = resident_mb(server.pid)
    return {"idle MB": round(idle, 1), "two bots MB": round(busy, 1), "idle again MB": round(after, 1)}


def main() -> None:
    """Prints the report."""
    options = arguments(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        row = run(measure(Path(folder)), within_s=LONGEST_S)
    say("resident memory of a server", [row], json_to=options.json)


if __name__ == "__main__":
    main()
