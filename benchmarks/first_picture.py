"""From `make run`, when all is built, to a nurse's first picture: seconds of each step, and how often she presses.

The demo starts as a person starts it; a browser opens the printed link of a member hospital, and presses Join. The browser is
told to allow camera and microphone by itself: a person presses that once more, the first time.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from common import arguments, run, say
from playwright.async_api import async_playwright

from e2e.server import Demo
from e2e.site import PATIENCE_S, Site
from e2e.stage import Sign, write_capture

ROOT = Path(__file__).parent.parent
START_S = 90.0
SEEN = "() => performance.getEntriesByName('first-remote-frame').length > 0"


async def measure(folder: Path) -> dict[str, object]:
    """Starts, opens, presses and sees once."""
    capture = write_capture(folder, Sign(number=2, hz=700))
    with Demo(["make", "--silent", "run"], folder / "demo", os.environ, ROOT) as demo:
        async with async_playwright() as playwright:
            opening = time.monotonic()
            site = await Site.open(playwright, "xixia", demo.link("xixia"), capture)
            await site.wait_state("door")
            pressed = time.monotonic()
            await site.join()
            await site.page.wait_for_function(SEEN, timeout=PATIENCE_S * 1000)
            seen = time.monotonic()
            await site.close()
    return {
        "start s": round(demo.started_in_s, 1),
        "browser and door s": round(pressed - opening, 1),
        "Join to picture s": round(seen - pressed, 2),
        "presses": 1,
        "total s": round(demo.started_in_s + seen - opening, 1),
    }


def main() -> None:
    """Prints the report."""
    options = arguments(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        row = run(measure(Path(folder)), within_s=START_S)
    say("make run to a nurse's first picture", [row], json_to=options.json)


if __name__ == "__main__":
    main()
