/** The screens without a room behind them: joining, refused, left. */
import { localized, msg } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Controller } from "../app/controller.ts";
import type { AppState } from "../app/store.ts";
import { refusalWords, worthAnotherTry } from "../i18n/words.ts";
import type { Refusal } from "../session/state.ts";
import { shared } from "../styles/shared.ts";
import "./language.ts";

const screen = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 100%;
    padding: 1rem;
  }
  header {
    display: flex;
    justify-content: flex-end;
  }
  main {
    flex: 1;
    display: flex;
    flex-direction: column;
    justify-content: center;
    gap: 1rem;
    width: min(36rem, 100%);
    margin: 0 auto;
    padding-bottom: 4rem;
  }
  h1 {
    margin: 0;
    font-size: clamp(1.5rem, 5vw, 2rem);
    line-height: 1.3;
  }
  [role="alert"],
  [role="status"] {
    display: grid;
    gap: 1rem;
  }
  p {
    margin: 0;
    font-size: 1.125rem;
  }
  .quiet {
    color: var(--quiet);
    font-size: 0.875rem;
  }
  .actions {
    margin-top: 0.5rem;
  }
`;

const frame = (content: TemplateResult): TemplateResult => html`
  <header><tp-language></tp-language></header>
  <main>${content}</main>
`;

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
@customElement("tp-waiting")
export class WaitingRoom extends LitElement {
  static override styles = [shared, screen];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;

  protected override render(): TemplateResult {
    const { anteroom, lostAt } = this.app.session ?? {};
    const lost = lostAt !== undefined;
    return frame(html`
      <div role="status">
        <p class="quiet">${anteroom?.title}</p>
        <h1>${msg("The chair has been told")}</h1>
        <p>
          ${msg("You are seen and heard by nobody yet. This page goes on by itself once you are let in.")}
        </p>
        ${lost ? html`<p>${msg("The connection to the server is lost. This page reconnects by itself.")}</p>` : nothing}
      </div>
      <div class="actions">
        <wa-button appearance="outlined" @click=${() => this.controller.leave()}>${msg("Leave")}</wa-button>
      </div>
    `);
  }
}

@localized()
@customElement("tp-removed")
export class Removed extends LitElement {
  static override styles = [shared, screen];

  @property({ attribute: false }) controller!: Controller;

  protected override render(): TemplateResult {
    return frame(html`
      <div role="alert">
        <h1>${msg("The chair has sent this site out")}</h1>
        <p>
          ${msg("Camera and microphone are off. If this was a mistake, call the hospital that invited you: once the chair lets you back, press:")}
        </p>
      </div>
      <div class="actions">
        <wa-button variant="brand" @click=${() => this.controller.join()}>${msg("Join again")}</wa-button>
      </div>
    `);
  }
}

@localized()
@customElement("tp-ended")
export class Ended extends LitElement {
  static override styles = [shared, screen];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;

  protected override render(): TemplateResult {
    return frame(html`
      <div role="status">
        <h1>${msg("This meeting has ended")}</h1>
        <p>${msg("Camera and microphone are off. You can close this page.")}</p>
      </div>
    `);
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
        <h1>${msg("You have left the consultation")}</h1>
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
