/** `<tp-devices>`: what this site is seen and heard by: camera, microphone, speaker, and sources beside them. */
import { localized, msg } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Controller } from "../app/controller.ts";
import type { AppState } from "../app/store.ts";
import { CAMERA_PROFILES, extraWords, profileOptions, SOUND_PROFILES } from "../i18n/words-door.ts";
import { troubleWords } from "../i18n/words.ts";
import type { Choice, DeviceKind } from "../media/devices.ts";
import type { Description, Extra } from "../media/extras.ts";
import { MOST_EXTRAS } from "../media/extras.ts";
import { MAIN } from "../media/feeds.ts";
import { playTone } from "../media/tone.ts";
import type { Profile } from "../protocol.gen.ts";
import { fields } from "../styles/fields.ts";
import { shared } from "../styles/shared.ts";
import { icon } from "./icons.ts";
import "./level.ts";
import "./source-picture.ts";

/** A name on a tile; the server takes no longer one. */
const LONGEST_LABEL = 60;

@localized()
@customElement("tp-devices")
export class Devices extends LitElement {
  static override styles = [
    shared,
    fields,
    css`
      :host {
        display: grid;
        gap: 0.75rem;
      }
      .loud {
        margin-top: 0.25rem;
      }
      .trouble {
        display: grid;
        grid-template-columns: auto 1fr auto;
        gap: 0.75rem;
        align-items: center;
        padding: 0.75rem;
        border: 1px solid var(--warn);
        border-radius: var(--radius);
        font-size: 0.9375rem;
      }
      .trouble > .icon {
        color: var(--warn);
      }
      fieldset {
        display: grid;
        gap: 0.5rem;
        margin: 0;
        padding: 0.5rem 0.75rem 0.75rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        min-width: 0;
      }
      legend {
        padding: 0 0.25rem;
        font-weight: 600;
      }
      .extra {
        display: grid;
        grid-template-columns: 8rem minmax(0, 1fr);
        gap: 0.75rem;
        align-items: start;
      }
      .extra .rest {
        display: grid;
        gap: 0.5rem;
      }
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }
      .quiet {
        color: var(--quiet);
        font-size: 0.875rem;
        margin: 0;
      }
      @media (max-width: 30rem) {
        .extra {
          grid-template-columns: minmax(0, 1fr);
        }
        .extra tp-source-picture {
          max-width: 10rem;
        }
      }
    `,
  ];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;
  @state() private sounds = false;

  protected override render(): TemplateResult {
    const { own, about, extras } = this.app;
    return html`
      ${own.video.trouble ? this.#trouble("video") : this.#device("video")}
      ${this.#about(MAIN, about, CAMERA_PROFILES)}
      ${own.audio.trouble ? this.#trouble("audio") : this.#device("audio")} ${this.#loud()} ${this.#speaker()}
      ${repeat(
        extras,
        (extra) => extra.id,
        (extra) => this.#extra(extra),
      )}
      ${extras.length < MOST_EXTRAS ? this.#more() : nothing}
    `;
  }

  // --- camera and microphone ---------------------------------------------------------------------

  #device(kind: DeviceKind): TemplateResult | typeof nothing {
    const { choices, id } = this.app.own[kind];
    const label = kind === "video" ? msg("Camera") : msg("Microphone");
    return select(label, numbered(choices, label), id ?? "", (value) => {
      void this.controller.choose(kind, value);
    });
  }

  #trouble(kind: DeviceKind): TemplateResult {
    const words = troubleWords(kind, this.app.own[kind].trouble ?? "unknown");
    return html`<div class="trouble" role="alert">
      ${icon("warning")}
      <div><strong>${words.title}</strong><br />${words.advice}</div>
      <wa-button size="s" appearance="outlined" @click=${() => void this.controller.retry(kind)}
        >${msg("Try again")}</wa-button
      >
    </div>`;
  }

  #loud(): TemplateResult | typeof nothing {
    if (!this.app.own.audio.track) return nothing;
    return html`<div class="loud">
      <p class="quiet">${msg("Speak: the bar moves when you can be heard")}</p>
      <tp-level .read=${() => this.controller.readLevel()}></tp-level>
    </div>`;
  }

  #about(source: string, about: Description, profiles: readonly Profile[]): TemplateResult {
    const describe = (part: Partial<Description>) =>
      void this.controller.describe(source, { ...about, ...part });
    const profile = select(msg("What it shows"), profileOptions(profiles), about.profile, (value) => {
      describe({ profile: value as Profile });
    });
    return html`<div class="pair">
      <label class="field">
        <span>${msg("Name of the picture")}</span>
        <input
          type="text"
          maxlength=${LONGEST_LABEL}
          placeholder=${msg("e.g. Bed 3")}
          .value=${about.label}
          @change=${(event: Event) => {
            describe({ label: (event.target as HTMLInputElement).value.trim() });
          }}
        />
      </label>
      ${profile}
    </div>`;
  }

  // --- the loudspeaker ---------------------------------------------------------------------------

  #speaker(): TemplateResult | typeof nothing {
    const { speakers, speaker } = this.app;
    const own = { value: "", label: msg("As the system is set") };
    const options = [own, ...numbered(speakers, msg("Speaker"))];
    return html`<div class="with-button">
      ${
        speakers.length > 0
          ? select(msg("Speaker"), options, speaker, (value) => this.controller.setSpeaker(value))
          : html`<span class="quiet">${msg("Speaker: as the system is set")}</span>`
      }
      <wa-button appearance="outlined" ?disabled=${this.sounds} @click=${() => void this.#test()}>
        <span class="stack">${icon("sound")}<span>${msg("Test tone")}</span></span>
      </wa-button>
    </div>`;
  }

  async #test(): Promise<void> {
    this.sounds = true;
    try {
      await playTone(this.app.speaker);
    } catch (error) {
      console.warn("The test tone could not be played", error);
    } finally {
      this.sounds = false;
    }
  }

  // --- sources beside them -----------------------------------------------------------------------

  #extra(extra: Extra): TemplateResult {
    const { id, what } = extra;
    return html`<fieldset>
      <legend>${extraWords(extra)}</legend>
      <div class=${what === "sound" ? "rest" : "extra"}>
        ${
          what === "sound"
            ? nothing
            : html`<tp-source-picture .stream=${this.controller.ownStream(id)}></tp-source-picture>`
        }
        <div class="rest">
          ${extra.trouble ? this.#extraTrouble(extra) : nothing}
          ${what === "screen" ? nothing : this.#setting(extra)}
          <div class="actions">
            ${what === "screen" ? nothing : this.#switch(extra)}
            <wa-button size="s" appearance="outlined" @click=${() => this.controller.removeSource(id)}>
              ${what === "screen" ? msg("Stop sharing") : msg("Remove")}
            </wa-button>
          </div>
        </div>
      </div>
    </fieldset>`;
  }

  #setting(extra: Extra): TemplateResult {
    const { id, what, device } = extra;
    const isSound = what === "sound";
    const label = isSound ? msg("Microphone") : msg("Camera");
    const options = numbered(this.app.own[isSound ? "audio" : "video"].choices, label);
    return html`
      ${select(label, options, device ?? "", (value) => void this.controller.chooseFor(id, value))}
      ${this.#about(id, extra, isSound ? SOUND_PROFILES : CAMERA_PROFILES)}
    `;
  }

  #switch({ id, wanted }: Extra): TemplateResult {
    return html`<wa-button
      size="s"
      appearance=${wanted ? "filled" : "accent"}
      variant=${wanted ? "neutral" : "danger"}
      @click=${() => void this.controller.switchSource(id, !wanted)}
      >${wanted ? msg("Sent: press to pause") : msg("Not sent: press to send")}</wa-button
    >`;
  }

  #extraTrouble({ id, what, trouble }: Extra): TemplateResult {
    const words = troubleWords(what === "sound" ? "audio" : "video", trouble ?? "unknown");
    return html`<div class="trouble" role="alert">
      ${icon("warning")}
      <div><strong>${words.title}</strong><br />${words.advice}</div>
      <wa-button size="s" appearance="outlined" @click=${() => void this.controller.switchSource(id, true)}
        >${msg("Try again")}</wa-button
      >
    </div>`;
  }

  #more(): TemplateResult {
    return html`<div class="actions">
      <wa-button id="add-camera" size="s" appearance="outlined" @click=${() => this.#addCamera()}>
        <span class="stack">${icon("plus")}<span>${msg("Further camera")}</span></span>
      </wa-button>
      <wa-button id="add-sound" size="s" appearance="outlined" @click=${() => this.#addSound()}>
        <span class="stack">${icon("plus")}<span>${msg("Stethoscope")}</span></span>
      </wa-button>
    </div>`;
  }

  #addCamera(): void {
    void this.controller.addCamera(this.#free("video"), { label: "", profile: "consult" });
  }

  #addSound(): void {
    void this.controller.addSound(this.#free("audio"), { label: "", profile: "stethoscope" });
  }

  /** The first device that is not in use; undefined leaves the choice to the browser. */
  #free(kind: DeviceKind): string | undefined {
    const used = new Set([this.app.own[kind].id, ...this.app.extras.map((extra) => extra.device)]);
    return this.app.own[kind].choices.find((choice) => !used.has(choice.id))?.id;
  }
}

interface Option {
  readonly value: string;
  readonly label: string;
}

/** Before a device was allowed the browser tells no names. */
const numbered = (choices: readonly Choice[], label: string): Option[] =>
  choices.map((choice, index) => ({ value: choice.id, label: choice.label || `${label} ${index + 1}` }));

function select(
  label: string,
  options: readonly Option[],
  value: string,
  choose: (value: string) => void,
): TemplateResult | typeof nothing {
  if (options.length === 0) return nothing;
  return html`<label class="field">
    <span>${label}</span>
    <select
      @change=${(event: Event) => {
        choose((event.target as HTMLSelectElement).value);
      }}
    >
      ${options.map(
        (option) =>
          html`<option value=${option.value} .selected=${option.value === value}>${option.label}</option>`,
      )}
    </select>
  </label>`;
}
