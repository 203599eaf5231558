/** `<tp-door>`: own picture, camera, microphone, who one is and where one goes. Join is never kept from anyone. */
import { localized, msg } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { Controller } from "../app/controller.ts";
import type { AppState } from "../app/store.ts";
import { troubleWords } from "../i18n/words.ts";
import type { DeviceKind } from "../media/devices.ts";
import { shared } from "../styles/shared.ts";
import { doorStyles } from "./door.styles.ts";
import { icon } from "./icons.ts";
import "./language.ts";
import "./level.ts";
import { deviceToggle, toggleButton } from "./toggles.ts";

@localized()
@customElement("tp-door")
export class Door extends LitElement {
  static override styles = [shared, doorStyles];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) state!: AppState;

  #preview: { track: MediaStreamTrack; stream: MediaStream } | undefined;

  protected override render(): TemplateResult {
    return html`
      <header>
        <span class="room">${msg("Consultation")} · ${this.state.link?.room}</span>
        <tp-language></tp-language>
      </header>
      <main>
        <section class="picture">${this.#picture()}</section>
        <section class="choices">
          <h1>
            <span class="quiet">${msg("You join as")}</span>
            <span class="site-name">${this.#siteName()}</span>
          </h1>
          ${this.state.link?.watchesOnly ? this.#audience() : this.#devices()}
          <wa-button id="join" class="join" variant="brand" size="l" @click=${() => this.controller.join()}>
            ${this.#joinWords()}
          </wa-button>
        </section>
      </main>
    `;
  }

  #devices(): TemplateResult {
    return html`<div class="toggles">${this.#toggle("audio")}${this.#toggle("video")}</div>
      ${this.#device("video")} ${this.#device("audio")} ${this.state.own.audio.track ? this.#loud() : nothing}`;
  }

  #audience(): TemplateResult {
    return html`<p class="quiet">
      ${msg("You watch and listen. Nobody sees or hears you, and your camera and microphone stay off.")}
    </p>`;
  }

  #siteName(): string {
    return this.state.link?.siteName || msg("a site without a name");
  }

  #picture(): TemplateResult {
    if (this.state.link?.watchesOnly) {
      return html`<p class="nothing">${icon("eye")}<span>${msg("Watching and listening")}</span></p>`;
    }
    const { track, opening, wanted } = this.state.own.video;
    if (track) {
      return html`<video
        autoplay
        muted
        playsinline
        aria-label=${msg("Your own picture")}
        .srcObject=${this.#streamOf(track)}
      ></video>`;
    }
    const words = opening
      ? msg("Starting the camera… If the browser asks, choose “Allow”.")
      : wanted
        ? msg("No picture")
        : msg("Camera off");
    return html`<p class="nothing">${icon(opening ? "camera" : "camera-off")}<span>${words}</span></p>`;
  }

  #streamOf(track: MediaStreamTrack): MediaStream {
    if (this.#preview?.track !== track) this.#preview = { track, stream: new MediaStream([track]) };
    return this.#preview.stream;
  }

  #toggle(kind: DeviceKind): TemplateResult {
    const press = () => void this.controller.toggle(kind);
    return toggleButton(deviceToggle(kind, this.state.own[kind], press));
  }

  #loud(): TemplateResult {
    return html`<div class="loud">
      <span class="quiet">${msg("Speak: the bar moves when you can be heard")}</span>
      <tp-level .read=${() => this.controller.readLevel()}></tp-level>
    </div>`;
  }

  #device(kind: DeviceKind): TemplateResult | typeof nothing {
    return this.state.own[kind].trouble ? this.#trouble(kind) : this.#select(kind);
  }

  #select(kind: DeviceKind): TemplateResult | typeof nothing {
    const { choices, id } = this.state.own[kind];
    if (choices.length === 0) return nothing;
    const label = kind === "video" ? msg("Camera") : msg("Microphone");
    const choose = (event: Event) => {
      const { value } = event.target as HTMLSelectElement;
      if (value && value !== id) void this.controller.choose(kind, value);
    };
    return html`<wa-select label=${label} .value=${live(id ?? "")} @change=${choose}>
      ${choices.map(
        (choice, index) =>
          html`<wa-option value=${choice.id}>${choice.label || `${label} ${index + 1}`}</wa-option>`,
      )}
    </wa-select>`;
  }

  #trouble(kind: DeviceKind): TemplateResult | typeof nothing {
    const { trouble } = this.state.own[kind];
    if (!trouble) return nothing;
    const words = troubleWords(kind, trouble);
    return html`<div class="trouble" role="alert">
      ${icon("warning")}
      <div><strong>${words.title}</strong><br />${words.advice}</div>
      <wa-button size="s" appearance="outlined" @click=${() => void this.controller.retry(kind)}
        >${msg("Try again")}</wa-button
      >
    </div>`;
  }

  #joinWords(): string {
    const { audio, video } = this.state.own;
    if (audio.trouble && video.trouble) return msg("Join without camera and microphone");
    if (audio.trouble) return msg("Join without microphone");
    return video.trouble ? msg("Join without camera") : msg("Join");
  }
}
