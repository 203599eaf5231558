"""A Chromium whose pages are not the product's: `bare.js` speaks the signaling protocol by itself, for tests of media alone.

Before this module are a server and a token; after it, what the page was told and saw (`timeline.py`) and its statistics.
The pages are of the server's own origin, since the server lets no other in.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, Playwright

from e2e.load import process_marked
from e2e.server import Server
from e2e.site import FLAGS, LOOPBACK_ONLY, LOOPBACK_ONLY_FLAG, PATIENCE_S, Capture, chromium_path, eventually
from e2e.timeline import Assignment, Run, Timeline

HERE = Path(__file__).parent
SCRIPTS = ("timecode.js", "lipsync.js", "bare.js")
NOTHING = "/nothing"
"""An address of the server's own where no page is. A page put there by Playwright would be nobody's, and Chromium asks
before such a one talks to loopback."""

MARK = "--telepresence-bare"
SOUND_WITHOUT_A_GESTURE = "--autoplay-policy=no-user-gesture-required"

Stats = Mapping[str, Any]


@asynccontextmanager
async def chromium(playwright: Playwright, capture: Capture | None = None) -> AsyncIterator[Browser]:
    """A browser for bare pages, with fake devices if there is a capture."""
    loopback = (LOOPBACK_ONLY_FLAG,) if os.environ.get(LOOPBACK_ONLY) else ()
    devices = capture.flags() if capture else ()
    browser = await playwright.chromium.launch(
        executable_path=chromium_path(), args=[*FLAGS, *loopback, *devices, SOUND_WITHOUT_A_GESTURE, MARK]
    )
    try:
        yield browser
    finally:
        await browser.close()


def chromium_pid() -> int:
    """The process of the browser that `chromium` started."""
    return process_marked(MARK)


class Bare:
    """One bare page, which is one participant."""

    def __init__(self, page: Page) -> None:
        """Made by `join`."""
        self.page = page
        self.participant = ""
        self.console: list[str] = []
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))

    @classmethod
    async def join(cls, browser: Browser, server: Server, site: str, *, slots: int) -> Bare:
        """Opens a page and joins the server's room."""
        context = await browser.new_context(viewport={"width": 800, "height": 450}, bypass_csp=True)
        bare = cls(await context.new_page())
        await bare.page.goto(f"{server.origin}{NOTHING}")
        for script in SCRIPTS:
            await bare.page.evaluate((HERE / script).read_text())
        join = "([token, slots]) => bare.join(token, slots)"
        bare.participant = await bare.page.evaluate(join, [server.token(site), slots])
        return bare

    async def publish(
        self, *, codec: str, encodings: Sequence[Mapping[str, object]], size: tuple[int, int], sound: bool = False
    ) -> None:
        """Publishes the fake camera as the source `camera`, in one layer for each encoding (W3C RTCRtpEncodingParameters)."""
        wish = {"codec": codec, "encodings": encodings, "width": size[0], "height": size[1], "sound": sound}
        await self.page.evaluate("(wish) => bare.publish(wish)", wish)

    async def view(self, tiles: Sequence[tuple[str, str]], size: tuple[int, int], *, pinned: bool = False) -> float:
        """Shows these `(participant, source)`, all at one size. Returns when that was said, in seconds of the page's clock."""
        said = [
            {"participant": participant, "source": source, "width": size[0], "height": size[1], "pinned": pinned}
            for participant, source in tiles
        ]
        return await self.page.evaluate("(tiles) => bare.view(tiles)", said) / 1000

    async def sources(self, at_least: int) -> dict[str, str]:
        """Waits for so many other sites with a source; returns their participants by site."""

        async def look() -> dict[str, str]:
            members = await self.page.evaluate("() => [...bare.members.values()]")
            return {
                m["site"]: m["participant"] for m in members if m["sources"] and m["participant"] != self.participant
            }

        return await eventually(f"{at_least} sources", look, lambda found: len(found) >= at_least, PATIENCE_S)

    async def inbound(self) -> dict[str, Stats]:
        """`inbound-rtp` by mid. Source: W3C webrtc-stats."""
        return await self.page.evaluate("() => bare.stats('inbound-rtp', 'mid')")

    async def outbound(self) -> dict[str, Stats]:
        """`outbound-rtp` by rid."""
        return await self.page.evaluate("() => bare.stats('outbound-rtp', 'rid')")

    async def codec(self, mid: str) -> str:
        """The MIME type of what is received on an m-line."""
        return await self.page.evaluate("(mid) => bare.codec(mid)", mid)

    async def timeline(self) -> Timeline:
        """What it was told and what it saw."""
        report = await self.page.evaluate("() => bare.report()")
        return Timeline(
            now=report["now"] / 1000,
            told=tuple(
                Assignment(at=line["at"] / 1000, slot=line["index"], participant=line["participant"])
                for line in report["told"]
            ),
            runs={
                slot["index"]: tuple(
                    Run(
                        number=run["number"],
                        size=(run["width"], run["height"]),
                        first=run["from"] / 1000,
                        last=run["to"] / 1000,
                        frames=run["frames"],
                    )
                    for run in slot["runs"]
                )
                for slot in report["seen"]
            },
            unreadable=sum(slot["unreadable"] for slot in report["seen"]),
            black=sum(slot["black"] for slot in report["seen"]),
        )

    async def lip_sync(self, slot: int, seconds: float) -> dict[str, Any]:
        """When beeps were heard and flashes seen in a slot (ms), and pairs of playout times of its sound and picture."""
        return await self.page.evaluate("([slot, ms]) => lipsync.watch(slot, ms)", [slot, seconds * 1000])

    async def slot_of(self, participant: str) -> int:
        """Waits until a slot shows this participant, and returns its index."""

        async def look() -> int | None:
            return (await self.timeline()).slots().get(participant)

        return await eventually(f"a slot of {participant}", look, lambda slot: slot is not None, PATIENCE_S)

    async def save(self, folder: Path) -> None:
        """Leaves what it said and shows."""
        folder.mkdir(parents=True, exist_ok=True)
        said = await self.page.evaluate("() => JSON.stringify(bare.said)")
        (folder / "bare.console.txt").write_text("\n".join([*self.console, said]))
        await self.page.screenshot(path=folder / "bare.png", timeout=5_000)
