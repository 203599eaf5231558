/** `<tp-room-card>`: one of the organiser's meetings: when, how it stands, and each site's link. */
import { localized, msg, str } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { kindWords } from "../../i18n/words-rooms.ts";
import { stateWords, timeWords } from "../../i18n/words-start.ts";
import type { OrganisedRoom, OrganiserApi } from "../../organiser/api.ts";
import { shared } from "../../styles/shared.ts";
import "../attendance.ts";
import "./site-link.ts";
import { fieldStyles } from "./start.styles.ts";

@localized()
@customElement("tp-room-card")
export class RoomCard extends LitElement {
  static override styles = [
    shared,
    fieldStyles,
    css`
      article {
        display: grid;
        gap: 0.5rem;
        padding: 0.875rem 1rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--raised);
      }
      :host([fresh]) article {
        border-color: var(--good);
      }
      h3,
      p {
        margin: 0;
        font-size: 1rem;
        line-height: 1.4;
        overflow-wrap: anywhere;
      }
      p {
        color: var(--quiet);
        font-size: 0.875rem;
        font-variant-numeric: tabular-nums;
      }
      .state {
        color: var(--text);
      }
      .open .state {
        color: var(--good);
      }
      summary {
        display: flex;
        align-items: center;
        min-height: 2.75rem;
        cursor: pointer;
      }
      summary::before {
        content: "▸";
        width: 1.25em;
      }
      [open] > summary::before {
        content: "▾";
      }
      ul {
        display: grid;
        gap: 0.75rem;
        margin: 0;
        padding: 0;
        list-style: none;
      }
    `,
  ];

  @property({ attribute: false }) room!: OrganisedRoom;
  @property({ attribute: false }) api!: OrganiserApi;
  /** Just made: its links are what the organiser wants now. */
  @property({ type: Boolean, reflect: true }) fresh = false;

  protected override render(): TemplateResult {
    const { room } = this;
    const now = new Date();
    const count = room.links.length;
    return html`<article class=${room.state ?? "planned"}>
      <h3>${room.title}</h3>
      <p>
        ${kindWords(room.kind)} · ${timeWords(room.startsAt, now)} – ${timeWords(room.endsAt, now)} ·
        <span class="state">${stateWords(room)}</span>
      </p>
      <details ?open=${this.fresh}>
        <summary>${count === 1 ? msg("The link of 1 site") : msg(str`The links of ${count} sites`)}</summary>
        <ul>
          ${room.links.map((link) => html`<li><tp-site-link .link=${link}></tp-site-link></li>`)}
        </ul>
      </details>
      ${room.state === "planned" ? nothing : html`<tp-attendance .api=${this.api} .room=${room.id}></tp-attendance>`}
    </article>`;
  }
}
