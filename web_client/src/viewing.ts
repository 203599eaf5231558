/**
 * What is on the screen, and how large: the server sends pictures of that size, and pauses what nobody sees.
 *
 * components/grid.ts gives it the tiles; what it finds goes to the session. `tilesOf` is the pure part.
 */
import type { Tile as Shown } from "./protocol.gen.ts";

/** A window that is being resized is told when it rests, ms. */
const REST_MS = 250;

/** Most tiles of a message, and the longest side of one, device px. Source: signaling/protocol.md, `view`. */
const MOST = 64;
const LONGEST = 16_384;

/** A tile on the page: its source, and its size in CSS px. An own tile, or one without a source, has none. */
export interface Candidate {
  readonly participant: string;
  readonly source: string;
  readonly own: boolean;
  /** It is shown large: the best there is, please. */
  readonly pinned: boolean;
  readonly width: number;
  readonly height: number;
  readonly onScreen: boolean;
}

/** The message's tiles, in the page's order; `ratio` is device px a CSS px. A hidden page shows nothing. */
export function tilesOf(candidates: readonly Candidate[], ratio: number, hidden: boolean): Shown[] {
  if (hidden) return [];
  const pixels = (length: number) => Math.min(Math.round(length * ratio), LONGEST);
  return candidates
    .filter(({ own, source, onScreen }) => !own && source !== "" && onScreen)
    .map(({ participant, source, pinned, width, height }) => {
      return { participant, source, width: pixels(width), height: pixels(height), pinned };
    })
    .slice(0, MOST);
}

/** As much of `<tp-tile>` as is needed here. */
export interface TileElement extends HTMLElement {
  readonly participant: string;
  readonly source: string;
  readonly own: boolean;
  readonly pinned: boolean;
}

export class Viewing {
  #tiles: readonly TileElement[] = [];
  readonly #offScreen = new Set<Element>();
  readonly #sizes = new ResizeObserver(() => this.#later(REST_MS));
  readonly #screen = new IntersectionObserver((entries) => this.#crossed(entries));
  #names = "";
  #told: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly tell: (tiles: Shown[]) => void) {}

  start(): void {
    addEventListener("resize", this.#resized);
    document.addEventListener("visibilitychange", this.#turned);
  }

  stop(): void {
    removeEventListener("resize", this.#resized);
    document.removeEventListener("visibilitychange", this.#turned);
    clearTimeout(this.#timer);
    this.#sizes.disconnect();
    this.#screen.disconnect();
    this.#tiles = [];
    this.#offScreen.clear();
    this.#told = undefined;
  }

  /** The tiles of now, in their order. One that came is told at once, or it would wait for its picture. */
  follow(tiles: readonly TileElement[]): void {
    for (const tile of this.#tiles) if (!tiles.includes(tile)) this.#forget(tile);
    for (const tile of tiles) if (!this.#tiles.includes(tile)) this.#observe(tile);
    this.#tiles = [...tiles];
    const names = tiles.map((tile) => `${tile.participant}/${tile.source}/${tile.pinned}`).join(" ");
    if (names === this.#names) return;
    this.#names = names;
    this.#later(0);
  }

  #observe(tile: Element): void {
    this.#sizes.observe(tile);
    this.#screen.observe(tile);
  }

  #forget(tile: Element): void {
    this.#sizes.unobserve(tile);
    this.#screen.unobserve(tile);
    this.#offScreen.delete(tile);
  }

  #crossed(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#offScreen.delete(target);
      else this.#offScreen.add(target);
    }
    this.#later(REST_MS);
  }

  readonly #resized = () => this.#later(REST_MS);
  readonly #turned = () => this.#later(0);

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), ms);
  }

  #look(): void {
    const candidates = this.#tiles.map((tile) => ({
      participant: tile.participant,
      source: tile.source,
      own: tile.own,
      pinned: tile.pinned,
      width: tile.clientWidth,
      height: tile.clientHeight,
      onScreen: !this.#offScreen.has(tile),
    }));
    const tiles = tilesOf(candidates, devicePixelRatio, document.hidden);
    const told = JSON.stringify(tiles);
    if (told === this.#told) return;
    this.#told = told;
    this.tell(tiles);
  }
}
