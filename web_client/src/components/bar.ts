/** `<tp-bar>`: where one is, what of oneself is on, what else there is, and the way out. */
import { localized, msg, str } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Controller } from "../app/controller.ts";
import { marksOf } from "../app/panels.ts";
import { canShare, isSharing, watchesOnly, type AppState, type Panel } from "../app/store.ts";
import { language } from "../i18n/language.ts";
import { panelWords } from "../i18n/words-panels.ts";
import type { DeviceKind } from "../media/devices.ts";
import { may } from "../session/rights.ts";
import { shared } from "../styles/shared.ts";
import { barStyles } from "./bar.styles.ts";
import { icon, type IconName } from "./icons.ts";
import {
  deviceToggle,
  handsUp,
  handToggle,
  newLines,
  openQuestions,
  shareToggle,
  soundToggle,
  toggleButton,
  waiting,
  type Toggle,
} from "./toggles.ts";

@localized()
@customElement("tp-bar")
export class Bar extends LitElement {
  static override styles = [shared, barStyles];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;

  /** The first button, for F6. */
  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>(".toggle")?.focus();
  }

  protected override render(): TemplateResult {
    return html`
      <div class="where">
        <h1 class="title">${this.#recording()}${this.app.session?.room?.title}</h1>
        <span class="quiet">${this.#people()} · ${this.#clock()}</span>
      </div>
      <div class="toggles" role="toolbar" aria-label=${msg("What of you is on, and panels")}>
        ${this.#own()} ${this.#panels()}
      </div>
      <div class="end">
        <wa-button id="leave" variant="danger" appearance="outlined" @click=${() => this.controller.leave()}>
          <span class="stack">${icon("leave")}<span>${msg("Leave")}</span></span>
        </wa-button>
      </div>
    `;
  }

  // --- where one is ------------------------------------------------------------------------------

  #recording(): TemplateResult | typeof nothing {
    const names = this.app.session?.members.filter((one) => one.recording).map((one) => one.name) ?? [];
    if (names.length === 0) return nothing;
    return html`<span class="rec" id="recording">
      ${icon("record")} REC<span class="who"> · ${msg(str`recorded by ${names.join(", ")}`)}</span>
    </span>`;
  }

  #people(): string {
    const { members, audience } = this.app.session ?? { members: [], audience: 0 };
    const count = new Set(members.map((member) => member.site)).size;
    const sites = count === 1 ? msg("1 site") : msg(str`${count} sites`);
    return audience > 0 ? msg(str`${sites}, ${audience} in the audience`) : sites;
  }

  #clock(): string {
    const time = { hour: "2-digit", minute: "2-digit", hour12: false } as const;
    return new Date().toLocaleTimeString(language().tag, time);
  }

  // --- what of oneself is on ---------------------------------------------------------------------

  #own(): TemplateResult {
    const { session, sound } = this.app;
    const hear = () => this.controller.setSound(sound === "on" ? "off" : "on");
    const raise = () => this.controller.raiseHand(session?.hand !== true);
    const share = () => void this.controller.toggleScreen();
    return html`
      ${watchesOnly(this.app) ? toggleButton(soundToggle(sound === "on", hear)) : this.#devices()}
      ${canShare(this.app) ? toggleButton(shareToggle(isSharing(this.app), share)) : nothing}
      ${may(session?.role, "watch") ? toggleButton(handToggle(session?.hand === true, raise)) : nothing}
    `;
  }

  #devices(): TemplateResult {
    return html`${this.#device("audio")} ${this.#device("video")}`;
  }

  #device(kind: DeviceKind): TemplateResult {
    const press = () => void this.controller.toggle(kind);
    return toggleButton(deviceToggle(kind, this.app.own[kind], press));
  }

  // --- panels ------------------------------------------------------------------------------------

  #panels(): TemplateResult {
    const { session } = this.app;
    const marks = marksOf(this.app);
    const broadcast = session?.room?.kind === "broadcast";
    const stage = broadcast && may(session.role, "stage");
    return html`
      ${this.#panel("chat", "chat", "T", newLines(marks.chat))}
      ${broadcast ? this.#panel("questions", "question", "Q", openQuestions(marks.questions)) : nothing}
      ${stage ? this.#panel("audience", "eye", "A", handsUp(marks.audience), true) : nothing}
      ${this.#panel("sites", "people", "S", waiting(marks.sites), true)}
      ${this.#panel("more", "more", "O", undefined)}
    `;
  }

  #panel(panel: Panel, sign: IconName, key: string, badge: Toggle["badge"], wide = false): TemplateResult {
    const open = this.app.panel === panel;
    return toggleButton({
      id: `${panel}-panel`,
      icon: sign,
      label: panelWords(panel),
      tip: open ? msg(str`Press to close it (${key})`) : msg(str`Press to open it (${key})`),
      marked: open,
      expanded: open,
      badge,
      wide,
      press: () => this.controller.setPanel(panel),
    });
  }
}
