import { afterEach, describe, expect, it } from "vitest";
import { Tile } from "../src/components/tile.ts";
import { otherLanguage, setLanguage } from "../src/i18n/language.ts";
import type { Place } from "../src/session/places.ts";
import type { Shown } from "../src/tile-state.ts";
import { member } from "./fake-server.ts";

const bot = member("bot", "Demo site 演示站点", "clip", "chart");
const live: Shown = { state: "live", stillFor: 0, pictured: true, muted: false, speaking: false };

async function show(shown: Partial<Shown>, place: Partial<Place> = {}): Promise<Tile> {
  const tile = new Tile();
  const [source] = bot.sources;
  tile.place = { key: "bot/clip", member: bot, own: false, slot: 0, ...(source && { source }), ...place };
  tile.shown = { ...live, ...shown };
  tile.numbers = { width: 1280, height: 720, fps: 25 };
  document.body.append(tile);
  await tile.updateComplete;
  return tile;
}

const words = (tile: Tile): string => tile.shadowRoot?.textContent.replace(/\s+/g, " ") ?? "";

afterEach(() => document.body.replaceChildren());

describe("a tile", () => {
  it("carries what tests and support tools go by", async () => {
    const tile = await show({});
    expect(tile.getAttribute("participant")).toBe("bot");
    expect(tile.getAttribute("source")).toBe("clip");
    expect(tile.getAttribute("state")).toBe("live");
    expect(tile.video).toBeInstanceOf(HTMLVideoElement);
    expect(tile.ariaLabel).toBe("Demo site 演示站点 · clip, 1280×720 · 25 fps");
  });

  it("says in words that it is frozen, and since when", async () => {
    const tile = await show({ state: "frozen", stillFor: 4 });
    expect(words(tile)).toContain("Picture frozen for 4 s");
    expect(tile.video.className).toBe("dimmed");
  });

  it("covers an older picture while another source connects", async () => {
    const tile = await show({ state: "connecting", pictured: false });
    expect(tile.shadowRoot?.querySelector(".face")).not.toBeNull();
    expect(words(tile)).not.toContain("1280×720");
  });

  it("says why a picture is paused, over the last one", async () => {
    const tile = await show({ state: "paused", stillFor: 1 });
    expect(words(tile)).toContain("Paused by your link");
    expect(words(tile)).toContain("the picture comes back by itself");
    expect(tile.video.className).toBe("dimmed");
    expect(tile.shadowRoot?.querySelector(".face")).toBeNull();
  });

  it("says of a diagnostic picture what it falls short of, with its numbers", async () => {
    const [source] = bot.sources;
    const place = source && { source: { ...source, profile: "ultrasound" as const } };
    const tile = await show({ shortfall: "rate" }, place);
    expect(words(tile)).toContain("Too few pictures a second for a diagnosis");
    expect(tile.hasAttribute("below-floor")).toBe(true);
    expect(tile.shadowRoot?.querySelector(".numbers.always")).not.toBeNull();
    expect(tile.captioned).toBe(true);
  });

  it("shows how loud a site is that is not seen, and who records", async () => {
    const tile = await show({ state: "camera-off", pictured: false, level: 0.5, recording: "records" });
    expect(tile.shadowRoot?.querySelectorAll(".level .lit")).toHaveLength(5);
    expect(tile.ariaLabel).toContain("Camera off");
    expect(tile.ariaLabel).toContain("Records");
  });

  it("says what a press does: it makes the tile large, or shows all again", async () => {
    const tile = await show({});
    expect(tile.ariaDescription).toBe("Press to show it large");
    tile.held = true;
    await tile.updateComplete;
    expect(tile.ariaDescription).toBe("Press to show all");
  });

  it("follows the language at once", async () => {
    const tile = await show({ state: "camera-off", muted: true });
    expect(words(tile)).toContain("Camera off");
    await setLanguage(otherLanguage());
    await tile.updateComplete;
    expect(words(tile)).toContain("摄像头已关");
    expect(words(tile)).toContain("已静音");
    expect(document.documentElement.lang).toBe("zh-CN");
  });
});
