import { describe, expect, it } from "vitest";
import { isWall, setWall, startDisplay } from "../src/display.ts";
import { capacityOf, neighbour, placed, type Box, type Stage } from "../src/layout/boxes.ts";
import { lasting, shortfallOf, shortfallsAfter } from "../src/layout/floors.ts";
import { followed, heardAfter, withSpeaker } from "../src/layout/order.ts";
import { nothingChosen, sceneOf, type Choice } from "../src/layout/scene.ts";
import type { Profile } from "../src/protocol.gen.ts";
import type { Place } from "../src/session/places.ts";
import { member } from "./fake-server.ts";

function place(name: string, profile: Profile = "consult", own = false): Place {
  const one = member(name, name, "camera");
  const [source] = one.sources;
  return {
    key: `${name}/camera`,
    member: one,
    own,
    slot: 0,
    ...(source && { source: { ...source, profile } }),
  };
}

const people = (count: number): Place[] => Array.from({ length: count }, (_, index) => place(`p${index}`));

const desk: Stage = { width: 1424, height: 820, gap: 8, rem: 16, slots: 12 };
const phone: Stage = { width: 374, height: 700, gap: 8, rem: 16, slots: 6 };

const scene = (places: readonly Place[], choice: Partial<Choice> = {}, spotlight?: string, wall = false) =>
  sceneOf(places, {
    choice: { ...nothingChosen, ...choice },
    spotlight: spotlight === undefined ? null : { participant: spotlight, source: "camera" },
    wall,
  });

const keys = (places: readonly Place[]): string[] => places.map(({ key }) => key);

const apart = (a: Box, b: Box): boolean =>
  a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;

describe("a scene", () => {
  it("has all alike, until there is something to look at", () => {
    expect(scene(people(3))).toMatchObject({ kind: "grid", large: [] });
    const places = [...people(2), place("us", "ultrasound"), place("me", "consult", true)];
    const dual = scene(places);
    expect(dual.kind).toBe("dual");
    expect(keys(dual.large)).toEqual(["us/camera"]);
    expect(keys(dual.rest)).toEqual(["p0/camera", "p1/camera", "me/camera"]);
  });

  it("leaves people and content alike when the viewer says so, and one's own content small", () => {
    expect(scene([...people(2), place("us", "ultrasound")], { alike: true }).kind).toBe("grid");
    expect(scene([...people(2), place("me", "screen", true)]).kind).toBe("grid");
  });

  it("puts the viewer's pin before the chair's spotlight, and that before content", () => {
    const places = [...people(2), place("us", "ultrasound")];
    expect(scene(places, { pinned: "p1/camera" }, "p0")).toMatchObject({ kind: "pinned", spotlit: false });
    const lit = scene(places, {}, "p0");
    expect(lit).toMatchObject({ kind: "pinned", spotlit: true });
    expect(keys(lit.large)).toEqual(["p0/camera"]);
  });

  it("falls back when the pinned source is gone", () => {
    expect(scene(people(2), { pinned: "gone/camera" }).kind).toBe("grid");
  });

  it("has the own picture in a corner of a wall, but not when one is alone", () => {
    const mine = place("me", "consult", true);
    expect(scene([...people(2), mine], {}, undefined, true).corner?.key).toBe("me/camera");
    expect(scene([mine], {}, undefined, true)).toMatchObject({ rest: [mine] });
  });
});

describe("the places on the stage", () => {
  it.each([desk, phone, { ...desk, width: 3824, height: 2080 }, { ...phone, width: 344 }])(
    "lie within $width×$height and apart",
    (stage) => {
      const places = [...people(5), place("us", "ultrasound"), place("me", "consult", true)];
      for (const one of [
        scene(places),
        scene(places, { alike: true }),
        scene(places, { pinned: "p3/camera" }),
      ]) {
        const boxes = [...placed(one, stage, nothingChosen).boxes.values()];
        expect(boxes).toHaveLength(7);
        for (const [index, box] of boxes.entries()) {
          expect(box.x).toBeGreaterThanOrEqual(0);
          expect(box.y).toBeGreaterThanOrEqual(0);
          expect(box.x + box.width).toBeLessThanOrEqual(stage.width);
          expect(box.y + box.height).toBeLessThanOrEqual(stage.height);
          expect(boxes.slice(index + 1).every((other) => apart(box, other))).toBe(true);
        }
      }
    },
  );

  it("give content most of a desk, and on a phone that stands the top", () => {
    const one = scene([...people(2), place("us", "ultrasound")]);
    const wide = placed(one, desk, nothingChosen);
    expect(wide.edge).toMatchObject({ upright: false });
    expect(wide.boxes.get("us/camera")).toMatchObject({ x: 0, y: 0, height: 820 });
    const tall = placed(one, phone, nothingChosen);
    expect(tall.edge).toMatchObject({ upright: true });
    expect(tall.boxes.get("us/camera")).toMatchObject({ x: 0, y: 0, width: 374 });
    expect(tall.boxes.get("p0/camera")?.y).toBeGreaterThan(200);
  });

  it("follow the edge where somebody moved it", () => {
    const one = scene([...people(2), place("us", "ultrasound")]);
    expect(placed(one, desk, { page: 0, share: 0.5 }).boxes.get("us/camera")?.width).toBe(708);
    expect(placed(one, desk, { page: 0, share: 0.01 }).edge?.share).toBe(0.4);
  });

  it("give what is large the whole of a phone that lies, and the others the next page", () => {
    const lying: Stage = { ...phone, width: 836, height: 382 };
    const one = scene([...people(2), place("us", "ultrasound")]);
    const first = placed(one, lying, nothingChosen);
    expect([...first.boxes]).toEqual([["us/camera", { x: 0, y: 0, width: 836, height: 382 }]]);
    expect(first.pages).toBe(2);
    expect([...placed(one, lying, { page: 1 }).boxes.keys()]).toEqual(["p0/camera", "p1/camera"]);
  });

  it("turn pages when there are more than slots, each with tiles of one size", () => {
    const one = scene(people(20));
    const pages = [0, 1, 5].map((page) => placed(one, desk, { page }));
    expect(pages.map(({ page, pages: count }) => [page, count])).toEqual([
      [0, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(pages.map(({ boxes }) => boxes.size)).toEqual([13, 7, 7]);
    const widths = pages.map(({ boxes }) => [...boxes.values()][0]?.width);
    expect(new Set(widths).size).toBe(1);
  });

  it("hold fewer of a wall's large labels", () => {
    const box = { x: 0, y: 0, width: 600, height: 400 };
    expect(capacityOf(box, desk)).toBeGreaterThan(capacityOf(box, { ...desk, rem: 26 }));
  });

  it("are reached by arrows", () => {
    const { boxes } = placed(scene(people(4)), desk, nothingChosen);
    expect(neighbour(boxes, "p0/camera", "right")).toBe("p1/camera");
    expect(neighbour(boxes, "p0/camera", "down")).toBe("p2/camera");
    expect(neighbour(boxes, "p3/camera", "up")).toBe("p1/camera");
    expect(neighbour(boxes, "p0/camera", "left")).toBeUndefined();
  });
});

describe("the order", () => {
  it("keeps what is there, and takes a new tile where the room has it", () => {
    expect(followed(["c", "b", "a"], ["a", "x", "b", "c", "y"])).toEqual(["c", "y", "b", "a", "x"]);
    expect(followed(["a", "b"], ["b"])).toEqual(["b"]);
    expect(followed([], ["a", "b"])).toEqual(["a", "b"]);
  });

  it("brings who speaks to the first page, in place of who was silent for longest", () => {
    let heard = ["d", "a"].reduce<readonly string[]>(heardAfter, []);
    heard = heardAfter(heard, "d");
    const next = withSpeaker(["a", "b", "c", "d"], ["a", "b", "c"], heard);
    expect(next).toEqual(["a", "b", "d", "c"]);
    expect(withSpeaker(next, ["a", "b", "d"], heardAfter(heard, "c"))).toEqual(["a", "c", "d", "b"]);
  });

  it("stays while nobody out of sight speaks, or nobody may make way", () => {
    expect(withSpeaker(["a", "b", "c"], ["a", "b"], ["b"])).toEqual(["a", "b", "c"]);
    expect(withSpeaker(["a", "b", "c"], ["a", "b"], [])).toEqual(["a", "b", "c"]);
    expect(withSpeaker(["a", "b", "c"], [], ["c"])).toEqual(["a", "b", "c"]);
    expect(withSpeaker(["a", "b"], ["a"], ["gone"])).toEqual(["a", "b"]);
    expect(heardAfter(["a"], undefined)).toEqual(["a"]);
  });
});

describe("a floor", () => {
  const seen = (width: number, height: number, fps: number) => ({ width, height, fps });

  it("is a rate and a size, for pictures that a diagnosis may rest on", () => {
    expect(shortfallOf("ultrasound", seen(1280, 720, 25))).toBeUndefined();
    expect(shortfallOf("ultrasound", seen(1280, 720, 24))).toBeUndefined();
    expect(shortfallOf("ultrasound", seen(1280, 720, 18))).toBe("rate");
    expect(shortfallOf("ultrasound", seen(320, 240, 25))).toBe("size");
    expect(shortfallOf("ultrasound", seen(480, 640, 25))).toBeUndefined();
    expect(shortfallOf("surgery", seen(640, 360, 12))).toBe("rate");
    expect(shortfallOf("still", seen(1920, 1080, 1))).toBeUndefined();
    expect(shortfallOf("talk", seen(160, 90, 5))).toBeUndefined();
  });

  it("is told once it lasts, and forgotten at once", () => {
    const places = [place("us", "ultrasound")];
    const slow = new Map([[0, seen(1280, 720, 10)]]);
    const first = shortfallsAfter(new Map(), places, slow, 1_000);
    const later = shortfallsAfter(first, places, slow, 4_500);
    expect(lasting(first, "us/camera", 1_500)).toBeUndefined();
    expect(lasting(later, "us/camera", 4_500)).toBe("rate");
    const fast = shortfallsAfter(later, places, new Map([[0, seen(1280, 720, 25)]]), 5_000);
    expect(lasting(fast, "us/camera", 5_000)).toBeUndefined();
  });
});

describe("the size of things", () => {
  it("is a wall's by the address or the switch, and the device keeps it", () => {
    const root = document.createElement("html");
    localStorage.clear();
    startDisplay("", localStorage, root);
    expect(isWall(root)).toBe(false);
    startDisplay("?display=room", localStorage, root);
    expect(isWall(root)).toBe(true);
    startDisplay("", localStorage, root);
    expect(isWall(root)).toBe(true);
    setWall(false, localStorage, root);
    startDisplay("", localStorage, root);
    expect(isWall(root)).toBe(false);
  });
});
