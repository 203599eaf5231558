/** `<tp-site-link>`: the link of one site, to be copied, or scanned from the screen. */
import { localized, msg, str } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
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
      .caption {
        grid-column: 1 / -1;
      }
      .wide {
        grid-column: 2 / -1;
      }
      input {
        font-family: ui-monospace, monospace;
        font-size: 0.8125rem !important;
        text-overflow: ellipsis;
      }
    `,
  ];

  @property({ attribute: false }) link!: Link;
  /** Which field was copied last, and how. */
  @state() private copied: { readonly id: string; readonly how: "yes" | "by-hand" } | undefined;
  @state() private shown = false;

  protected override render(): TemplateResult {
    return this.link.role === "encoder" ? this.#encoder() : this.#page();
  }

  #who(): TemplateResult {
    const { name, role, expiresAt } = this.link;
    return html`
      <div class="who">
        <strong class="site-name">${name}</strong>
        <span class="quiet">${roleWords(role)}</span>
        <span class="quiet">${msg(str`valid until ${timeWords(expiresAt, new Date())}`)}</span>
      </div>
    `;
  }

  #page(): TemplateResult {
    const { name, url } = this.link;
    return html`
      ${this.#who()} ${this.#field("url", url, msg(str`Link of ${name}`), "")}
      <wa-button
        class="qr"
        appearance="outlined"
        aria-expanded=${String(this.shown)}
        @click=${() => (this.shown = !this.shown)}
      >
        <span class="stack">${icon("qr")}<span>QR</span></span>
      </wa-button>
      ${this.#spoken(msg("The link is copied"))} ${this.shown ? this.#code() : nothing}
    `;
  }

  /** A device without a page: its link opens nothing, what it is set up with is an address and a token. */
  #encoder(): TemplateResult {
    const { name, url } = this.link;
    const { address, token } = whipOf(url);
    return html`
      ${this.#who()}
      <span class="caption quiet">${msg("WHIP address")}</span>
      ${this.#field("address", address, msg(str`WHIP address of ${name}`), "wide")}
      <span class="caption quiet">${msg("Bearer token")}</span>
      ${this.#field("token", token, msg(str`Bearer token of ${name}`), "wide")} ${this.#spoken(msg("Copied"))}
    `;
  }

  #field(id: string, value: string, label: string, wide: string): TemplateResult {
    const copied = this.copied?.id === id ? this.copied.how : "no";
    return html`<input
        id=${id}
        readonly
        .value=${value}
        aria-label=${label}
        @focus=${(event: Event) => (event.target as HTMLInputElement).select()}
      />
      <wa-button class="copy ${wide}" appearance="outlined" @click=${() => void this.#copy(id, value)}>
        <span class="stack"
          >${icon(copied === "yes" ? "check" : "copy")}<span>${copyWords(copied)}</span
          ><span class="spoken-only">: ${label}</span></span
        >
      </wa-button>`;
  }

  #spoken(words: string): TemplateResult {
    return html`<span class="spoken-only" role="status">${this.copied?.how === "yes" ? words : ""}</span>`;
  }

  /** Without https the browser has no clipboard for pages: the text is marked, and the keys are named. */
  async #copy(id: string, value: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(value);
      this.copied = { id, how: "yes" };
    } catch {
      const field = this.renderRoot.querySelector<HTMLInputElement>(`#${id}`);
      field?.focus();
      field?.select();
      this.copied = { id, how: "by-hand" };
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

/** Where an encoder sends, and what it says: from its link, `{origin}/room/{room}#t={token}`. */
export function whipOf(url: string): { readonly address: string; readonly token: string } {
  const { origin, pathname, hash } = new URL(url);
  return {
    address: `${origin}${pathname.replace(/\/room\//, "/whip/")}`,
    token: new URLSearchParams(hash.slice(1)).get("t") ?? "",
  };
}

function copyWords(copied: "no" | "yes" | "by-hand"): string {
  switch (copied) {
    case "yes":
      return msg("Copied");
    case "by-hand":
      return msg("Press Ctrl+C");
    case "no":
      return msg("Copy");
  }
}
