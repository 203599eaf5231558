import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { emptyState, type AppState } from "../src/app/store.ts";
import { Grid } from "../src/components/grid.ts";
import type { Tile } from "../src/components/tile.ts";
import type { Member, Profile, Tile as Told } from "../src/protocol.gen.ts";
import { member, slot, Story } from "./fake-server.ts";

const SIZE = { width: 1424, height: 820 };

/** A member with one camera of a profile. */
function site(name: string, profile: Profile = "consult"): Member {
  const one = member(name, name, "camera");
  return { ...one, sources: one.sources.map((source) => ({ ...source, profile })) };
}

function room(members: readonly Member[], part: Partial<AppState["session"] & object> = {}): AppState {
  const story = new Story().joins({ members: [...members, site("me")] });
  const slots = members.slice(0, 12).map(({ participant }, index) => slot(index, participant, "camera"));
  const { session } = story.says({ type: "slots", slots });
  return { ...emptyState, session: { ...session, ...part } };
}

beforeEach(() => {
  vi.useFakeTimers();
  Object.defineProperty(Grid.prototype, "clientWidth", { value: SIZE.width, configurable: true });
  Object.defineProperty(Grid.prototype, "clientHeight", { value: SIZE.height, configurable: true });
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(private readonly told: () => void) {}
      observe = () => this.told();
      unobserve = () => undefined;
      disconnect = () => undefined;
    },
  );
});

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function open(app: AppState) {
  const told: (readonly Told[])[] = [];
  const grid = new Grid();
  grid.controller = {
    show: (tiles: readonly Told[]) => void told.push(tiles),
    streamOf: () => undefined,
    ownStream: () => undefined,
    readLevel: () => 0,
  } as never;
  grid.app = app;
  document.body.append(grid);
  const settle = async () => {
    await grid.updateComplete;
    await vi.advanceTimersByTimeAsync(300);
    await grid.updateComplete;
  };
  await settle();
  const root = grid.shadowRoot;
  const tiles = () => [...(root?.querySelectorAll<Tile>("tp-tile") ?? [])];
  const names = (which: (tile: Tile) => boolean) =>
    tiles()
      .filter(which)
      .map((tile) => tile.participant);
  const press = async (element: HTMLElement | null | undefined) => {
    element?.dispatchEvent(new Event("pointerdown", { bubbles: true, composed: true }));
    element?.click();
    await settle();
  };
  const key = async (name: string) => {
    dispatchEvent(new KeyboardEvent("keydown", { key: name }));
    await settle();
  };
  const shows = (next: AppState) => {
    grid.app = next;
    return settle();
  };
  return { grid, root, tiles, names, press, key, shows, last: () => told.at(-1) ?? [] };
}

const large = (tile: Tile) => tile.pinned;
const seen = (tile: Tile) => !tile.off;

describe("the stage", () => {
  it("asks for the best of what is pressed large, and shows all alike again after Esc", async () => {
    const stage = await open(room([site("a"), site("b")]));
    expect(stage.last().map(({ participant, pinned }) => [participant, pinned])).toEqual([
      ["a", false],
      ["b", false],
    ]);
    const [, second] = stage.tiles();
    await stage.press(second);
    expect(stage.names(large)).toEqual(["b"]);
    expect(stage.last().map(({ participant, pinned }) => [participant, pinned])).toEqual([
      ["b", true],
      ["a", false],
    ]);
    expect(stage.tiles()[1]).toBe(second);
    await stage.key("Escape");
    expect(stage.names(large)).toEqual([]);
    await stage.key("1");
    expect(stage.names(large)).toEqual(["a"]);
  });

  it("has content beside people by itself, until the viewer wants all alike", async () => {
    const stage = await open(room([site("a"), site("us", "ultrasound")]));
    expect(stage.names(large)).toEqual(["us"]);
    expect(stage.root?.querySelector("tp-edge")).not.toBeNull();
    await stage.press(stage.root?.querySelector<HTMLElement>("#layout"));
    expect(stage.names(large)).toEqual([]);
    await stage.press(stage.root?.querySelector<HTMLElement>("#layout"));
    expect(stage.names(large)).toEqual(["us"]);
  });

  it("shows the chair's spotlight large, unless the viewer pinned another", async () => {
    const app = room([site("a"), site("b")]);
    const stage = await open(app);
    const info = app.session?.room;
    const spotlight = { participant: "a", source: "camera" };
    const lit = { ...app, session: { ...app.session, room: { ...info, spotlight } } } as AppState;
    await stage.shows(lit);
    expect(stage.names(large)).toEqual(["a"]);
    await stage.press(stage.tiles()[1]);
    expect(stage.names(large)).toEqual(["b"]);
  });

  it("turns pages: only what is seen is listed, and all are heard", async () => {
    const many = Array.from({ length: 20 }, (_, index) => site(`s${index}`));
    const stage = await open(room(many));
    expect(stage.names(seen)).toHaveLength(13);
    expect(stage.last()).toHaveLength(13);
    await stage.press(stage.root?.querySelector<HTMLElement>("#next-page"));
    expect(stage.names(seen)).toEqual(["s13", "s14", "s15", "s16", "s17", "s18", "s19", "me"]);
    expect(stage.tiles()).toHaveLength(21);
    expect(stage.tiles().every((tile) => tile.own || tile.sounding)).toBe(true);
    await stage.key("PageUp");
    expect(stage.names(seen)[0]).toBe("s0");
  });

  it("brings who speaks on another page to the first one", async () => {
    const many = Array.from({ length: 20 }, (_, index) => site(`s${index}`));
    const stage = await open(room(many));
    await stage.shows(room(many, { speaker: { participant: "s18", source: "camera" } }));
    const first = stage.names(seen);
    expect(first).toContain("s18");
    expect(first.slice(0, 12)).toEqual(many.slice(0, 12).map(({ participant }) => participant));
  });

  it("moves nobody before it was measured", async () => {
    const speaker = { participant: "c", source: "camera" };
    Object.defineProperty(Grid.prototype, "clientWidth", { value: 0, configurable: true });
    const stage = await open(room([site("a"), site("b"), site("c")], { speaker }));
    expect(stage.names(() => true)).toEqual(["a", "b", "c", "me"]);
  });

  it("is woken by a first touch, which presses nothing", async () => {
    const stage = await open(room([site("a"), site("b")]));
    stage.grid.still = true;
    await stage.press(stage.tiles()[0]);
    expect(stage.names(large)).toEqual([]);
    stage.grid.still = false;
    await stage.press(stage.tiles()[0]);
    expect(stage.names(large)).toEqual(["a"]);
  });

  it("leads a remote's arrows from tile to tile, and OK makes one large", async () => {
    const stage = await open(room([site("a"), site("b"), site("c")]));
    const [first, second] = stage.tiles();
    first?.focus();
    first?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, composed: true }));
    expect(stage.root?.activeElement).toBe(second);
    second?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, composed: true }));
    await stage.grid.updateComplete;
    await stage.grid.updateComplete;
    expect(stage.names(large)).toEqual(["b"]);
  });

  it("says that nobody is there", async () => {
    const app = room([]);
    const empty = { ...app, session: { ...app.session, members: [], places: [] } } as unknown as AppState;
    const stage = await open(empty);
    expect(stage.root?.textContent).toContain("Nobody is on the stage yet.");
  });
});
