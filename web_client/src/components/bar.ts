/** `<tp-bar>`: where one is, what of oneself is on, and the way out. */
import { localized, msg, str } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Controller } from "../app/controller.ts";
import type { AppState } from "../app/store.ts";
import { language } from "../i18n/language.ts";
import type { DeviceKind } from "../media/devices.ts";
import { shared } from "../styles/shared.ts";
import { barStyles } from "./bar.styles.ts";
import { icon } from "./icons.ts";
import "./language.ts";
import { deviceToggle, toggleButton, type Toggle } from "./toggles.ts";

@localized()
@customElement("tp-bar")
export class Bar extends LitElement {
  static override styles = [shared, barStyles];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;

  protected override render(): TemplateResult {
    return html`
      <div class="where">
        <h1 class="title">${this.app.session?.room?.title}</h1>
        <span class="quiet">${this.#sites()} · ${this.#clock()}</span>
      </div>
      <div class="toggles" role="toolbar" aria-label=${msg("Microphone, camera, sound")}>
        ${this.app.link?.watchesOnly ? nothing : this.#devices()} ${toggleButton(this.#sound())}
      </div>
      <div class="end">
        <tp-language compact></tp-language>
        <wa-button id="leave" variant="danger" appearance="outlined" @click=${() => this.controller.leave()}>
          <span class="stack">${icon("leave")}<span>${msg("Leave")}</span></span>
        </wa-button>
      </div>
    `;
  }

  #sites(): string {
    const count = new Set(this.app.session?.members.map((member) => member.site)).size;
    return count === 1 ? msg("1 site") : msg(str`${count} sites`);
  }

  #clock(): string {
    const time = { hour: "2-digit", minute: "2-digit", hour12: false } as const;
    return new Date().toLocaleTimeString(language().tag, time);
  }

  #devices(): TemplateResult {
    return html`${this.#device("audio")} ${this.#device("video")}`;
  }

  #device(kind: DeviceKind): TemplateResult {
    const press = () => void this.controller.toggle(kind);
    return toggleButton(deviceToggle(kind, this.app.own[kind], press));
  }

  #sound(): Toggle {
    const on = this.app.sound === "on";
    return {
      id: "sound",
      icon: on ? "sound" : "sound-off",
      label: on ? msg("Sound on") : msg("Sound off"),
      tip: on ? msg("Press to hear the others no more") : msg("Press to hear the others"),
      off: !on,
      press: () => this.controller.setSound(on ? "off" : "on"),
    };
  }
}
