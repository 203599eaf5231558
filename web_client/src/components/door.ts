/** `<tp-door>`: own picture, devices, who one is and where one goes, and whether the network lets one. Join is kept from nobody. */
import { localized, msg } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Controller } from "../app/controller.ts";
import type { AppState } from "../app/store.ts";
import { isLinkRefused } from "../i18n/words-door.ts";
import { refusalWords } from "../i18n/words.ts";
import { kindWords } from "../i18n/words-rooms.ts";
import type { DeviceKind } from "../media/devices.ts";
import { isMirror, MAIN } from "../media/feeds.ts";
import { fields } from "../styles/fields.ts";
import { shared } from "../styles/shared.ts";
import "./devices.ts";
import { doorStyles } from "./door.styles.ts";
import { headsField } from "./heads.ts";
import { icon } from "./icons.ts";
import "./language.ts";
import "./network.ts";
import "./source-picture.ts";
import { deviceToggle, toggleButton } from "./toggles.ts";

@localized()
@customElement("tp-door")
export class Door extends LitElement {
  static override styles = [shared, fields, doorStyles];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) state!: AppState;

  protected override render(): TemplateResult {
    return html`
      <header>
        <span class="room">${this.#room()}</span>
        <tp-language></tp-language>
      </header>
      <main>
        ${this.#refused()}
        <section class="seen">
          <div class="picture">${this.#picture()}</div>
          <tp-network .finding=${this.state.finding} .again=${() => this.controller.test()}></tp-network>
          ${headsField(this.state, (heads) => this.controller.setHeads(heads))}
        </section>
        <section class="choices">
          <h1>
            <span class="quiet">${msg("You join as")}</span>
            <span class="site-name">${this.state.link?.siteName || msg("a site without a name")}</span>
          </h1>
          ${this.state.link?.watchesOnly ? this.#audience() : this.#devices()}
          <wa-button id="join" class="join" variant="brand" size="l" @click=${() => this.controller.join()}>
            ${this.#joinWords()}
          </wa-button>
        </section>
      </main>
    `;
  }

  /** The title is known once the server answered the test. */
  #room(): string {
    const { finding, link } = this.state;
    const room = finding && "room" in finding ? finding.room : undefined;
    return room ? `${kindWords(room.kind)} · ${room.title}` : `${msg("Meeting")} · ${link?.room ?? ""}`;
  }

  /** A link that opens no door is told before anybody presses Join. */
  #refused(): TemplateResult | typeof nothing {
    const { finding } = this.state;
    if (finding?.state !== "refused" || !isLinkRefused(finding)) return nothing;
    const words = refusalWords(finding.code);
    return html`<div class="refused" id="link-refused" role="alert">
      ${icon("warning")}
      <div>
        <strong>${words.title}</strong><br />${words.advice}<br />
        <small class="quiet"
          >${msg("For the support desk:")} <code>${finding.code}</code> ·
          <span lang="en">${finding.message}</span></small
        >
      </div>
    </div>`;
  }

  #devices(): TemplateResult {
    return html`<div class="toggles">${this.#toggle("audio")}${this.#toggle("video")}</div>
      <tp-devices .controller=${this.controller} .app=${this.state}></tp-devices>`;
  }

  #audience(): TemplateResult {
    return html`<p class="quiet">
      ${msg("You watch and listen. Nobody sees or hears you, and your camera and microphone stay off.")}
    </p>`;
  }

  #picture(): TemplateResult {
    if (this.state.link?.watchesOnly) {
      return html`<p class="nothing">${icon("eye")}<span>${msg("Watching and listening")}</span></p>`;
    }
    const { track, opening, wanted } = this.state.own.video;
    if (track) {
      return html`<tp-source-picture
        ?mirrored=${isMirror(MAIN, this.state.about.profile)}
        .stream=${this.controller.ownStream(MAIN)}
      ></tp-source-picture>`;
    }
    const words = opening
      ? msg("Starting the camera… If the browser asks, choose “Allow”.")
      : wanted
        ? msg("No picture")
        : msg("Camera off");
    return html`<p class="nothing">${icon(opening ? "camera" : "camera-off")}<span>${words}</span></p>`;
  }

  #toggle(kind: DeviceKind): TemplateResult {
    const press = () => void this.controller.toggle(kind);
    return toggleButton(deviceToggle(kind, this.state.own[kind], press));
  }

  #joinWords(): string {
    const { audio, video } = this.state.own;
    if (audio.trouble && video.trouble) return msg("Join without camera and microphone");
    if (audio.trouble) return msg("Join without microphone");
    return video.trouble ? msg("Join without camera") : msg("Join");
  }
}
