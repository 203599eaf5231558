/** `<tp-level>`: how loud the microphone is, ten times a second. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { shared } from "../styles/shared.ts";

/** Often enough to follow a syllable, ms. */
const PERIOD_MS = 100;

@customElement("tp-level")
export class Level extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
      }
      .track {
        height: 0.5rem;
        border-radius: 0.25rem;
        background: var(--pressed);
        overflow: hidden;
      }
      .bar {
        height: 100%;
        background: var(--good);
        transform-origin: left;
        transform: scaleX(0);
        transition: transform 100ms linear;
      }
    `,
  ];

  /** Gives the level, 0 to 1. */
  @property({ attribute: false }) read: () => number = () => 0;
  @query(".bar") private readonly bar!: HTMLElement;

  #timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => this.#draw(), PERIOD_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  #draw(): void {
    if (this.hasUpdated) this.bar.style.transform = `scaleX(${this.read().toFixed(2)})`;
  }

  protected override render(): TemplateResult {
    return html`<div class="track" aria-hidden="true"><div class="bar"></div></div>`;
  }
}
