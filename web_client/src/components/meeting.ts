/** `<tp-meeting>`: the meeting: pictures, the panel beside them, bar, notices and keys. */
import { localized, msg } from "@lit/localize";
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import type { Controller } from "../app/controller.ts";
import { canShare, type AppState } from "../app/store.ts";
import { barHidden } from "../bar-state.ts";
import { spokenOf } from "../i18n/words-news.ts";
import { deedOf, type Deed } from "../keys.ts";
import { shared } from "../styles/shared.ts";
import { isTyping } from "../typing.ts";
import "./bar.ts";
import "./grid.ts";
import "./keys.ts";
import "./live.ts";
import "./more.ts";
import "./notices.ts";
import "./panels/panels.ts";
import "./sites.ts";

@localized()
@customElement("tp-meeting")
export class Meeting extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template: auto minmax(0, 1fr) auto / minmax(0, 1fr) auto;
        height: 100%;
        position: relative;
      }
      tp-live {
        grid-column: 1 / -1;
        margin: 0 8px;
      }
      tp-grid {
        grid-area: 2 / 1;
        margin: 8px 8px 4px;
      }
      /* Panels push the pictures aside. */
      tp-panels {
        grid-area: 2 / 2;
        width: min(24rem, 40vw);
        margin: 8px 8px 4px 0;
      }
      tp-panels.closed {
        display: none;
      }
      tp-bar {
        grid-area: 3 / 1 / 4 / -1;
        min-height: 3.75rem;
        padding-bottom: max(env(safe-area-inset-bottom), 0.25rem);
        transition: opacity 200ms;
      }
      /* Its row goes with it. It can still be reached by Tab and by a screen reader. */
      tp-bar.hidden {
        position: absolute;
        inset: auto 0 0;
        opacity: 0;
      }
      :host(.still) tp-grid {
        margin-bottom: 8px;
      }
      :host(.still) {
        cursor: none;
      }
      /* A phone: the panel covers the lower pictures. */
      @media (max-width: 52rem) {
        tp-panels {
          grid-area: 2 / 1;
          align-self: end;
          z-index: 4;
          width: auto;
          height: min(68%, 34rem);
          margin: 0;
          box-shadow: 0 -0.5rem 1.5rem rgb(0 0 0 / 60%);
        }
      }
      /* A phone that lies: the picture has the whole height, the bar lies over it. */
      @media (max-height: 30rem) {
        tp-grid {
          margin: 4px;
        }
        :host(.still) tp-grid {
          margin-bottom: 4px;
        }
        tp-panels {
          grid-area: 2 / 2;
          align-self: stretch;
          width: min(22rem, 50vw);
          height: auto;
          margin: 4px 4px 46px 0;
        }
        tp-bar {
          position: absolute;
          inset: auto 0 0;
          z-index: 5;
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
    addEventListener("keyup", this.#released);
    addEventListener("blur", this.#silent);
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
    removeEventListener("keyup", this.#released);
    removeEventListener("blur", this.#silent);
    this.#silent();
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

  /** The audience of a broadcast finds its questions beside the stage, where there is room for both. */
  protected override firstUpdated(): void {
    const audience = this.state.session?.role === "audience";
    if (audience && matchMedia("(min-width: 64rem)").matches) this.controller.setPanel("questions");
  }

  protected override willUpdate(): void {
    this.classList.toggle("still", this.#isStill());
  }

  readonly #framed = () => void this.controller.measure();

  readonly #blocked = () => {
    if (this.state.sound === "on") this.controller.setSound("blocked");
  };

  readonly #key = (event: KeyboardEvent) => {
    const deed = deedOf({
      key: event.key,
      modified: event.ctrlKey || event.metaKey || event.altKey,
      typing: isTyping(event),
      onControl: isOnControl(event),
      repeated: event.repeat,
    });
    if (deed && this.#do(deed)) event.preventDefault();
  };

  /** True when the key meant something here: nobody else takes it then. */
  #do(deed: Deed): boolean {
    const { controller, state } = this;
    switch (deed) {
      case "microphone":
        void controller.toggle("audio");
        return true;
      case "camera":
        void controller.toggle("video");
        return true;
      case "hand":
        controller.raiseHand(state.session?.hand !== true);
        return true;
      case "share":
        if (canShare(state)) void controller.toggleScreen();
        return true;
      case "talk":
        void controller.talk(true);
        return true;
      case "bar":
        this.bar?.focus();
        return true;
      case "close":
        return this.#close();
      case "questions":
      case "audience":
        if (state.session?.room?.kind === "broadcast") controller.setPanel(deed);
        return true;
      default:
        controller.setPanel(deed);
        return true;
    }
  }

  /** A panel first, then what was told; with neither, the key is the pictures'. */
  #close(): boolean {
    if (this.state.panel !== undefined) this.controller.setPanel(undefined);
    else if (this.state.told.length > 0) this.controller.dismissNews();
    else return false;
    return true;
  }

  readonly #released = (event: KeyboardEvent) => {
    if (event.key === " ") this.#silent();
  };

  readonly #silent = () => void this.controller.talk(false);

  protected override render(): TemplateResult {
    const { controller, state } = this;
    return html`
      <tp-live
        role="region"
        aria-label=${msg("Now in the meeting")}
        .controller=${controller}
        .app=${state}
      ></tp-live>
      <tp-grid
        role="main"
        ?still=${this.classList.contains("still")}
        .controller=${controller}
        .app=${state}
      ></tp-grid>
      <tp-panels
        class=${state.panel === undefined ? "closed" : ""}
        .controller=${controller}
        .app=${state}
      ></tp-panels>
      <tp-notices .controller=${controller} .app=${state}></tp-notices>
      <div class="spoken-only" role="status">${spokenOf(state)}</div>
      <tp-bar
        class=${this.classList.contains("still") ? "hidden" : ""}
        role="contentinfo"
        .controller=${controller}
        .app=${state}
      ></tp-bar>
    `;
  }
}

/** Space presses what has the focus there. */
const isOnControl = (event: Event): boolean =>
  event
    .composedPath()
    .some((target) => target instanceof HTMLElement && /^(BUTTON|WA-BUTTON|SELECT|A)$/.test(target.tagName));

/** The element that has the focus, within all shadow roots. */
function focused(): Element | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}
