/** `<tp-panel>`: the frame of a panel beside the pictures: its name, and the way out. Fires `close`. */
import { localized, msg, str } from "@lit/localize";
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { shared } from "../../styles/shared.ts";
import { icon } from "../icons.ts";

@localized()
@customElement("tp-panel")
export class Panel extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
        height: 100%;
        padding: 0 0.75rem 0.75rem;
        border-radius: var(--radius);
        background: var(--raised);
      }
      .head {
        display: flex;
        align-items: center;
        justify-content: space-between;
        min-height: 3rem;
      }
      h2 {
        margin: 0;
        font-size: 1.0625rem;
      }
      wa-button {
        margin-right: -0.5rem;
      }
    `,
  ];

  @property() heading = "";

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute("role", "complementary");
    this.addEventListener("keydown", this.#key);
  }

  protected override willUpdate(): void {
    this.ariaLabel = this.heading;
  }

  readonly #key = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.#close();
  };

  #close(): void {
    this.dispatchEvent(new Event("close", { bubbles: true, composed: true }));
  }

  protected override render(): TemplateResult {
    return html`
      <div class="head">
        <h2>${this.heading}</h2>
        <wa-button id="close-panel" appearance="plain" @click=${this.#close}>
          <span class="spoken-only">${msg(str`Close: ${this.heading}`)}</span>${icon("close")}
        </wa-button>
      </div>
      <slot></slot>
    `;
  }
}
