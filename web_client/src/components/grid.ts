/**
 * `<tp-grid>`: the tiles of a meeting, each in its place: all alike, one large, or content beside people.
 *
 * The places come from session/places.ts, their boxes from layout/; what this viewer chose lives here. Tiles stay the
 * same elements whatever the layout, so that no picture begins anew when another becomes large.
 */
import { localized, msg, str } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { classMap } from "lit/directives/class-map.js";
import { repeat } from "lit/directives/repeat.js";
import { styleMap } from "lit/directives/style-map.js";
import type { Controller } from "../app/controller.ts";
import type { AppState } from "../app/store.ts";
import { isWall } from "../display.ts";
import { neighbour, placed, type Box, type Placed, type Stage, type Way } from "../layout/boxes.ts";
import { lasting, shortfallsAfter, type Shortfalls } from "../layout/floors.ts";
import { followed, heardAfter, withSpeaker } from "../layout/order.ts";
import { isContent, nothingChosen, sceneOf, type Choice, type Scene } from "../layout/scene.ts";
import { placeKey, placesOf, type Place } from "../session/places.ts";
import { shared } from "../styles/shared.ts";
import { shownOf } from "../tile-state.ts";
import { isTyping } from "../typing.ts";
import { Viewing } from "../viewing.ts";
import "./edge.ts";
import { gridStyles } from "./grid.styles.ts";
import { icon, type IconName } from "./icons.ts";
import type { Tile } from "./tile.ts";
import "./tile.ts";

/** Between tiles, CSS px. */
const GAP = 8;

const WAYS: Readonly<Record<string, Way>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};

@localized()
@customElement("tp-grid")
export class Grid extends LitElement {
  static override styles = [shared, gridStyles];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;
  /** Nobody moves: only pictures are seen. */
  @property({ type: Boolean, reflect: true }) still = false;
  @state() private width = 0;
  @state() private height = 0;
  @state() private choice: Choice = nothingChosen;

  #order: readonly string[] = [];
  #heard: readonly string[] = [];
  #shortfalls: Shortfalls = new Map();
  #scene: Scene = { kind: "grid", large: [], rest: [], spotlit: false };
  #placed: Placed = { boxes: new Map(), page: 0, pages: 1 };
  /** The press began while nothing but pictures was seen: it only brings the rest back. */
  #wakes = false;
  readonly #viewing = new Viewing((tiles) => this.controller.show(tiles));
  readonly #watch = new ResizeObserver(() => this.#measure());

  override connectedCallback(): void {
    super.connectedCallback();
    this.#watch.observe(this);
    this.#viewing.start();
    addEventListener("keydown", this.#key);
    this.addEventListener("pointerdown", this.#pressed, true);
    this.addEventListener("click", this.#clicked, true);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#watch.disconnect();
    this.#viewing.stop();
    removeEventListener("keydown", this.#key);
    this.removeEventListener("pointerdown", this.#pressed, true);
    this.removeEventListener("click", this.#clicked, true);
  }

  #measure(): void {
    this.width = this.clientWidth;
    this.height = this.clientHeight;
  }

  // --- what is where -----------------------------------------------------------------------------

  protected override willUpdate(): void {
    const { session, measured, now } = this.app;
    const all = session ? placesOf(session) : [];
    this.#shortfalls = shortfallsAfter(this.#shortfalls, all, measured.slots, now);
    this.#heard = heardAfter(this.#heard, this.#speakerKey());
    this.#order = followed(
      this.#order,
      all.map(({ key }) => key),
    );
    const viewer = { choice: this.choice, spotlight: session?.room?.spotlight, wall: isWall() };
    const stage = this.#stage();
    const scene = sceneOf(this.#ordered(all), viewer);
    this.#order = withSpeaker(this.#order, this.#givesWay(scene, stage), this.#heard);
    this.#scene = sceneOf(this.#ordered(all), viewer);
    this.#placed = placed(this.#scene, stage, this.choice);
  }

  /** Who on the first page may change places with a speaker of another; nobody where all are seen. */
  #givesWay(scene: Scene, stage: Stage): string[] {
    // Before it was measured nothing fits, which says nothing.
    if (stage.width === 0) return [];
    const { pages, boxes } = placed(scene, stage, { ...this.choice, page: 0 });
    const [speaker] = this.#heard;
    if (pages === 1 || speaker === undefined || boxes.has(speaker)) return [];
    return scene.rest.filter(({ key, own }) => !own && boxes.has(key)).map(({ key }) => key);
  }

  #stage(): Stage {
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    const slots = this.app.session?.slotCount ?? 12;
    return { width: this.width, height: this.height, gap: GAP, rem, slots };
  }

  #ordered(places: readonly Place[]): Place[] {
    return this.#order.flatMap((key) => places.find((place) => place.key === key) ?? []);
  }

  #speakerKey(): string | undefined {
    const speaker = this.app.session?.speaker;
    return speaker && placeKey(speaker.participant, speaker.source);
  }

  // --- what the server is told -------------------------------------------------------------------

  protected override updated(): void {
    void this.#follow();
  }

  /** Tiles know their source once they are drawn themselves. The large ones are the most wanted. */
  async #follow(): Promise<void> {
    const tiles = this.#tiles();
    await Promise.all(tiles.map((tile) => tile.updateComplete));
    const seen = tiles.filter((tile) => !tile.off);
    if (this.isConnected) this.#viewing.follow(seen.toSorted((a, b) => Number(b.pinned) - Number(a.pinned)));
  }

  #tiles(): Tile[] {
    return [...this.renderRoot.querySelectorAll<Tile>("tp-tile")];
  }

  // --- what the viewer does ----------------------------------------------------------------------

  #choose(part: Partial<Choice>): void {
    this.choice = { ...this.choice, ...part };
  }

  #pin(key: string | undefined): void {
    this.#choose({ pinned: key, page: 0 });
  }

  #toggle(key: string): void {
    this.#pin(this.choice.pinned === key ? undefined : key);
  }

  #turn(by: number): void {
    const page = this.#placed.page + by;
    if (page >= 0 && page < this.#placed.pages) this.#choose({ page });
  }

  readonly #pressed = () => void (this.#wakes = this.still);

  readonly #clicked = (event: Event) => {
    if (this.#wakes) event.stopPropagation();
    this.#wakes = false;
  };

  readonly #key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event)) return;
    const { key } = event;
    if (/^[1-9]$/.test(key)) {
      const at = [...this.#placed.boxes.keys()][Number(key) - 1];
      if (at !== undefined) this.#toggle(at);
    } else if (key === "Escape" && this.choice.pinned !== undefined) this.#pin(undefined);
    else if (key === "PageDown") this.#turn(1);
    else if (key === "PageUp") this.#turn(-1);
  };

  /** A remote's arrows and OK, on the tile that has the focus. */
  #tileKey(event: KeyboardEvent, key: string): void {
    if (event.key === "Enter") return this.#toggle(key);
    const way = WAYS[event.key];
    if (!way) return;
    const to = neighbour(this.#placed.boxes, key, way);
    if (to !== undefined) this.#focus(to);
    else if (way === "left" || way === "right") this.#turn(way === "right" ? 1 : -1);
    // Past the lowest row the browser's own order leads on to the bar.
    if (to !== undefined || way === "left" || way === "right") event.preventDefault();
  }

  #focus(key: string): void {
    this.#tiles()
      .find((tile) => tile.place.key === key)
      ?.focus();
  }

  // --- drawing -----------------------------------------------------------------------------------

  protected override render(): TemplateResult {
    const { large, rest, corner } = this.#scene;
    const inOrder = this.#ordered([...large, ...rest, ...(corner ? [corner] : [])]);
    return html`
      ${repeat(
        inOrder,
        (place) => place.key,
        (place) => this.#tile(place),
      )}
      ${this.#edge()} ${this.#ways()} ${this.#pages()} ${this.#alone(inOrder)}
      <span class="spoken-only" role="status">${this.#pausedWords(inOrder)}</span>
    `;
  }

  #tile(place: Place): TemplateResult {
    const { measured, now, sent, session, sound } = this.app;
    const statistics = place.slot === undefined ? undefined : measured.slots.get(place.slot);
    const box = this.#placed.boxes.get(place.key);
    const shown = shownOf(place, {
      statistics,
      now,
      speaker: session?.speaker,
      paused: session?.paused,
      shortfall: lasting(this.#shortfalls, place.key, now),
      recorded: session?.members.some((member) => member.recording) ?? false,
      ownLevel: this.controller.readLevel(),
    });
    return html`<tp-tile
      class=${classMap({ corner: place === this.#scene.corner })}
      style=${styleMap(positionOf(box))}
      .place=${place}
      .shown=${shown}
      .numbers=${place.own ? sent : statistics}
      .stream=${place.own ? this.controller.ownStream(place.source?.id ?? "") : this.controller.streamOf(place.slot)}
      .sounding=${!place.own && sound === "on"}
      .speaker=${this.app.speaker}
      .pinned=${this.#scene.large.includes(place)}
      .held=${this.choice.pinned === place.key}
      .off=${!box}
      @click=${() => this.#toggle(place.key)}
      @keydown=${(event: KeyboardEvent) => this.#tileKey(event, place.key)}
    ></tp-tile>`;
  }

  #edge(): TemplateResult | typeof nothing {
    const { edge } = this.#placed;
    if (!edge) return nothing;
    const length = edge.upright ? this.height : this.width;
    return html`<tp-edge
      class="chrome"
      style=${styleMap(positionOf(edge))}
      .upright=${edge.upright}
      .share=${edge.share}
      .length=${length}
      @share=${({ detail }: CustomEvent<number | undefined>) => this.#share(detail)}
    ></tp-edge>`;
  }

  #share(share: number | undefined): void {
    this.#choose({ share });
  }

  /** What else the stage can look like: only where it would change something. */
  #ways(): TemplateResult | typeof nothing {
    const { kind, large, rest } = this.#scene;
    if (this.choice.pinned !== undefined && kind === "pinned") {
      return this.#way("grid", msg("Show all"), () => this.#pin(undefined));
    }
    if (kind === "dual") return this.#way("grid", msg("All alike"), () => this.#choose({ alike: true }));
    if (this.choice.alike && [...large, ...rest].some(isContent)) {
      return this.#way("beside", msg("Content beside people"), () => this.#choose({ alike: false }));
    }
    return nothing;
  }

  #way(sign: IconName, words: string, press: () => void): TemplateResult {
    return html`<div class="ways chrome">
      <button id="layout" @click=${press}>${icon(sign)}<span>${words}</span></button>
    </div>`;
  }

  #pages(): TemplateResult | typeof nothing {
    const { page, pages } = this.#placed;
    if (pages === 1) return nothing;
    return html`<div class="pages chrome" role="group" aria-label=${msg("Pages of pictures")}>
      <button id="previous-page" ?disabled=${page === 0} @click=${() => this.#turn(-1)}>
        ${icon("previous")}<span class="spoken-only">${msg("Previous page")}</span>
      </button>
      <span role="status"
        ><span class="spoken-only">${msg(str`Page ${page + 1} of ${pages}`)}</span
        ><span aria-hidden="true">${page + 1} / ${pages}</span></span
      >
      <button id="next-page" ?disabled=${page === pages - 1} @click=${() => this.#turn(1)}>
        ${icon("next")}<span class="spoken-only">${msg("Next page")}</span>
      </button>
    </div>`;
  }

  /** Without the server nobody knows who else is there. */
  #alone(places: readonly Place[]): TemplateResult | typeof nothing {
    if (this.app.session?.phase !== "joined") return nothing;
    if (places.length === 0) return html`<p class="alone">${msg("Nobody is on the stage yet.")}</p>`;
    if (places.length > 1 || places[0]?.own !== true) return nothing;
    const words =
      this.app.session.room?.kind === "broadcast"
        ? msg("You are alone on the stage.")
        : msg("You are the only site here. The others appear when they join.");
    return html`<p class="alone">${words}</p>`;
  }

  /** For who does not see it. */
  #pausedWords(places: readonly Place[]): string {
    const paused = this.app.session?.paused ?? [];
    const names = places.filter(({ slot }) => slot !== undefined && paused.includes(slot));
    const list = names.map(({ member }) => member.name).join(", ");
    return list && msg(str`Your link does not carry the picture of ${list}. The voice goes on.`);
  }
}

/** A tile without a box is heard from where nobody sees it. */
const positionOf = (box: Box | undefined): Record<string, string> => ({
  transform: `translate(${box?.x ?? 0}px, ${box?.y ?? 0}px)`,
  width: `${box?.width ?? 1}px`,
  height: `${box?.height ?? 1}px`,
});
