/** `<tp-more>`: what is needed seldom: devices, sound, language, heads, the size for a wall, the way off the stage. */
import { localized, msg } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Controller } from "../app/controller.ts";
import { canShare, isSharing, watchesOnly, type AppState } from "../app/store.ts";
import { isWall, setWall } from "../display.ts";
import { fields } from "../styles/fields.ts";
import { panel } from "../styles/panel.ts";
import { shared } from "../styles/shared.ts";
import "./devices.ts";
import { headsField } from "./heads.ts";
import "./language.ts";
import { shareToggle, soundToggle, toggleButton } from "./toggles.ts";

@localized()
@customElement("tp-more")
export class More extends LitElement {
  static override styles = [shared, fields, panel];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;

  protected override render(): TemplateResult {
    const { sound } = this.app;
    const hear = () => this.controller.setSound(sound === "on" ? "off" : "on");
    const watches = watchesOnly(this.app);
    return html`
      <div class="actions">
        ${watches ? nothing : toggleButton(soundToggle(sound === "on", hear))} ${this.#share()}
        <wa-button id="open-sites" appearance="filled" @click=${() => this.controller.setPanel("sites")}
          >${msg("Sites")}</wa-button
        >
        <wa-button appearance="filled" @click=${() => this.controller.setPanel("keys")}
          >${msg("Keys")}</wa-button
        >
        <wa-button id="wall" appearance="filled" aria-pressed=${isWall()} @click=${() => this.#wall()}
          >${isWall() ? msg("Large, for a wall: on") : msg("Large, for a wall: off")}</wa-button
        >
        <tp-language></tp-language>
      </div>
      ${this.#standing()} ${headsField(this.app, (heads) => this.controller.setHeads(heads))}
      ${
        watches
          ? nothing
          : html`<section>
              <h3>${msg("Camera, microphone and further sources")}</h3>
              <tp-devices .controller=${this.controller} .app=${this.app}></tp-devices>
            </section>`
      }
    `;
  }

  #share(): TemplateResult | typeof nothing {
    if (!canShare(this.app)) return nothing;
    return toggleButton(shareToggle(isSharing(this.app), () => void this.controller.toggleScreen()));
  }

  #wall(): void {
    setWall(!isWall(), localStorage, document.documentElement);
    this.requestUpdate();
    dispatchEvent(new Event("resize"));
  }

  /** What one's link allows beyond what one is now, or the other way round. */
  #standing(): TemplateResult | typeof nothing {
    const { link, session } = this.app;
    if (link?.role === "chair" && session?.role === "member") {
      return html`<wa-button id="ask-chair" appearance="outlined" @click=${() => this.controller.askChair()}
        >${msg("Ask for the chair")}</wa-button
      >`;
    }
    return nothing;
  }
}
