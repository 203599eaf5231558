"""From the consent of one of the audience to its picture at the presenter, in Chromium, again and again.

A presenter, a moderator and one of the audience are browsers. Each time the hand goes up, the moderator asks, the audience's
page says yes, and steps down once it was seen. The socket and the down connection are the same throughout.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from common import arguments, percentile, run, say
from playwright.async_api import async_playwright, expect

from e2e.load import Watch
from e2e.server import TRAINING, Server
from e2e.site import PATIENCE_S, Site
from e2e.stage import Sign, write_capture
from telepresence.signaling.messages import Role

PATIENCE_MS = PATIENCE_S * 1000
WARM_UP = 2
START_S = 60.0
"""For the server, the browsers and the promotions that warm up."""

SEEN = """(name) => new Promise((resolve) => {
  const look = () => {
    const grid = document.querySelector("tp-app")?.shadowRoot?.querySelector("tp-meeting")?.shadowRoot?.querySelector("tp-grid");
    const tile = [...(grid?.shadowRoot?.querySelectorAll("tp-tile") ?? [])].find((one) => one.place?.member.name === name);
    if (tile?.state === "live") resolve(true);
    else requestAnimationFrame(look);
  };
  look();
})"""
"""The tile of a site says that it is live, looked at with each frame of the page."""


async def one_promotion(viewer: Site, moderator: Site, guest: Site) -> float:
    """Milliseconds from the yes to the picture."""
    await guest.press("#raise-hand")
    await moderator.page.locator("tp-hands .promote").first.click(timeout=PATIENCE_MS)
    await expect(guest.page.locator("#stage-yes")).to_be_visible(timeout=PATIENCE_MS)
    began = time.monotonic()
    await guest.page.locator("#stage-yes").click()
    await viewer.page.evaluate(SEEN, "Guest")
    took = time.monotonic() - began
    await guest.page.locator("#step-down").click()
    await expect(viewer.page.locator("tp-tile").filter(has_text="Guest")).to_have_count(0, timeout=PATIENCE_MS)
    return took * 1000


async def measure(promotions: int, folder: Path) -> dict[str, object]:
    """Promotes so often, and returns the percentiles in ms."""
    captures = [write_capture(folder, Sign(number=number, hz=500 + 100 * number)) for number in (1, 2)]
    with Server(folder / "server") as server:
        async with async_playwright() as playwright:

            async def site(name: str, role: Role, number: int | None) -> Site:
                link = server.link(name, room=TRAINING, role=role)
                opened = await Site.open(playwright, name, link, None if number is None else captures[number])
                await opened.join()
                return opened

            viewer = await site("chen", Role.PRESENTER, 0)
            moderator = await site("moderator", Role.MODERATOR, None)
            guest = await site("guest", Role.AUDIENCE, 1)
            await moderator.press("#audience-panel")
            if not await guest.page.locator("#raise-hand").count():
                await guest.press("#questions-panel")
            for _ in range(WARM_UP):
                await one_promotion(viewer, moderator, guest)
            watch = Watch({"server": server.pid})
            took = [await one_promotion(viewer, moderator, guest) for _ in range(promotions)]
            busy = watch.report()
            for one in (guest, moderator, viewer):
                await one.close()
    return {
        "promotions": promotions,
        "p50 ms": round(percentile(took, 0.50)),
        "p95 ms": round(percentile(took, 0.95)),
        "longest ms": round(max(took)),
        "machine idle": f"{busy.idle:.0%}",
    }


def main() -> None:
    """Prints the report."""
    parser = arguments(__doc__)
    parser.add_argument("--promotions", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        row = run(measure(options.promotions, Path(folder)), within_s=START_S + PATIENCE_S * options.promotions)
    say("consent of one of the audience to its picture at the presenter", [row], json_to=options.json)


if __name__ == "__main__":
    main()
