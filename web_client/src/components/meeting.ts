/** `<tp-meeting>`: the consultation: grid, bar, notices and keys. */
import { localized } from "@lit/localize";
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import type { Controller } from "../app/controller.ts";
import type { AppState } from "../app/store.ts";
import { barHidden } from "../bar-state.ts";
import { shared } from "../styles/shared.ts";
import "./bar.ts";
import "./grid.ts";
import "./notices.ts";

@localized()
@customElement("tp-meeting")
export class Meeting extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-rows: minmax(0, 1fr) auto;
        height: 100%;
        position: relative;
      }
      tp-grid {
        margin: 8px 8px 4px;
      }
      tp-bar {
        min-height: 3.75rem;
        padding-bottom: max(env(safe-area-inset-bottom), 0.25rem);
      }
      /* Its row stays: nothing moves that nobody moved. It can still be reached by Tab and by a screen reader. */
      tp-bar {
        transition: opacity 200ms;
      }
      tp-bar.hidden {
        opacity: 0;
      }
      :host(.still) {
        cursor: none;
      }
      /* A phone that lies: the picture has the whole height, the bar lies over it. */
      @media (max-height: 30rem) {
        :host {
          grid-template-rows: minmax(0, 1fr);
        }
        tp-grid {
          margin: 4px;
        }
        tp-bar {
          position: absolute;
          inset: auto 0 0;
          min-height: 46px;
        }
      }
    `,
  ];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) state!: AppState;
  @query("tp-bar") private readonly bar!: HTMLElement | null;

  #movedAt = performance.now();
  /** The last pointer was a mouse, so where it rests says something. */
  #byMouse = false;
  /** A touch that only brought the bar back presses nothing that was not to be seen. */
  #swallow = false;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("pointermove", this.#moved);
    addEventListener("pointerdown", this.#moved, true);
    addEventListener("click", this.#clicked, true);
    addEventListener("keydown", this.#awake, true);
    addEventListener("keydown", this.#key);
    this.addEventListener("sound-blocked", this.#blocked);
    this.addEventListener("first-frame", this.#framed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("pointermove", this.#moved);
    removeEventListener("pointerdown", this.#moved, true);
    removeEventListener("click", this.#clicked, true);
    removeEventListener("keydown", this.#awake, true);
    removeEventListener("keydown", this.#key);
    this.removeEventListener("sound-blocked", this.#blocked);
    this.removeEventListener("first-frame", this.#framed);
  }

  readonly #awake = () => {
    this.#movedAt = performance.now();
    this.requestUpdate();
  };

  readonly #moved = (event: PointerEvent) => {
    this.#byMouse = event.pointerType === "mouse";
    if (event.type === "pointerdown") {
      this.#swallow =
        this.classList.contains("still") && !!this.bar && event.composedPath().includes(this.bar);
    }
    this.#awake();
  };

  readonly #clicked = (event: Event) => {
    if (this.#swallow) event.stopPropagation();
    this.#swallow = false;
  };

  /** Nobody moves: neither bar nor pointer lie over the picture. */
  #isStill(): boolean {
    const attention = { movedAt: this.#movedAt, inBar: this.#isInBar() };
    return barHidden({ ...this.state, now: Math.max(this.state.now, this.#movedAt) }, attention);
  }

  #isInBar(): boolean {
    const { bar } = this;
    if (!bar) return false;
    if (this.#byMouse && bar.matches(":hover")) return true;
    return bar.matches(":focus-within") && focused()?.matches(":focus-visible") === true;
  }

  protected override willUpdate(): void {
    this.classList.toggle("still", this.#isStill());
  }

  readonly #framed = () => void this.controller.measure();

  readonly #blocked = () => {
    if (this.state.sound === "on") this.controller.setSound("blocked");
  };

  readonly #key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    switch (event.key.toLowerCase()) {
      case "m":
        return void this.controller.toggle("audio");
      case "c":
        return void this.controller.toggle("video");
      case "escape":
        return this.controller.dismissNews();
    }
  };

  protected override render(): TemplateResult {
    const { controller, state } = this;
    return html`
      <tp-grid role="main" .controller=${controller} .app=${state}></tp-grid>
      <tp-notices .controller=${controller} .app=${state}></tp-notices>
      <tp-bar
        class=${this.classList.contains("still") ? "hidden" : ""}
        role="contentinfo"
        .controller=${controller}
        .app=${state}
      ></tp-bar>
    `;
  }
}

/** The element that has the focus, within all shadow roots. */
function focused(): Element | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}
