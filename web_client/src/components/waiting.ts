/** `<tp-waiting>`: known to the chair, seen and heard by nobody yet. */
import { localized, msg, str } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Controller } from "../app/controller.ts";
import type { AppState } from "../app/store.ts";
import { extraWords } from "../i18n/words-door.ts";
import type { DeviceKind } from "../media/devices.ts";
import type { Extra } from "../media/extras.ts";
import { isMirror, MAIN } from "../media/feeds.ts";
import { fields } from "../styles/fields.ts";
import { shared } from "../styles/shared.ts";
import { headsField } from "./heads.ts";
import { icon } from "./icons.ts";
import { frame, screen } from "./screen.ts";
import "./source-picture.ts";
import { deviceToggle, toggleButton } from "./toggles.ts";

@localized()
@customElement("tp-waiting")
export class WaitingRoom extends LitElement {
  static override styles = [
    shared,
    fields,
    screen,
    css`
      .own {
        display: grid;
        grid-template-columns: minmax(0, 16rem) minmax(0, 1fr);
        gap: 1rem;
        align-items: center;
      }
      .toggles {
        display: grid;
        gap: 0.5rem;
        justify-items: start;
      }
      .extra {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
        align-items: center;
      }
      .lost {
        display: flex;
        gap: 0.5rem;
        align-items: center;
        color: var(--warn);
      }
      @media (max-width: 30rem) {
        .own {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;

  protected override render(): TemplateResult {
    const { anteroom } = this.app.session ?? {};
    return frame(html`
      <div role="status">
        <p class="quiet">${anteroom?.title}</p>
        <h1>${this.#told(anteroom?.chair ?? undefined)}</h1>
        <p>
          ${msg("You are seen and heard by nobody yet. This page goes on by itself once you are let in.")}
        </p>
      </div>
      ${this.#lost()} ${this.app.link?.watchesOnly ? nothing : this.#own()}
      ${headsField(this.app, (heads) => this.controller.setHeads(heads))}
      <div class="actions">
        <wa-button id="leave" appearance="outlined" @click=${() => this.controller.leave()}
          >${msg("Leave")}</wa-button
        >
      </div>
    `);
  }

  #told(chair: string | undefined): string {
    return chair === undefined ? msg("The chair will be told") : msg(str`The chair has been told: ${chair}`);
  }

  #lost(): TemplateResult | typeof nothing {
    if (this.app.session?.lostAt === undefined) return nothing;
    return html`<p class="lost" id="reconnecting" role="alert">
      ${icon("reconnect")} ${msg("The connection to the server is lost. This page reconnects by itself.")}
    </p>`;
  }

  #own(): TemplateResult {
    return html`<div class="own">
      <tp-source-picture
        ?mirrored=${isMirror(MAIN, this.app.about.profile)}
        .stream=${this.controller.ownStream(MAIN)}
      ></tp-source-picture>
      <div class="toggles">
        ${this.#toggle("audio")}${this.#toggle("video")} ${this.app.extras.map((extra) => this.#extra(extra))}
      </div>
    </div>`;
  }

  /** What was added at the door is on: it can be taken away here, too. */
  #extra(extra: Extra): TemplateResult {
    return html`<div class="extra">
      <span>${extraWords(extra)}</span>
      <wa-button size="s" appearance="outlined" @click=${() => this.controller.removeSource(extra.id)}
        ><span class="spoken-only">${extraWords(extra)}: </span>${msg("Remove")}</wa-button
      >
    </div>`;
  }

  #toggle(kind: DeviceKind): TemplateResult {
    const press = () => void this.controller.toggle(kind);
    return toggleButton(deviceToggle(kind, this.app.own[kind], press));
  }
}
