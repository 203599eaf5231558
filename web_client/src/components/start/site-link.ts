/** `<tp-site-link>`: the link of one site, to be copied, or scanned from the screen. */
import { localized, msg, str } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { roleWords } from "../../i18n/words-rooms.ts";
import { timeWords } from "../../i18n/words-start.ts";
import type { SiteLink as Link } from "../../organiser/api.ts";
import { shared } from "../../styles/shared.ts";
import { icon } from "../icons.ts";
import { fieldStyles } from "./start.styles.ts";

@localized()
@customElement("tp-site-link")
export class SiteLink extends LitElement {
  static override styles = [
    shared,
    fieldStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto auto;
        gap: 0.375rem 0.5rem;
        align-items: center;
      }
      .who {
        grid-column: 1 / -1;
        display: flex;
        flex-wrap: wrap;
        gap: 0 0.75rem;
        align-items: baseline;
      }
      .quiet {
        color: var(--quiet);
        font-size: 0.875rem;
      }
      figure {
        grid-column: 1 / -1;
        display: grid;
        justify-items: start;
        gap: 0.5rem;
        margin: 0;
      }
      /* Cameras want dark on light, with a margin of four modules. */
      img {
        width: min(16rem, 100%);
        padding: 1rem;
        border-radius: var(--radius);
        background: #fff;
      }
      input {
        font-family: ui-monospace, monospace;
        font-size: 0.8125rem !important;
        text-overflow: ellipsis;
      }
    `,
  ];

  @property({ attribute: false }) link!: Link;
  @state() private copied: "no" | "yes" | "by-hand" = "no";
  @state() private shown = false;
  @query("input") private readonly field!: HTMLInputElement;

  protected override render(): TemplateResult {
    const { name, role, url, expiresAt } = this.link;
    return html`
      <div class="who">
        <strong class="site-name">${name}</strong>
        <span class="quiet">${roleWords(role)}</span>
        <span class="quiet">${msg(str`valid until ${timeWords(expiresAt, new Date())}`)}</span>
      </div>
      <input
        readonly
        .value=${url}
        aria-label=${msg(str`Link of ${name}`)}
        @focus=${() => this.field.select()}
      />
      <wa-button class="copy" appearance="outlined" @click=${this.#copy}>
        <span class="stack"
          >${icon(this.copied === "yes" ? "check" : "copy")}<span>${this.#copyWords()}</span></span
        >
      </wa-button>
      <wa-button
        class="qr"
        appearance="outlined"
        aria-expanded=${String(this.shown)}
        @click=${() => (this.shown = !this.shown)}
      >
        <span class="stack">${icon("qr")}<span>QR</span></span>
      </wa-button>
      <span class="spoken-only" role="status">${this.copied === "yes" ? msg("The link is copied") : ""}</span>
      ${this.shown ? this.#code() : nothing}
    `;
  }

  #copyWords(): string {
    switch (this.copied) {
      case "yes":
        return msg("Copied");
      case "by-hand":
        return msg("Press Ctrl+C");
      case "no":
        return msg("Copy");
    }
  }

  /** Without https the browser has no clipboard for pages: the link is marked, and the keys are named. */
  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.link.url);
      this.copied = "yes";
    } catch {
      this.field.focus();
      this.field.select();
      this.copied = "by-hand";
    }
  }

  #code(): TemplateResult {
    const { qr, name } = this.link;
    return html`<figure>
      <img
        src="data:image/svg+xml,${encodeURIComponent(qr)}"
        alt=${msg(str`QR code of the link of ${name}`)}
      />
      <figcaption class="quiet">${msg("Scan it with the phone or tablet that shall take part.")}</figcaption>
    </figure>`;
  }
}
