/**
 * Where each tile of a scene stands, in CSS px, and how many pages there are.
 *
 * Pure; before it is scene.ts, after it tp-grid, which only draws. A tile that is on no page has no box: it is not
 * seen, its voice goes on.
 */
import { layoutOf } from "./fit.ts";
import type { Place } from "../session/places.ts";
import type { Choice, Scene } from "./scene.ts";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Stage {
  readonly width: number;
  readonly height: number;
  /** Between tiles. */
  readonly gap: number;
  /** CSS px of a rem: a wall's labels need larger tiles. */
  readonly rem: number;
  /** Pictures of others that the server sends at once. */
  readonly slots: number;
}

export interface Placed {
  readonly boxes: ReadonlyMap<string, Box>;
  /** The page that is shown, from 0; a page that went is the last one. */
  readonly page: number;
  readonly pages: number;
  /** Between what is large and the rest; absent where there is nothing to move. */
  readonly edge?: Box & { readonly upright: boolean; readonly share: number };
}

/** A smaller tile has no room for a hospital's name. */
const LEAST_REM = { width: 9, height: 6.5 };
/** Lower than this and lying: the large picture has the whole screen. Source: page.md, "Phone, lying". */
const LYING_REM = 30;
/** Share of the large part: least, most, and what it is until somebody moves the edge. */
export const SHARE = { least: 0.4, most: 0.88, usual: 0.78 };
/** A camera's picture, and a row below it for its name. */
const PICTURE = 9 / 16;
/** Of the width of a wall. */
const CORNER = 0.15;

export function placed(scene: Scene, stage: Stage, choice: Pick<Choice, "page" | "share">): Placed {
  const whole: Box = { x: 0, y: 0, width: stage.width, height: stage.height };
  const body =
    scene.large.length === 0 ? paged(scene.rest, whole, stage, choice.page) : split(scene, stage, choice);
  if (!scene.corner) return body;
  return { ...body, boxes: new Map([...body.boxes, [scene.corner.key, cornerOf(whole, stage)]]) };
}

function cornerOf({ width, height }: Box, { gap }: Stage): Box {
  const side = Math.round(width * CORNER);
  const tall = Math.round(side * PICTURE);
  return { x: width - side - gap, y: height - tall - gap, width: side, height: tall };
}

function split(scene: Scene, stage: Stage, choice: Pick<Choice, "page" | "share">): Placed {
  const whole: Box = { x: 0, y: 0, width: stage.width, height: stage.height };
  if (scene.rest.length === 0) return alone(scene.large, whole, stage);
  if (stage.width > stage.height && stage.height < LYING_REM * 16)
    return lying(scene, whole, stage, choice.page);
  const upright = stage.height > stage.width;
  const share = shareOf(stage, upright, choice.share);
  const [first, edge, second] = cut(whole, upright, share, stage.gap);
  const rest = paged(scene.rest, second, stage, choice.page, stage.slots - scene.large.length);
  const large = filling(scene.large, first, stage.gap);
  return { ...rest, boxes: new Map([...large, ...rest.boxes]), edge: { ...edge, upright, share } };
}

const alone = (large: readonly Place[], whole: Box, { gap }: Stage): Placed => ({
  boxes: filling(large, whole, gap),
  page: 0,
  pages: 1,
});

/** A phone that lies: first what is large, and the others on the pages after it. */
function lying(scene: Scene, whole: Box, stage: Stage, page: number): Placed {
  const others = paged(scene.rest, whole, stage, page - 1);
  if (page === 0) return { boxes: filling(scene.large, whole, stage.gap), page, pages: others.pages + 1 };
  return { ...others, page: others.page + 1, pages: others.pages + 1 };
}

/** On a phone that stands the large picture has its own height and no more. */
function shareOf({ width, height, rem }: Stage, upright: boolean, chosen: number | undefined): number {
  const natural = (width * PICTURE + 2 * rem) / Math.max(height, 1);
  const share = chosen ?? (upright ? natural : SHARE.usual);
  return Math.min(SHARE.most, Math.max(chosen === undefined && upright ? 0.2 : SHARE.least, share));
}

function cut({ width, height }: Box, upright: boolean, share: number, gap: number): [Box, Box, Box] {
  const length = upright ? height : width;
  const at = Math.round((length - gap) * share);
  const part = (from: number, size: number): Box =>
    upright ? { x: 0, y: from, width, height: size } : { x: from, y: 0, width: size, height };
  return [part(0, at), part(at, gap), part(at + gap, length - at - gap)];
}

/** How many tiles a page holds. The own one takes no slot. */
export function capacityOf({ width, height }: Box, { gap, rem, slots }: Stage, free = slots): number {
  const along = (length: number, least: number) =>
    Math.max(1, Math.floor((length + gap) / (least * rem + gap)));
  const fits = along(width, LEAST_REM.width) * along(height, LEAST_REM.height);
  return Math.max(1, Math.min(fits, Math.max(free, 1) + 1));
}

function paged(places: readonly Place[], box: Box, stage: Stage, page: number, free = stage.slots): Placed {
  const capacity = capacityOf(box, stage, free);
  const pages = Math.max(1, Math.ceil(places.length / capacity));
  const shown = Math.min(Math.max(page, 0), pages - 1);
  const here = places.slice(shown * capacity, (shown + 1) * capacity);
  // Each page has its tiles as large as the first one's: turning a page changes nothing but the pictures.
  const count = pages > 1 ? capacity : here.length;
  return { boxes: gridIn(here, count, box, stage.gap), page: shown, pages };
}

/** Rows in the middle, the last one too. */
function gridIn(places: readonly Place[], count: number, box: Box, gap: number): Map<string, Box> {
  const { columns, width, height } = layoutOf(count, box.width, box.height, gap);
  const rows = Math.ceil(count / columns);
  const top = box.y + (box.height - rows * height - (rows - 1) * gap) / 2;
  return new Map(
    places.map((place, index): [string, Box] => {
      const row = Math.floor(index / columns);
      const inRow = Math.min(columns, places.length - row * columns);
      const left = box.x + (box.width - inRow * width - (inRow - 1) * gap) / 2;
      const x = Math.round(left + (index % columns) * (width + gap));
      return [place.key, { x, y: Math.round(top + row * (height + gap)), width, height }];
    }),
  );
}

/** What is large fills its part: black beside a picture is quieter than a border. */
function filling(places: readonly Place[], box: Box, gap: number): Map<string, Box> {
  const { columns } = layoutOf(places.length, box.width, box.height, gap);
  const rows = Math.ceil(places.length / columns);
  const width = Math.floor((box.width - gap * (columns - 1)) / columns);
  const height = Math.floor((box.height - gap * (rows - 1)) / rows);
  return new Map(
    places.map((place, index): [string, Box] => {
      const [column, row] = [index % columns, Math.floor(index / columns)];
      return [
        place.key,
        { x: box.x + column * (width + gap), y: box.y + row * (height + gap), width, height },
      ];
    }),
  );
}

export type Way = "left" | "right" | "up" | "down";

/** The tile that an arrow of a remote goes to; undefined at the edge. */
export function neighbour(boxes: ReadonlyMap<string, Box>, from: string, way: Way): string | undefined {
  const here = boxes.get(from);
  if (!here) return undefined;
  let best: { key: string; far: number } | undefined;
  for (const [key, box] of boxes) {
    const far = key === from ? undefined : farness(here, box, way);
    if (far !== undefined && far < (best?.far ?? Infinity)) best = { key, far };
  }
  return best?.key;
}

/** Straight on counts once, sideways twice. */
function farness(here: Box, there: Box, way: Way): number | undefined {
  const dx = there.x + there.width / 2 - (here.x + here.width / 2);
  const dy = there.y + there.height / 2 - (here.y + here.height / 2);
  const [on, aside] = { left: [-dx, dy], right: [dx, dy], up: [-dy, dx], down: [dy, dx] }[way] as [
    number,
    number,
  ];
  const clear = {
    left: there.x + there.width <= here.x + 1,
    right: there.x >= here.x + here.width - 1,
    up: there.y + there.height <= here.y + 1,
    down: there.y >= here.y + here.height - 1,
  }[way];
  return clear ? on + 2 * Math.abs(aside) : undefined;
}
