/**
 * `<tp-tile>`: one source of one site, its picture, its voice, and the truth about both.
 *
 * Attributes `participant`, `source`, `state` (tile-state.ts) and `own`, and the property `video` are kept stable:
 * tests and support tools go by them.
 */
import { localized, msg, str } from "@lit/localize";
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { language } from "../i18n/language.ts";
import { initials, sourceLabel } from "../i18n/words.ts";
import { markRemoteFrame } from "../marks.ts";
import type { Sent } from "../media/statistics.ts";
import type { Place } from "../session/places.ts";
import { shared } from "../styles/shared.ts";
import type { Shown } from "../tile-state.ts";
import { icon, type IconName } from "./icons.ts";
import { tileStyles } from "./tile.styles.ts";

/** Pictures that a diagnosis may rest on state their numbers always. Source: page.md, "A tile never lies". */
const DIAGNOSTIC = new Set(["ultrasound", "surgery", "still", "stethoscope"]);

@localized()
@customElement("tp-tile")
export class Tile extends LitElement {
  static override styles = [shared, tileStyles];

  @property({ attribute: false }) place!: Place;
  @property({ attribute: false }) shown!: Shown;
  /** Size and rate as measured: decoded, or for the own tile sent. */
  @property({ attribute: false }) numbers: Sent | undefined;
  @property({ attribute: false }) stream: MediaStream | undefined;
  /** Plays its sound; the own tile never does. */
  @property({ type: Boolean }) sounding = false;

  @property({ reflect: true }) participant = "";
  @property({ reflect: true }) source = "";
  @property({ reflect: true }) state = "";
  @property({ type: Boolean, reflect: true }) own = false;
  @property({ type: Boolean, reflect: true }) speaking = false;

  @query("video") readonly video!: HTMLVideoElement;

  override connectedCallback(): void {
    super.connectedCallback();
    this.tabIndex = 0;
    this.setAttribute("role", "group");
  }

  protected override willUpdate(): void {
    this.participant = this.place.member.participant;
    this.source = this.place.source?.id ?? "";
    this.state = this.shown.state;
    this.own = this.place.own;
    this.speaking = this.shown.speaking;
    this.ariaLabel = [this.#title(), this.#stateWords(), this.#numbers()].filter(Boolean).join(", ");
  }

  protected override updated(changed: PropertyValues<this>): void {
    const { video } = this;
    if (video.srcObject !== (this.stream ?? null)) this.#play();
    if (changed.has("sounding") || video.muted === this.sounding) this.#sound();
  }

  #play(): void {
    const { video } = this;
    video.srcObject = this.stream ?? null;
    if (!this.stream) return;
    if (!this.own) video.requestVideoFrameCallback(() => this.#firstFrame());
    void this.#start();
  }

  #firstFrame(): void {
    markRemoteFrame();
    this.dispatchEvent(new Event("first-frame", { bubbles: true, composed: true }));
  }

  #sound(): void {
    this.video.muted = !this.sounding;
    if (this.stream) void this.#start();
  }

  /** Without a gesture the browser refuses sound: the picture plays on without, and the page asks for a press. */
  async #start(): Promise<void> {
    try {
      await this.video.play();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "NotAllowedError" || this.video.muted) return;
      this.dispatchEvent(new Event("sound-blocked", { bubbles: true, composed: true }));
    }
  }

  protected override render(): TemplateResult {
    return html`
      <video class=${this.shown.stillFor > 0 ? "dimmed" : ""} autoplay playsinline .muted=${true}></video>
      ${this.shown.pictured ? nothing : this.#face()} ${this.#over()} ${this.#corner()}
      <div class="scrim">
        <span class="name site-name" title=${this.#title()}>${this.#siteName()}</span>
        ${this.#what()}
        <span class="badges">
          ${this.speaking ? this.#badge("speaking", msg("Speaking"), "good") : nothing} ${this.#muted()}
        </span>
      </div>
    `;
  }

  #siteName(): string {
    const { member, own } = this.place;
    return own ? msg(str`You · ${member.name}`) : member.name;
  }

  #what(): TemplateResult | typeof nothing {
    const label = this.#label();
    return label ? html`<span class="label">${label}</span>` : nothing;
  }

  /** Told only where it tells something: a site's one nameless camera is the site. */
  #label(): string {
    const { source, member } = this.place;
    const plain = source?.label === "" && member.sources.length === 1;
    return source && !plain ? sourceLabel(source) : "";
  }

  #title(): string {
    return [this.#siteName(), this.#label()].filter(Boolean).join(" · ");
  }

  #face(): TemplateResult {
    return html`<div class="face">
      <span class="initials" aria-hidden="true"
        >${initials(this.place.member.name, language().code !== "en")}</span
      >
    </div>`;
  }

  #over(): TemplateResult | typeof nothing {
    const words = this.#stateWords();
    if (this.state === "live") return nothing;
    return html`<div class="over ${this.state}">
      ${icon(SIGNS[this.state] ?? "eye")}<span>${words}</span>
    </div>`;
  }

  #stateWords(): string {
    switch (this.shown.state) {
      case "live":
        return "";
      case "connecting":
        return msg("Connecting…");
      case "camera-off":
        return msg("Camera off");
      case "watching":
        return msg("Watching and listening");
      case "waiting":
        return msg("No free place for this picture");
      case "frozen":
        return msg(str`Picture frozen for ${this.shown.stillFor} s`);
      case "away":
        return msg("Away: reconnecting…");
    }
  }

  #muted(): TemplateResult | typeof nothing {
    const silent = this.place.source?.audio != null && this.shown.muted;
    return silent ? this.#badge("microphone-off", msg("Muted"), "bad") : nothing;
  }

  #badge(sign: IconName, words: string, kind: string): TemplateResult {
    return html`<span class="badge ${kind}">${icon(sign)}<span class="words">${words}</span></span>`;
  }

  #numbers(): string {
    const { width, height, fps } = this.numbers ?? { width: 0, height: 0, fps: 0 };
    const seen = this.state === "live" || this.state === "frozen";
    return width > 0 && seen ? `${width}×${height} · ${fps} fps` : "";
  }

  #corner(): TemplateResult | typeof nothing {
    const numbers = this.#numbers();
    if (!numbers) return nothing;
    const always = DIAGNOSTIC.has(this.place.source?.profile ?? "");
    return html`<span class="numbers ${always ? "always" : ""}" aria-hidden="true">${numbers}</span>`;
  }
}

const SIGNS: Readonly<Record<string, IconName>> = {
  connecting: "hourglass",
  "camera-off": "camera-off",
  watching: "eye",
  waiting: "hourglass",
  frozen: "snowflake",
  away: "reconnect",
};
