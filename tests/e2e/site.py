"""A hospital in a test: a Chromium process with its own camera and microphone, driven as a person would.

Before this module are a link and two files; after it, figures that `probe.js` read from what the page shows and plays.
A site knows the page only by what a person sees or by what its elements promise: the button to join, `<tp-tile>` with
`participant`, `source` and `state`.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, Playwright, expect

from e2e.load import process_marked

HERE = Path(__file__).parent
PATIENCE_S = 20.0
"""For what takes well under a second on an idle machine; CI's has two cores for everything."""

LIVE = "live"
ENGLISH, CHINESE = "en-US", "zh-CN"
JOIN = re.compile(r"^(Join\b|加入)")
LEAVE = re.compile(r"^Leave\b")

FLAGS = (
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A site that nobody looks at is as true as one in front.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--use-fake-ui-for-media-stream",
)
LOOPBACK_ONLY_FLAG = "--allow-loopback-in-peer-connection"
LOOPBACK_ONLY = "E2E_LOOPBACK_ONLY"
"""Environment variable that is set where the network has nothing but loopback."""

EXACT_MICROPHONE = """
  window.devicesAsked = 0;
  window.captured = [];
  window.peers = [];
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer { constructor(...how) { super(...how); window.peers.push(this); } };
  const kept = (stream) => { window.captured.push(...stream.getTracks()); return stream; };
  // Speech processing takes a steady tone for noise and removes it; the test's microphone is a file that needs none.
  const devices = navigator.mediaDevices;
  const real = devices && ((wish) => devicesOf(wish).then(kept));
  const devicesOf = devices?.getUserMedia.bind(devices);
  const screenOf = devices?.getDisplayMedia?.bind(devices);
  if (screenOf) devices.getDisplayMedia = (wish) => screenOf(wish).then(kept);
  if (real) navigator.mediaDevices.getUserMedia = (wish) => {
    window.devicesAsked += 1;
    if (!wish?.audio) return real(wish);
    const audio = typeof wish.audio === "object" ? wish.audio : {};
    const off = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    return real({ ...wish, audio: { ...audio, ...off } });
  };
"""


def chromium_path() -> str:
    """Where Chromium is; `make browser` has seen to it."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise FileNotFoundError("no Chromium on PATH: run `make browser`")


@dataclass(frozen=True)
class Capture:
    """What a site's fake devices play: `camera` an .mjpeg or .y4m file, `microphone` a .wav file, each round and round."""

    camera: Path
    microphone: Path

    def flags(self) -> tuple[str, ...]:
        """Chromium's switches for them."""
        return (
            "--use-fake-device-for-media-stream=fps=30,device-count=2",
            f"--use-file-for-fake-video-capture={self.camera}",
            f"--use-file-for-fake-audio-capture={self.microphone}",
        )


@dataclass(frozen=True)
class Picture:
    """What was seen of a tile for a while: `fps` of frames presented, `code_fps` of time codes that differ from the one before."""

    fps: float
    code_fps: float
    sources: tuple[int, ...]
    longest_gap_ms: float
    delay_ms: float | None
    size: tuple[int, int]


@dataclass(frozen=True)
class Tone:
    """What was heard of a tile: its loudest frequency, and its level (root mean square) below full scale."""

    hz: float
    dbfs: float


class Site:
    """One hospital's browser and page."""

    def __init__(self, name: str, link: str, browser: Browser, page: Page) -> None:
        """Made by `open`."""
        self.name = name
        self.link = link
        self.page = page
        self.console: list[str] = []
        self._browser = browser
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))

    @classmethod
    async def open(
        cls, playwright: Playwright, name: str, link: str, capture: Capture | None, *, locale: str = ENGLISH
    ) -> Site:
        """Starts a browser of its own and opens the link. Without `capture` the site has neither camera nor microphone."""
        loopback = (LOOPBACK_ONLY_FLAG,) if os.environ.get(LOOPBACK_ONLY) else ()
        devices = capture.flags() if capture else ()
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(),
            # An unknown switch means nothing to Chromium; it marks the process for `pid`.
            args=[*FLAGS, *loopback, *devices, f"--telepresence-site={name}"],
        )
        site = cls(name, link, browser, await _new_page(browser, locale))
        await site.visit()
        return site

    @asynccontextmanager
    async def tab(self) -> AsyncIterator[None]:
        """The link in a browser that has never been here; closed at the end."""
        before = self.page
        self.page = await _new_page(self._browser)
        await self.visit()
        try:
            yield
        finally:
            await self.page.context.close()
            self.page = before

    async def visit(self) -> None:
        """Opens the link, or opens it again as a reload does."""
        await self.page.goto(self.link)
        await self._add_probe()

    async def reload(self) -> None:
        """Reloads the page, as a nervous hand does."""
        await self.page.reload()
        await self._add_probe()

    async def _add_probe(self) -> None:
        # Not by a script element: the page's policy forbids scripts that are not its own files, and rightly.
        for script in ("timecode.js", "probe.js"):
            await self.page.evaluate((HERE / script).read_text())

    @property
    def pid(self) -> int:
        """The browser's process."""
        return process_marked(f"--telepresence-site={self.name}")

    async def join(self) -> None:
        """Presses Join and waits until the page is in the room."""
        await self.page.get_by_role("button", name=JOIN).first.click()
        await self.wait_state("joined")

    async def wait_state(self, state: str) -> None:
        """Waits until the page says that it is in this state."""
        await expect(self.page.locator(f'[data-state="{state}"]').first).to_be_attached(timeout=PATIENCE_S * 1000)

    async def knock(self) -> None:
        """Presses Join where one must be let in, and waits until the page says so."""
        await self.page.get_by_role("button", name=JOIN).first.click()
        await self.wait_state("waiting")

    async def press(self, selector: str) -> None:
        """Presses what a person finds there. A bar that has hidden itself comes back first."""
        await self.page.mouse.move(100, 100)
        await self.page.mouse.move(120, 120)
        await self.page.locator(selector).first.click(timeout=PATIENCE_S * 1000)

    async def sees_words(self, words: str | re.Pattern[str]) -> None:
        """Waits until these words stand on the page."""
        await expect(self.page.get_by_text(words).first).to_be_visible(timeout=PATIENCE_S * 1000)

    async def capturing(self) -> int:
        """How many cameras, microphones and screens are open: their lights are on."""
        return await self.page.evaluate("captured.filter((track) => track.readyState === 'live').length")

    async def write(self, words: str) -> None:
        """Writes into the open panel's field, and sends it."""
        field = self.page.locator("tp-writing textarea").first
        await field.fill(words)
        await field.press("Enter")

    async def leave(self) -> None:
        """Presses Leave."""
        await self.page.get_by_role("button", name=LEAVE).first.click()
        await self.wait_state("left")

    def tile(self, participant: str, source: str | None = None) -> Locator:
        """The tile of a participant's source."""
        suffix = f'[source="{source}"]' if source else ""
        return self.page.locator(f'tp-tile[participant="{participant}"]{suffix}').first

    def live_tile(self, source: str) -> Locator:
        """A tile of a source of this name that says it is live, whoever publishes it."""
        return self.page.locator(f'tp-tile[source="{source}"][state="{LIVE}"]').first

    async def wait_live(self, participant: str, source: str | None = None) -> Locator:
        """Waits until the tile is there and says that it is live."""
        tile = self.tile(participant, source)
        await expect(tile).to_have_attribute("state", LIVE, timeout=PATIENCE_S * 1000)
        return tile

    async def wait_gone(self, participant: str) -> None:
        """Waits until the participant has no tile."""
        await expect(self.tile(participant)).to_have_count(0, timeout=PATIENCE_S * 1000)

    async def watch(self, tile: Locator, seconds: float) -> Picture:
        """Watches a tile's picture for so long."""
        seen: dict[str, Any] = await tile.evaluate("(tile, ms) => probe.watchPicture(tile, ms)", seconds * 1000)
        assert "why" not in seen, f"{self.name}: {seen['why']}"
        return Picture(
            fps=seen["fps"],
            code_fps=seen["changesPerSecond"],
            sources=tuple(seen["sources"]),
            longest_gap_ms=seen["longestGapMs"],
            delay_ms=seen["delayMs"],
            size=(seen["width"], seen["height"]),
        )

    async def hear(self, tile: Locator) -> Tone:
        """Listens to a tile's sound for half a second."""
        heard: dict[str, Any] = await tile.evaluate("(tile) => probe.hearTone(tile)")
        assert "why" not in heard, f"{self.name}: {heard['why']}"
        return Tone(hz=heard["hz"], dbfs=heard["dbfs"])

    async def frames(self, tile: Locator) -> int:
        """Frames that the tile's picture has had since it began."""
        return await tile.evaluate("(tile) => probe.videoOf(tile)?.getVideoPlaybackQuality().totalVideoFrames ?? 0")

    async def save(self, folder: Path) -> None:
        """Leaves what a person needs to see what went wrong."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.name}.console.txt").write_text("\n".join(self.console))
        await self.page.screenshot(path=folder / f"{self.name}.png", timeout=5_000)

    async def close(self) -> None:
        """Ends the browser, as switching the machine off does."""
        await self._browser.close()

    def _note(self, message: ConsoleMessage) -> None:
        self.console.append(f"{message.type}: {message.text}")


async def _new_page(browser: Browser, locale: str = ENGLISH) -> Page:
    """A page that shares nothing with others of the browser."""
    # Without fades, which axe-core would catch half way.
    context = await browser.new_context(locale=locale, viewport={"width": 800, "height": 500}, reduced_motion="reduce")
    await context.add_init_script(EXACT_MICROPHONE)
    return await context.new_page()


async def eventually(what: str, attempt: Callable[[], Any], good: Callable[[Any], bool], within_s: float) -> Any:
    """Repeats `attempt` (a coroutine function) until its value is `good`. Raises AssertionError with the last value."""
    until = time.monotonic() + within_s
    while True:
        value = await attempt()
        if good(value):
            return value
        assert time.monotonic() < until, f"{what}: after {within_s:g} s it is {value}"
        await asyncio.sleep(0.1)
