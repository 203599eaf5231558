"""Screenshots of the page's screens, and axe-core over each: kept as artefacts of the test, to be judged by eye.

Before this module a test brings a page to a screen; after it, `test-artefacts/screens/` has that screen at three widths.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.async_api import Page

ROOT = Path(__file__).parent.parent.parent
SCREENS = ROOT / "test-artefacts" / "screens"
AXE = ROOT / "web_client" / "node_modules" / "axe-core" / "axe.min.js"

SIZES = {"phone": (360, 780), "laptop": (1366, 768), "wall": (1920, 1080)}
"""The widths that page.md names: a phone upright, a doctor's laptop, a wall screen."""

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""What EN 301 549 asks of a page. Source: axe-core's tags."""

TALL = 2400
"""Window height for axe-core: it takes what is half scrolled out of sight for a target too small to be hit."""

SETTLE_MS = 300
"""A layout rests this long after its window was resized, before it is looked at."""


class Gallery:
    """The screens of one test. What is wrong with any of them is told at the end, all at once."""

    def __init__(self, suffix: str = "") -> None:
        """Nothing is shown yet. `suffix` ends each name."""
        self.faults: list[str] = []
        self._suffix = suffix and f"-{suffix}"

    async def show(self, page: Page, screen: str, further: Mapping[str, tuple[int, int]] | None = None) -> None:
        """Takes the screen at each size, and at further ones, and asks axe-core of it."""
        before, name = page.viewport_size, f"{screen}{self._suffix}"
        for size, (width, height) in {**SIZES, **(further or {})}.items():
            await page.set_viewport_size({"width": width, "height": height})
            await page.wait_for_timeout(SETTLE_MS)
            SCREENS.mkdir(parents=True, exist_ok=True)
            await page.screenshot(path=SCREENS / f"{name}-{size}.png", timeout=10_000)
            await page.set_viewport_size({"width": width, "height": TALL})
            self.faults += [f"{name}-{size}: {fault}" for fault in await faults_of(page)]
            overflow = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if overflow > 0:
                self.faults.append(f"{name}-{size}: the page is {overflow} px wider than its window")
        if before:
            await page.set_viewport_size(before)

    def check(self) -> None:
        """Raises AssertionError if a screen had a fault."""
        assert not self.faults, "\n".join(self.faults)


async def faults_of(page: Page) -> list[str]:
    """What axe-core finds, a line each: the rule, what it says, and where."""
    # By the debugger, which the page's policy against foreign scripts does not reach.
    await page.evaluate(AXE.read_text() + "\n;0")
    found: list[dict[str, Any]] = json.loads(
        await page.evaluate(
            "rules => axe.run(document, {runOnly: rules}).then(({violations}) => JSON.stringify(violations))",
            list(RULES),
        )
    )
    return [
        f"{rule['id']} ({rule['help']}): {node['target']} {node['html'][:120]}"
        for rule in found
        for node in rule["nodes"]
    ]
