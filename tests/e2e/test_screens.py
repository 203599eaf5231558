"""The screens that no story of a meeting comes by, in both languages: the organiser's, the refused, the lost, the left, the large.

They are left as pictures in `test-artefacts/screens/`, and axe-core finds no fault in them.
"""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from e2e.gallery import Gallery
from e2e.loops import Loops
from e2e.server import LINK_VALID_S, ROOM, Server
from e2e.site import CHINESE, ENGLISH, PATIENCE_S, Site
from e2e.stage import Sign, Stage
from telepresence.auth import ANY_ROOM
from telepresence.signaling.messages import Role

pytestmark = pytest.mark.e2e

XIXIA = Sign(number=41, hz=700)
PATIENCE_MS = PATIENCE_S * 1000
LARGEST = (3840, 2160)
TWICE = "document.documentElement.style.fontSize = '200%'"
"""As a person sets it in the browser."""


@pytest.mark.parametrize("locale", [ENGLISH, CHINESE])
async def test_every_other_screen(stage: Stage, locale: str) -> None:
    """From the start page to the page that is left."""
    server, gallery = stage.server, Gallery(locale)
    assert isinstance(server, Server)
    site = await stage.site("xixia", XIXIA, locale=locale)
    await organiser(gallery, server, site)
    await refused(gallery, server, site)
    async with Loops(server, 1):
        await panels(gallery, server, site)
        await lost(gallery, site)
        await left(gallery, site)
        await large(gallery, server, site)
    gallery.check()


async def visit(site: Site, address: str) -> None:
    """Opens an address as a fresh page: a change behind `#` alone would load nothing."""
    await site.page.goto("about:blank")
    await site.page.goto(address)


async def organiser(gallery: Gallery, server: Server, site: Site) -> None:
    """A stranger sees nothing of rooms; the organiser makes one and has a link and a QR code for each site."""
    await visit(site, f"{server.origin}/")
    await gallery.show(site.page, "start-stranger")
    assert await site.page.locator("tp-room-form").count() == 0
    await visit(site, f"{server.origin}/#t={server.token('office', room=ANY_ROOM, role=Role.ORGANISER)}")
    await site.page.locator("#title").fill("Chest pain, two hospitals 胸痛会诊")
    for index, (name, own) in enumerate(
        (("Henan Provincial Hospital 河南省人民医院", "henan"), ("Xixia 西峡", "xixia"))
    ):
        await site.page.locator(f'[id="sites.{index}.name"]').fill(name)
        await site.page.locator(f'[id="sites.{index}.site"]').fill(own)
    await gallery.show(site.page, "start-form")
    await site.page.locator("#make-room").click()
    card = site.page.locator("tp-room-card[fresh]")
    await expect(card.locator("tp-site-link")).to_have_count(2, timeout=PATIENCE_MS)
    link = await card.locator("tp-site-link input").first.input_value()
    assert re.fullmatch(rf"{re.escape(server.origin)}/room/[\w-]+#t=[\w.-]+", link)
    await card.scroll_into_view_if_needed()
    await gallery.show(site.page, "start-links")


async def refused(gallery: Gallery, server: Server, site: Site) -> None:
    """A link whose time is over says so before anybody presses Join."""
    await visit(site, f"{server.origin}/room/{ROOM}#t={server.token('xixia', valid_s=-LINK_VALID_S)}")
    await expect(site.page.locator("#link-refused")).to_be_visible(timeout=PATIENCE_MS)
    await gallery.show(site.page, "link-refused")


async def panels(gallery: Gallery, server: Server, site: Site) -> None:
    """Chat and keys beside the pictures."""
    await visit(site, server.link("xixia"))
    await site.join()
    await expect(site.live_tile(Loops.source)).to_be_attached(timeout=PATIENCE_MS)
    await site.press("#chat-panel")
    await site.write("The films are on the table. 片子已经放好。")
    await gallery.show(site.page, "chat")
    await site.press("#close-panel")
    await site.page.keyboard.press("?")
    await expect(site.page.locator("tp-keys")).to_be_visible(timeout=PATIENCE_MS)
    await gallery.show(site.page, "keys")
    await site.page.keyboard.press("Escape")


async def lost(gallery: Gallery, site: Site) -> None:
    """The network is gone for a while."""
    await site.page.context.set_offline(offline=True)
    await expect(site.page.locator("#reconnecting").first).to_be_visible(timeout=PATIENCE_MS)
    await gallery.show(site.page, "reconnecting")
    await site.page.context.set_offline(offline=False)
    await site.wait_state("joined")


async def left(gallery: Gallery, site: Site) -> None:
    """One went by oneself; nothing is captured any more."""
    await site.press("#leave")
    await site.wait_state("left")
    assert await site.capturing() == 0
    await gallery.show(site.page, "left")


async def large(gallery: Gallery, server: Server, site: Site) -> None:
    """A wall three metres away, a 4K screen, and letters of twice the size."""
    await visit(site, server.link("xixia").replace("#", "?display=room#"))
    await site.join()
    await expect(site.live_tile(Loops.source)).to_be_attached(timeout=PATIENCE_MS)
    await gallery.show(site.page, "wall", {"4k": LARGEST})
    await site.page.evaluate(TWICE)
    await gallery.show(site.page, "twice-the-letters")
