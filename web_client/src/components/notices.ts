/** `<tp-notices>`: what is so beside the pictures, why, and what to do; never over a face for long, never modal. */
import { localized, msg, str } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Controller } from "../app/controller.ts";
import type { AppState } from "../app/store.ts";
import { mediaWords, troubleWords } from "../i18n/words.ts";
import { newsWords, pleaWords } from "../i18n/words-news.ts";
import type { DeviceKind } from "../media/devices.ts";
import { shared } from "../styles/shared.ts";
import type { Wish } from "../protocol.gen.ts";
import { may } from "../session/rights.ts";
import type { News, Plea } from "../session/state.ts";
import { icon, type IconName } from "./icons.ts";

/** Who waits, and that one is on the stage, stands there until it is over: as news it is only spoken. */
const isShown = (news: News): boolean => news.type !== "waits" && !(news.type === "staged" && news.onStage);

/** What one is asked for here: the stage's own row asks whether one comes onto it. */
type Wished = Exclude<Wish, "stage">;

const SIGNS: Readonly<Record<Wished, IconName>> = {
  microphone: "microphone",
  camera: "camera",
  chair: "people",
};

function answerWords(wish: Wished): { readonly yes: string; readonly no: string } {
  switch (wish) {
    case "microphone":
      return { yes: msg("Open the microphone"), no: msg("Stay silent") };
    case "camera":
      return { yes: msg("Open the camera"), no: msg("Stay unseen") };
    case "chair":
      return { yes: msg("Hand the chair on"), no: msg("Keep the chair") };
  }
}

@localized()
@customElement("tp-notices")
export class Notices extends LitElement {
  static override styles = [
    shared,
    css`
      /* Over the pictures, beside a panel; above what the pictures have of their own. */
      :host {
        grid-area: 2 / 1;
        align-self: start;
        z-index: 6;
        margin: 1rem 1rem 0;
        display: flex;
        flex-direction: column;
        align-items: center;
        gap: 0.5rem;
        pointer-events: none;
      }
      .notice {
        display: flex;
        align-items: center;
        gap: 0.75rem;
        max-width: min(44rem, 100%);
        padding: 0.5rem 1rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: rgb(28 28 28 / 95%);
        pointer-events: auto;
      }
      .notice.warn {
        border-color: var(--warn);
      }
      .notice.warn > .icon {
        color: var(--warn);
        font-size: 1.25rem;
      }
      .notice.asked {
        border-color: var(--focus);
        flex-wrap: wrap;
      }
      .asked > span:not(.icon) {
        flex: 1 1 12rem;
      }
      .news {
        display: grid;
        justify-items: center;
        gap: 0.5rem;
      }
      .quiet {
        color: var(--quiet);
      }
      @media (max-width: 48rem) {
        .notice {
          padding: 0.375rem 0.75rem;
          font-size: 0.875rem;
          line-height: 1.35;
        }
      }
    `,
  ];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;

  protected override render(): TemplateResult {
    return html`
      ${this.#lost()} ${this.#media()} ${this.#sound()} ${this.#pleas()} ${this.#waiting()}
      ${this.#trouble("video")} ${this.#trouble("audio")}
      <div class="news" role="status">
        ${repeat(
          this.app.told,
          (item) => item.id,
          (item) =>
            html`<div class=${isShown(item.news) ? "notice" : "spoken-only"}>${newsWords(item.news)}</div>`,
        )}
      </div>
    `;
  }

  #lost(): TemplateResult | typeof nothing {
    const lostAt = this.app.session?.lostAt;
    if (lostAt === undefined) return nothing;
    const seconds = Math.max(0, Math.floor((this.app.now - lostAt) / 1000));
    return html`<div class="notice warn" id="reconnecting">
      ${icon("reconnect")}
      <div>
        <strong role="alert">${msg("The connection to the server is lost")}</strong>
        <span class="quiet">${msg(str`for ${seconds} s`)}</span><br />
        ${
          this.app.session?.watching
            ? msg("Pictures and sound go on if they can. This page reconnects by itself.")
            : msg("This page reconnects by itself.")
        }
      </div>
    </div>`;
  }

  #media(): TemplateResult | typeof nothing {
    const { mediaTrouble, mediaAddress } = this.app.session ?? {};
    if (!mediaTrouble) return nothing;
    const words = mediaWords(mediaTrouble, mediaAddress);
    return html`<div class="notice warn" id="media-trouble">
      ${icon("warning")}
      <div>
        <div role="alert"><strong>${words.title}</strong><br />${words.advice}</div>
        ${mediaTrouble.reason ? this.#reason(mediaTrouble.reason) : nothing}
      </div>
    </div>`;
  }

  #reason(reason: string): TemplateResult {
    return html`<small class="quiet"
      >${msg("For the support desk:")} <span lang="en">${reason}</span></small
    >`;
  }

  #sound(): TemplateResult | typeof nothing {
    if (this.app.sound !== "blocked") return nothing;
    return html`<div class="notice warn" role="alert">
      ${icon("sound-off")}
      <span>${msg("The browser keeps the sound off until you press:")}</span>
      <wa-button id="sound-on" variant="brand" @click=${() => this.controller.setSound("on")}>
        ${msg("Turn sound on")}
      </wa-button>
    </div>`;
  }

  /** Only the person opens microphone and camera, goes onto the stage or gives the chair away. */
  #pleas(): TemplateResult {
    const asked = (this.app.session?.asked ?? []).filter(
      (plea): plea is Plea & { wish: Wished } => plea.wish !== "stage",
    );
    return html`${repeat(
      asked,
      (plea) => `${plea.wish}/${plea.participant}`,
      (plea) => this.#plea(plea),
    )}`;
  }

  #plea(plea: Plea & { wish: Wished }): TemplateResult {
    const { yes, no } = answerWords(plea.wish);
    return html`<div class="notice asked" role="alert">
      ${icon(SIGNS[plea.wish])}
      <span>${pleaWords(plea)}</span>
      <wa-button class="yes" variant="brand" @click=${() => this.controller.answer(plea, true)}
        >${yes}</wa-button
      >
      <wa-button class="no" appearance="outlined" @click=${() => this.controller.answer(plea, false)}
        >${no}</wa-button
      >
    </div>`;
  }

  /** To whom may let in, unless the list is open. */
  #waiting(): TemplateResult | typeof nothing {
    const { session, panel } = this.app;
    const waiting = session?.desk.waiting ?? [];
    const [first] = waiting;
    if (!first || panel === "sites" || !may(session?.role, "desk")) return nothing;
    const all = () => this.controller.admit(waiting.map((one) => one.participant));
    return html`<div class="notice asked" id="knocking">
      ${icon("people")}
      <span
        >${
          waiting.length === 1
            ? msg(str`${first.name} waits to be let in`)
            : msg(str`${waiting.length} sites wait to be let in`)
        }</span
      >
      <wa-button id="admit" variant="brand" @click=${all}
        >${waiting.length === 1 ? msg("Let in") : msg("Let all in")}</wa-button
      >
      <wa-button appearance="outlined" @click=${() => this.controller.setPanel("sites")}
        >${msg("See who")}</wa-button
      >
    </div>`;
  }

  #trouble(kind: DeviceKind): TemplateResult | typeof nothing {
    const { trouble, wanted } = this.app.own[kind];
    if (!trouble || !wanted) return nothing;
    const words = troubleWords(kind, trouble);
    return html`<div class="notice warn" role="alert">
      ${icon("warning")}
      <div><strong>${words.title}</strong><br />${words.advice}</div>
      <wa-button size="s" appearance="outlined" @click=${() => void this.controller.retry(kind)}
        >${msg("Try again")}</wa-button
      >
      <wa-button size="s" appearance="plain" @click=${() => this.controller.doWithout()}>
        <span class="spoken-only">${msg("Go on without")}</span>${icon("close")}
      </wa-button>
    </div>`;
  }
}
