/** `<tp-meeting>`: the consultation: grid, bar, notices and keys. */
import { localized } from "@lit/localize";
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Controller } from "../app/controller.ts";
import type { AppState } from "../app/store.ts";
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
      /* A phone that lies: the picture needs the height. */
      @media (max-height: 30rem) {
        tp-grid {
          margin: 4px 4px 0;
        }
        tp-bar {
          min-height: 46px;
        }
      }
    `,
  ];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) state!: AppState;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("keydown", this.#key);
    this.addEventListener("sound-blocked", this.#blocked);
    this.addEventListener("first-frame", this.#framed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("keydown", this.#key);
    this.removeEventListener("sound-blocked", this.#blocked);
    this.removeEventListener("first-frame", this.#framed);
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
      <tp-bar role="contentinfo" .controller=${controller} .app=${state}></tp-bar>
    `;
  }
}
