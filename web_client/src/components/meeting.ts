/** `<tp-meeting>`: the consultation: grid, bar, notices and keys. */
import { localized, msg } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import type { Controller } from "../app/controller.ts";
import { canShare, type AppState, type Panel } from "../app/store.ts";
import { barHidden } from "../bar-state.ts";
import { spokenOf } from "../i18n/words-news.ts";
import { deedOf, type Deed } from "../keys.ts";
import { shared } from "../styles/shared.ts";
import { isTyping } from "../typing.ts";
import "./bar.ts";
import "./grid.ts";
import { icon } from "./icons.ts";
import "./keys.ts";
import "./more.ts";
import "./notices.ts";
import "./sites.ts";

@localized()
@customElement("tp-meeting")
export class Meeting extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template: minmax(0, 1fr) auto / minmax(0, 1fr) auto;
        height: 100%;
        position: relative;
      }
      .pictures {
        margin: 8px 8px 4px;
        min-width: 0;
        min-height: 0;
      }
      tp-bar {
        grid-column: 1 / -1;
        min-height: 3.75rem;
        padding-bottom: max(env(safe-area-inset-bottom), 0.25rem);
      }
      aside {
        display: flex;
        flex-direction: column;
        width: min(24rem, 40vw);
        margin: 8px 8px 4px 0;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--raised);
        overflow: hidden;
      }
      aside header {
        display: flex;
        align-items: center;
        justify-content: space-between;
        padding: 0.125rem 0.125rem 0.125rem 0.875rem;
        border-bottom: 1px solid var(--line);
      }
      aside h2 {
        margin: 0;
        font-size: 1rem;
      }
      aside .content {
        flex: 1;
        min-height: 0;
        overflow: auto;
        padding: 0.75rem;
      }
      /* A phone or an upright tablet: pictures on top, the panel beneath them. */
      @media (max-width: 48rem) and (min-height: 30.01rem) {
        :host {
          grid-template: minmax(9rem, 2fr) auto auto / minmax(0, 1fr);
        }
        :host(.open) {
          grid-template-rows: minmax(9rem, 2fr) minmax(0, 3fr) auto;
        }
        aside {
          width: auto;
          margin: 0 4px 4px;
        }
        .pictures {
          margin: 4px;
        }
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
        .pictures {
          margin: 4px;
        }
        aside {
          margin-bottom: 52px;
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

  protected override willUpdate(): void {
    this.classList.toggle("still", this.#isStill());
    this.classList.toggle("open", this.state.panel !== undefined);
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
      <tp-grid class="pictures" role="main" .controller=${controller} .app=${state}></tp-grid>
      ${state.panel ? this.#panel(state.panel) : nothing}
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

  // --- panels push the pictures aside ------------------------------------------------------------

  #panel(panel: Panel): TemplateResult {
    const title = panelTitle(panel);
    return html`<aside id="panel" aria-label=${title}>
      <header>
        <h2>${title}</h2>
        <wa-button id="close-panel" appearance="plain" @click=${() => this.controller.setPanel(undefined)}>
          ${icon("close")}<span class="spoken-only">${msg("Close")}</span>
        </wa-button>
      </header>
      <div class="content">${this.#content(panel)}</div>
    </aside>`;
  }

  #content(panel: Panel): TemplateResult {
    const { controller, state } = this;
    switch (panel) {
      case "chat":
        return html`<tp-chat .controller=${controller} .app=${state}></tp-chat>`;
      case "questions":
        return html`<tp-questions .controller=${controller} .app=${state}></tp-questions>`;
      case "sites":
        return html`<tp-sites .controller=${controller} .app=${state}></tp-sites>`;
      case "more":
        return html`<tp-more .controller=${controller} .app=${state}></tp-more>`;
      case "keys":
        return html`<tp-keys></tp-keys>`;
    }
  }
}

function panelTitle(panel: Panel): string {
  switch (panel) {
    case "chat":
      return msg("Chat");
    case "questions":
      return msg("Questions");
    case "sites":
      return msg("Sites");
    case "more":
      return msg("More");
    case "keys":
      return msg("Keys");
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
