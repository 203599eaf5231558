/** `<tp-grid>`: the tiles, as large as they fit, each in its place. */
import { localized, msg } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { styleMap } from "lit/directives/style-map.js";
import type { Controller } from "../app/controller.ts";
import type { AppState } from "../app/store.ts";
import { layoutOf } from "../layout.ts";
import { placesOf, type Place } from "../session/places.ts";
import { shared } from "../styles/shared.ts";
import { shownOf } from "../tile-state.ts";
import { Viewing } from "../viewing.ts";
import type { Tile } from "./tile.ts";
import "./tile.ts";

/** Between tiles, CSS px. */
const GAP = 8;

@localized()
@customElement("tp-grid")
export class Grid extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        place-items: center;
        min-height: 0;
        overflow: hidden;
      }
      .tiles {
        display: flex;
        flex-wrap: wrap;
        justify-content: center;
        align-content: center;
        gap: 8px;
      }
      .alone {
        position: absolute;
        top: 1rem;
        left: 50%;
        transform: translateX(-50%);
        width: max-content;
        max-width: calc(100% - 2rem);
        margin: 0;
        padding: 0.5rem 1rem;
        border-radius: var(--radius);
        background: var(--scrim);
        text-align: center;
      }
    `,
  ];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;
  @state() private width = 0;
  @state() private height = 0;

  #own: { track: MediaStreamTrack; stream: MediaStream } | undefined;
  readonly #viewing = new Viewing((tiles) => this.controller.show(tiles));
  readonly #watch = new ResizeObserver(() => this.#measure());

  override connectedCallback(): void {
    super.connectedCallback();
    this.#watch.observe(this);
    this.#viewing.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#watch.disconnect();
    this.#viewing.stop();
  }

  protected override updated(): void {
    void this.#follow();
  }

  /** Tiles know their source once they are drawn themselves. */
  async #follow(): Promise<void> {
    const tiles = [...this.renderRoot.querySelectorAll<Tile>("tp-tile")];
    await Promise.all(tiles.map((tile) => tile.updateComplete));
    if (this.isConnected) this.#viewing.follow(tiles);
  }

  #measure(): void {
    this.width = this.clientWidth;
    this.height = this.clientHeight;
  }

  protected override render(): TemplateResult {
    const places = this.app.session ? placesOf(this.app.session) : [];
    const layout = layoutOf(places.length, this.width, this.height, GAP);
    const row = layout.columns * layout.width + (layout.columns - 1) * GAP;
    const size = styleMap({ width: `${layout.width}px`, height: `${layout.height}px` });
    return html`<div class="tiles" style=${styleMap({ width: `${row}px` })}>
        ${repeat(
          places,
          (place) => place.key,
          (place) => this.#tile(place, size),
        )}
      </div>
      ${this.#isAlone(places) ? this.#alone() : nothing}`;
  }

  /** Without the server nobody knows who else is there. */
  #isAlone(places: readonly Place[]): boolean {
    return this.app.session?.phase === "joined" && places.length === 1 && places[0]?.own === true;
  }

  #alone(): TemplateResult {
    return html`<p class="alone">${msg("You are the only site here. The others appear when they join.")}</p>`;
  }

  #tile(place: Place, size: unknown): TemplateResult {
    const { measured, now, sent, session, sound } = this.app;
    const statistics = place.slot === undefined ? undefined : measured.slots.get(place.slot);
    return html`<tp-tile
      style=${size}
      .place=${place}
      .shown=${shownOf(place, statistics, now, session?.speaker)}
      .numbers=${place.own ? sent : statistics}
      .stream=${place.own ? this.#ownStream() : this.controller.streamOf(place.slot)}
      .sounding=${!place.own && sound === "on"}
    ></tp-tile>`;
  }

  #ownStream(): MediaStream | undefined {
    const { track } = this.app.own.video;
    if (!track) return undefined;
    if (this.#own?.track !== track) this.#own = { track, stream: new MediaStream([track]) };
    return this.#own.stream;
  }
}
