/**
 * `<tp-start>`: the page at `/`. With an organiser's link it makes rooms and lists his; to anyone else it says what
 * this is, and nothing of rooms.
 */
import { localized, msg } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { apiWords } from "../../i18n/words-start.ts";
import { ApiError, HttpApi, type OrganisedRoom, type OrganiserApi } from "../../organiser/api.ts";
import { forgetOrganiser, takeOrganiser } from "../../organiser/token.ts";
import { shared } from "../../styles/shared.ts";
import "../language.ts";
import "./room-card.ts";
import "./room-form.ts";
import { startStyles } from "./start.styles.ts";

/** How often the rooms are asked for again while somebody looks, ms. */
const REFRESH_MS = 15_000;

@localized()
@customElement("tp-start")
export class Start extends LitElement {
  static override styles = [shared, startStyles];

  /** Absent for everybody but an organiser. */
  @property({ attribute: false }) api: OrganiserApi | undefined;
  @state() private rooms: readonly OrganisedRoom[] | undefined;
  @state() private trouble: string | undefined;
  /** The room that was just made: its links are open. */
  @state() private fresh: string | undefined;

  #timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    const token = takeOrganiser(location, history, sessionStorage);
    if (token !== undefined) this.api ??= new HttpApi(token);
    this.#timer = setInterval(() => void (document.hidden || this.#refresh()), REFRESH_MS);
    void this.#refresh();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  async #refresh(): Promise<void> {
    if (!this.api) return;
    try {
      this.rooms = await this.api.rooms();
      this.trouble = undefined;
    } catch (error) {
      this.#failed(error);
    }
  }

  /** A link that is no organiser's, or not any more, makes a stranger of its bearer, who is told why. */
  #failed(error: unknown): void {
    this.trouble = error instanceof ApiError ? error.code : "unknown";
    if (this.trouble !== "token" && this.trouble !== "forbidden") return;
    forgetOrganiser(sessionStorage);
    this.api = undefined;
  }

  #made({ detail: room }: CustomEvent<OrganisedRoom>): void {
    this.rooms = [room, ...(this.rooms ?? []).filter((other) => other.id !== room.id)];
    this.fresh = room.id;
    void this.#refresh();
  }

  protected override render(): TemplateResult {
    return this.api ? this.#desk(this.api) : this.#stranger();
  }

  #stranger(): TemplateResult {
    return html`
      <header><span></span><tp-language></tp-language></header>
      <main class="stranger">
        <h1>${msg("Video consultation between hospitals")}</h1>
        ${this.#trouble()}
        <p>${msg("To take part, open the link that your hospital was sent.")}</p>
        <p class="quiet">
          ${msg("No link? Ask the person who invited you. Nothing needs to be installed: this browser is enough.")}
        </p>
      </main>
    `;
  }

  #desk(api: OrganiserApi): TemplateResult {
    return html`
      <header>
        <h1>${msg("Consultations and broadcasts")}</h1>
        <tp-language></tp-language>
      </header>
      <main class="desk">
        <section aria-labelledby="new">
          <h2 id="new">${msg("New meeting")}</h2>
          <tp-room-form .api=${api} @made=${this.#made}></tp-room-form>
        </section>
        <section aria-labelledby="today">
          <h2 id="today">${msg("My meetings of today")}</h2>
          ${this.#trouble()} ${this.#rooms()}
        </section>
      </main>
    `;
  }

  #rooms(): TemplateResult | typeof nothing {
    if (!this.rooms) return nothing;
    if (this.rooms.length === 0) {
      return html`<p class="quiet">${msg("None yet. Each site of a meeting gets its own link here.")}</p>`;
    }
    return html`${repeat(
      this.rooms,
      (room) => room.id,
      (room) =>
        html`<tp-room-card .room=${room} .api=${this.api} ?fresh=${room.id === this.fresh}></tp-room-card>`,
    )}`;
  }

  #trouble(): TemplateResult | typeof nothing {
    if (this.trouble === undefined) return nothing;
    return html`<div class="warn" role="alert">
      <p>${apiWords(this.trouble)}</p>
      <p class="quiet">${msg("For the support desk:")} <code>${this.trouble}</code></p>
    </div>`;
  }
}
