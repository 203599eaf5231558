/** `<tp-confirm>`: a button for what cannot be taken back; it asks once, in its own place. */
import { localized, msg } from "@lit/localize";
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { shared } from "../styles/shared.ts";

@localized()
@customElement("tp-confirm")
export class Confirm extends LitElement {
  static override styles = [
    shared,
    css`
      .sure {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.375rem;
        padding: 0.5rem;
        border: 1px solid var(--bad);
        border-radius: var(--radius);
      }
    `,
  ];

  /** What is done. */
  @property() label = "";
  /** The question, and what it means for whom. */
  @property() question = "";
  @property({ attribute: false }) deed: () => void = () => undefined;
  @state() private asking = false;

  protected override render(): TemplateResult {
    if (!this.asking) {
      return html`<wa-button
        size="s"
        variant="danger"
        appearance="outlined"
        @click=${() => (this.asking = true)}
        >${this.label}</wa-button
      >`;
    }
    return html`<div class="sure" role="group" aria-label=${this.question}>
      <span>${this.question}</span>
      <wa-button size="s" variant="danger" @click=${() => this.#do()}>${this.label}</wa-button>
      <wa-button size="s" appearance="outlined" @click=${() => (this.asking = false)}
        >${msg("Cancel")}</wa-button
      >
    </div>`;
  }

  protected override updated(): void {
    // The way back has the focus: a second press of the same key does nothing.
    if (this.asking) this.renderRoot.querySelector<HTMLElement>("wa-button:last-child")?.focus();
  }

  #do(): void {
    this.asking = false;
    this.deed();
  }
}
