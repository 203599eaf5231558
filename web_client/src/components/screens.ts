/** The screens without a room behind them: joining, refused, left. */
import { localized, msg } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Controller } from "../app/controller.ts";
import { refusalWords, worthAnotherTry } from "../i18n/words.ts";
import type { Refusal } from "../session/state.ts";
import { shared } from "../styles/shared.ts";
import { frame, screen } from "./screen.ts";

@localized()
@customElement("tp-joining")
export class Joining extends LitElement {
  static override styles = [shared, screen];

  /** The server does not answer; it is tried again and again. */
  @property({ type: Boolean }) unreached = false;

  protected override render(): TemplateResult {
    return frame(
      html`<div role="status">
        <h1>${msg("Joining…")}</h1>
        ${
          this.unreached
            ? html`<p>
                ${msg("The server does not answer. This page tries again by itself; you can also check the network.")}
              </p>`
            : nothing
        }
      </div>`,
    );
  }
}

@localized()
@customElement("tp-left")
export class Left extends LitElement {
  static override styles = [shared, screen];

  @property({ attribute: false }) controller!: Controller;

  protected override render(): TemplateResult {
    return frame(html`
      <div role="status">
        <h1>${msg("You have left the meeting")}</h1>
        <p>${msg("Camera and microphone are off. You can close this page.")}</p>
      </div>
      <div class="actions">
        <wa-button variant="brand" @click=${() => this.controller.join()}>${msg("Join again")}</wa-button>
      </div>
    `);
  }
}

@localized()
@customElement("tp-refused")
export class Refused extends LitElement {
  static override styles = [shared, screen];

  /** Absent when there is no link to try again with. */
  @property({ attribute: false }) controller?: Controller;
  @property({ attribute: false }) refusal!: Refusal;

  protected override render(): TemplateResult {
    const { code, message } = this.refusal;
    const words = refusalWords(code);
    return frame(html`
      <div role="alert">
        <h1>${words.title}</h1>
        <p>${words.advice}</p>
      </div>
      ${this.controller && worthAnotherTry(code) ? this.#again() : nothing}
      <p class="quiet">
        ${msg("For the support desk:")} <code>${code}</code>${message ? html` · ${message}` : nothing}
      </p>
    `);
  }

  #again(): TemplateResult {
    return html`<div class="actions">
      <wa-button variant="brand" @click=${() => this.controller?.join()}>${msg("Try again")}</wa-button>
    </div>`;
  }
}
