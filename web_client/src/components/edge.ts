/**
 * `<tp-edge>`: the edge between what is large and the rest, to be dragged, or moved by arrows.
 *
 * Fires `share` with the new share of the large part; a double click gives the edge back to the page (undefined).
 */
import { localized, msg } from "@lit/localize";
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { SHARE } from "../layout/boxes.ts";
import { shared } from "../styles/shared.ts";

/** Of a press of an arrow. */
const STEP = 0.04;

@localized()
@customElement("tp-edge")
export class Edge extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        position: absolute;
        z-index: 2;
        cursor: col-resize;
        touch-action: none;
      }
      :host([upright]) {
        cursor: row-resize;
      }
      /* Wider than it is drawn, so that a finger finds it. */
      :host::before {
        content: "";
        position: absolute;
        inset: 0 -0.625rem;
      }
      :host([upright])::before {
        inset: -0.625rem 0;
      }
      @media (pointer: coarse) {
        :host::before {
          inset: 0 -1.125rem;
        }
        :host([upright])::before {
          inset: -1.125rem 0;
        }
      }
      .grip {
        position: absolute;
        left: 50%;
        top: 50%;
        width: 4px;
        height: min(3.5rem, 60%);
        transform: translate(-50%, -50%);
        border-radius: 2px;
        background: #6a6a6a;
      }
      :host([upright]) .grip {
        width: min(3.5rem, 60%);
        height: 4px;
      }
      :host(:is(:hover, :focus-visible)) .grip {
        background: var(--focus);
      }
      :host(:focus-visible) {
        outline: 3px solid var(--focus);
        border-radius: 4px;
      }
    `,
  ];

  /** The large part is above, not beside. */
  @property({ type: Boolean, reflect: true }) upright = false;
  @property({ type: Number }) share = SHARE.usual;
  /** Of the stage along the way of the edge, CSS px. */
  @property({ type: Number }) length = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.tabIndex = 0;
    this.setAttribute("role", "separator");
    this.addEventListener("pointerdown", this.#grab);
    this.addEventListener("keydown", this.#key);
    this.addEventListener("dblclick", () => this.#move(undefined));
  }

  protected override willUpdate(): void {
    this.ariaLabel = msg("Edge between the large picture and the others");
    this.ariaOrientation = this.upright ? "horizontal" : "vertical";
    this.ariaValueNow = String(Math.round(this.share * 100));
    this.ariaValueMin = String(SHARE.least * 100);
    this.ariaValueMax = String(SHARE.most * 100);
  }

  readonly #grab = (event: PointerEvent) => {
    const [from, start] = [this.#along(event), this.share];
    this.setPointerCapture(event.pointerId);
    const drag = (next: PointerEvent) => this.#move(start + (this.#along(next) - from) / this.length);
    const drop = () => {
      this.removeEventListener("pointermove", drag);
      this.removeEventListener("lostpointercapture", drop);
    };
    this.addEventListener("pointermove", drag);
    this.addEventListener("lostpointercapture", drop);
  };

  #along(event: PointerEvent): number {
    return this.upright ? event.clientY : event.clientX;
  }

  readonly #key = (event: KeyboardEvent) => {
    const [less, more] = this.upright ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"];
    if (event.key !== less && event.key !== more) return;
    event.preventDefault();
    event.stopPropagation();
    this.#move(this.share + (event.key === more ? STEP : -STEP));
  };

  #move(share: number | undefined): void {
    const detail = share === undefined ? undefined : Math.min(SHARE.most, Math.max(SHARE.least, share));
    this.dispatchEvent(new CustomEvent("share", { detail }));
  }

  protected override render(): TemplateResult {
    return html`<div class="grip"></div>`;
  }
}
