"""A consultation as people hold it: ten sites, one waits, a second camera, a screen, the chair handed on, a site sent out.

Three hospitals are browsers, one of them Chinese; three bots publish and four only watch. Each screen is left as a picture in
`test-artefacts/screens/`, and axe-core finds no fault in it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from e2e.crowd import Crowd
from e2e.gallery import Gallery
from e2e.loops import Loops
from e2e.server import Server
from e2e.site import CHINESE, LIVE, PATIENCE_S, Site
from e2e.stage import Sign, Stage
from telepresence.signaling.messages import Role

pytestmark = pytest.mark.e2e

HENAN, XIXIA, NANYANG = Sign(number=21, hz=600), Sign(number=22, hz=800), Sign(number=23, hz=1000)
WATCHERS = ("zhumadian", "luohe", "xinyang", "puyang")
PUBLISHERS = 3
PATIENCE_MS = PATIENCE_S * 1000

PACKETS = """async () => {
  const reports = await Promise.all(peers.map((peer) => peer.getStats()));
  const streams = reports.flatMap((report) => [...report.values()]).filter(({type}) => /^(in|out)bound-rtp$/.test(type));
  return streams.reduce((sum, one) => sum + (one.packetsReceived ?? 0) + (one.packetsSent ?? 0), 0);
}"""
"""Media packets of all connections that the page has ever made, its test at the door among them."""


async def test_ten_sites_consult(stage: Stage, tmp_path: Path) -> None:
    """From the door to the end for all, as the chair, a member and a site that waits live it."""
    server, gallery = stage.server, Gallery()
    assert isinstance(server, Server)
    henan = await stage.site("henan", HENAN, server.link("henan", role=Role.CHAIR))
    xixia = await stage.site("xixia", XIXIA, locale=CHINESE)
    nanyang = await stage.site("nanyang", NANYANG, server.link("nanyang", role=Role.GUEST))
    await expect(henan.page.locator("tp-network .reached")).to_be_visible(timeout=PATIENCE_MS)
    await gallery.show(henan.page, "door-en")
    await gallery.show(xixia.page, "door-zh")
    await henan.join()
    await xixia.join()
    watchers = [server.token(name) for name in WATCHERS]
    async with Loops(server, PUBLISHERS):
        with Crowd(server.origin, watchers, tmp_path, "watch") as crowd:
            await crowd.wait_joined(PATIENCE_S)
            await write_a_line(henan, "The CT of 2 February is on the way.")
            await wait_at_the_door(gallery, server, henan, nanyang)
            await let_in(henan, nanyang)
            await a_line_is_there(nanyang, "The CT of 2 February is on the way.")
            await second_camera(gallery, henan, xixia)
            await screen(gallery, henan, xixia)
            await gallery.show(henan.page, "consultation-en")
            await gallery.show(xixia.page, "consultation-zh")
            await spotlight(gallery, henan, nanyang)
            await chairs_panel(gallery, henan, xixia)
            await hand_on(gallery, henan, xixia)
            await send_out(gallery, xixia, nanyang)
            await everybody_got_pictures(crowd)
        await end(gallery, henan, xixia)
    gallery.check()


async def everybody_got_pictures(crowd: Crowd) -> None:
    """Each of the bots that only watch got pictures; the first of them decoded."""
    report = await crowd.report()
    assert any(source["video"]["framesDecoded"] > 0 for source in report["sources"] if source["video"])
    assert len(report["others"]) == len(WATCHERS) - 1
    for other in report["others"]:
        assert any(source["video"]["frames"] > 0 for source in other["sources"] if source["video"]), other


async def write_a_line(site: Site, words: str) -> None:
    """Opens the chat and writes."""
    await site.press("#chat-panel")
    await site.write(words)
    await site.sees_words(words)
    await site.press("#close-panel")


async def a_line_is_there(site: Site, words: str) -> None:
    """Who came late reads what was written before."""
    await site.press("#chat-panel")
    await site.sees_words(words)
    await site.press("#close-panel")


async def wait_at_the_door(gallery: Gallery, server: Server, chair: Site, guest: Site) -> None:
    """A guest waits: the engine has no connection of it, and nobody but the chair hears of it."""
    for number in range(1, PUBLISHERS + 1):
        await expect(tile_of(chair, f"Site-{number}")).to_have_attribute("state", LIVE, timeout=PATIENCE_MS)
    before = connections(server)
    await guest.knock()
    await gallery.show(guest.page, "waiting-en")
    await expect(chair.page.locator("#knocking")).to_be_visible(timeout=PATIENCE_MS)
    await gallery.show(chair.page, "knocking-en")
    assert connections(server) == before, "a waiting site has a connection in the engine"
    assert await guest.page.evaluate(PACKETS) == 0
    assert await guest.page.locator("tp-tile").count() == 0


def connections(server: Server) -> int:
    """How many connections the engine has."""
    return len(server.snapshot()["connections"])


async def let_in(chair: Site, guest: Site) -> None:
    """The chair lets the guest in, and sees it."""
    await chair.press("#admit")
    await guest.wait_state("joined")
    await expect(tile_of(chair, "Nanyang")).to_have_attribute("state", LIVE, timeout=PATIENCE_MS)


def tile_of(viewer: Site, name: str) -> Locator:
    """The first tile that names this site."""
    return viewer.page.locator("tp-tile").filter(has_text=re.compile(name)).first


async def second_camera(gallery: Gallery, viewer: Site, site: Site) -> None:
    """A site adds a camera without rejoining; the viewer sees it as a tile of its own."""
    await site.press("#more-panel")
    await site.press("#add-camera")
    await gallery.show(site.page, "devices-zh")
    await site.press("#close-panel")
    await expect(viewer.live_tile("camera-2")).to_be_attached(timeout=PATIENCE_MS)


async def screen(gallery: Gallery, viewer: Site, site: Site) -> None:
    """A site shows its screen, and takes it away again."""
    await site.press("#share")
    await expect(viewer.live_tile("screen")).to_be_attached(timeout=PATIENCE_MS)
    await gallery.show(viewer.page, "dual-stream-en")
    await site.press("#share")
    await expect(viewer.page.locator('tp-tile[source="screen"]')).to_have_count(0, timeout=PATIENCE_MS)


async def spotlight(gallery: Gallery, chair: Site, viewer: Site) -> None:
    """What the chair shows large is large at the others."""
    await chair.press("#sites-panel")
    await chair.page.locator("tp-site-row").filter(has_text="Xixia").locator(".spotlight").last.click()
    await expect(viewer.page.locator('tp-tile[source="camera-2"][pinned]')).to_be_attached(timeout=PATIENCE_MS)
    await gallery.show(viewer.page, "spotlight-en")


async def chairs_panel(gallery: Gallery, chair: Site, member: Site) -> None:
    """The chair silences a site; only the site opens its microphone again, asked to."""
    await gallery.show(chair.page, "sites-en")
    row = chair.page.locator("tp-site-row").filter(has_text="Xixia")
    await row.locator(".mute").first.click()
    await expect(member.page.locator("#microphone.off")).to_be_attached(timeout=PATIENCE_MS)
    await row.locator(".ask-for").first.click()
    await member.press("tp-notices .yes")
    await expect(member.page.locator("#microphone.off")).to_have_count(0, timeout=PATIENCE_MS)


async def hand_on(gallery: Gallery, chair: Site, heir: Site) -> None:
    """The chair goes to another site."""
    row = chair.page.locator("tp-site-row").filter(has_text="Xixia")
    await confirm(row.locator("tp-confirm:not(.remove)").first)
    await heir.press("#sites-panel")
    await expect(heir.page.locator("tp-sites #end")).to_be_attached(timeout=PATIENCE_MS)
    await gallery.show(heir.page, "sites-zh")


async def send_out(gallery: Gallery, chair: Site, site: Site) -> None:
    """A site that was sent out stays out, by its link and by a reload."""
    row = chair.page.locator("tp-site-row").filter(has_text="Nanyang")
    await confirm(row.locator("tp-confirm.remove"))
    await site.wait_state("removed")
    await gallery.show(site.page, "removed-en")
    await site.reload()
    await site.page.get_by_role("button", name=re.compile("^Join")).first.click()
    await site.wait_state("removed")


async def confirm(control: Locator) -> None:
    """Presses what can't be taken back, and once more when it asks."""
    await control.locator("wa-button").first.click()
    await control.locator('.sure wa-button[variant="danger"]').click()


async def end(gallery: Gallery, member: Site, chair: Site) -> None:
    """The meeting ends for all."""
    await confirm(chair.page.locator("tp-sites tp-confirm#end"))
    for site in (member, chair):
        await site.wait_state("ended")
    await gallery.show(member.page, "ended-en")
    await gallery.show(chair.page, "ended-zh")
