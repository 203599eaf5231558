"""Resident memory of the server a subscriber: without media, and with one picture and one sound flowing to each.

The receivers are those of `counting.py`. What is measured is the whole server, so a subscriber's share of signaling, of
the room and of Python is in it beside the engine's.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from common import arguments, run, say
from counting import only_count, receivers
from idle_memory import resident_mb

from e2e.server import Server

SETTLE_S = 5.0
WITHIN_S = 400.0


async def measure(steps: list[int], slots: int, folder: Path, *, media: bool) -> list[dict[str, object]]:
    """A row for each number of subscribers, one after the other on the same server."""
    rows: list[dict[str, object]] = []
    with Server(folder) as server:
        async with AsyncExitStack() as stack:
            if media:
                stack.enter_context(server.publisher("publisher", sources=["--clip"]))
            await receivers(stack, server, 0, 1, slots=slots)  # what the first one costs is the server's, not its own
            await asyncio.sleep(SETTLE_S)
            there, began_mb = 1, resident_mb(server.pid)
            for count in steps:
                await receivers(stack, server, there, count - there, slots=slots)
                there = count
                await asyncio.sleep(SETTLE_S)
                mb = resident_mb(server.pid)
                each = (mb - began_mb) * 1024 / (count - 1)
                rows.append(
                    {
                        "media": "yes" if media else "no",
                        "subscribers": count,
                        "slots each": slots,
                        "resident MB": round(mb, 1),
                        "kB a subscriber": round(each, 1),
                    }
                )
    return rows


def main() -> None:
    """Prints the report."""
    parser = arguments(__doc__)
    parser.add_argument("--subscribers", type=int, nargs="+", default=[20, 50, 100])
    parser.add_argument("--slots", type=int, default=4)
    options = parser.parse_args()
    only_count()
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for media in (False, True):
            measuring = measure(options.subscribers, options.slots, Path(folder) / str(media), media=media)
            rows += run(measuring, within_s=WITHIN_S)
    say("resident memory of a server a subscriber", rows, json_to=options.json)


if __name__ == "__main__":
    main()
