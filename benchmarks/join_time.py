"""From the press of Join to the first decoded frame of another site, in Chromium, by the page's own marks.

A bot is on the air; a hospital with camera and microphone opens its link in a new tab, presses Join, and leaves once it
sees the bot, again and again.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from common import arguments, percentile, run, say
from playwright.async_api import async_playwright

from e2e.load import Watch
from e2e.server import Server
from e2e.site import PATIENCE_S, Site
from e2e.stage import Bot, Sign, write_capture

MARKS = "['join-pressed', 'first-remote-frame'].map((name) => performance.getEntriesByName(name).at(-1)?.startTime)"
WARM_UP = 2
"""Joins before the measured ones: the first starts processes that a browser in use has running."""

START_S = 60.0
"""For the server, the browser, the bot and the joins that warm up."""


async def one_join(site: Site) -> float:
    """Milliseconds of one join in a new tab."""
    async with site.tab():
        await site.join()
        await site.page.wait_for_function(
            # A function: a bare expression would be evaluated in the page, which its policy forbids.
            "() => performance.getEntriesByName('first-remote-frame').length > 0",
            timeout=PATIENCE_S * 1000,
        )
        pressed, frame = await site.page.evaluate(MARKS)
        await site.leave()
    return frame - pressed


async def measure(joins: int, folder: Path) -> dict[str, object]:
    """Joins so often, and returns the percentiles in ms."""
    capture = write_capture(folder, Sign(number=2, hz=700))
    with Server(folder / "server") as server:
        async with Bot("bot", server.link("bot"), Sign(number=1, hz=500)), async_playwright() as playwright:
            site = await Site.open(playwright, "xixia", server.link("xixia"), capture)
            for _ in range(WARM_UP):
                await one_join(site)
            watch = Watch({"server": server.pid})
            took = [await one_join(site) for _ in range(joins)]
            busy = watch.report()
            await site.close()
    return {
        "joins": joins,
        "p50 ms": round(percentile(took, 0.50)),
        "p95 ms": round(percentile(took, 0.95)),
        "longest ms": round(max(took)),
        "machine idle": f"{busy.idle:.0%}",
    }


def main() -> None:
    """Prints the report."""
    parser = arguments(__doc__)
    parser.add_argument("--joins", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        row = run(measure(options.joins, Path(folder)), within_s=START_S + PATIENCE_S * options.joins)
    say("press of Join to first decoded frame", [row], json_to=options.json)


if __name__ == "__main__":
    main()
