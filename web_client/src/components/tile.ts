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
import { reasonWords, shortfallWords, stateWords } from "../i18n/words-tile.ts";
import { initials, sourceLabel } from "../i18n/words.ts";
import { markRemoteFrame } from "../marks.ts";
import type { Sent } from "../media/statistics.ts";
import type { Place } from "../session/places.ts";
import { isMirror } from "../media/feeds.ts";
import { shared } from "../styles/shared.ts";
import type { Shown } from "../tile-state.ts";
import { icon, type IconName } from "./icons.ts";
import { tileStyles } from "./tile.styles.ts";

/** Pictures that a diagnosis may rest on state their numbers always. Source: page.md, "A tile never lies". */
const DIAGNOSTIC = new Set(["ultrasound", "surgery", "still", "stethoscope"]);

/** Pictures with writing in them, or that are measured by: nothing lies over them, their name stands below. */
const UNCOVERED = new Set(["ultrasound", "surgery", "still", "screen"]);

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
  /** Where its sound goes: an id of an audio output; empty is the browser's own choice. */
  @property({ attribute: false }) speaker = "";

  @property({ reflect: true }) participant = "";
  @property({ reflect: true }) source = "";
  @property({ reflect: true }) state = "";
  @property({ type: Boolean, reflect: true }) own = false;
  @property({ type: Boolean, reflect: true }) mirrored = false;
  @property({ type: Boolean, reflect: true }) speaking = false;
  /** Shown large: the best picture there is, please. */
  @property({ type: Boolean, reflect: true }) pinned = false;
  /** Large because this viewer pressed it. */
  @property({ type: Boolean }) held = false;
  /** On another page: not seen, but heard. */
  @property({ type: Boolean, reflect: true }) off = false;
  @property({ type: Boolean, reflect: true, attribute: "below-floor" }) belowFloor = false;
  /** The name stands below the picture. */
  @property({ type: Boolean, reflect: true }) captioned = false;

  @query("video") readonly video!: HTMLVideoElement;

  override connectedCallback(): void {
    super.connectedCallback();
    this.tabIndex = 0;
    this.setAttribute("role", "group");
  }

  protected override willUpdate(): void {
    const { place, shown } = this;
    this.participant = place.member.participant;
    this.source = place.source?.id ?? "";
    this.state = shown.state;
    this.own = place.own;
    const { source } = place;
    this.mirrored = place.own && source !== undefined && isMirror(source.id, source.profile);
    this.speaking = shown.speaking;
    this.belowFloor = shown.shortfall !== undefined;
    this.captioned = shown.pictured && UNCOVERED.has(place.source?.profile ?? "");
    this.ariaLabel = this.#spoken();
    this.ariaDescription = this.#pressWords();
  }

  #spoken(): string {
    const { shown } = this;
    const parts = [this.#title(), stateWords(shown), reasonWords(shown), this.#shortfall(), this.#numbers()];
    const silent = this.#isSilent() ? msg("Muted") : "";
    return [...parts, silent, this.#recording()?.words ?? ""].filter(Boolean).join(", ");
  }

  protected override updated(changed: PropertyValues<this>): void {
    const { video } = this;
    if (video.srcObject !== (this.stream ?? null)) this.#play();
    if (changed.has("speaker") && (this.speaker !== "" || changed.get("speaker"))) void this.#send();
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

  /** A loudspeaker that was unplugged is refused: the browser's own goes on. */
  async #send(): Promise<void> {
    if ("setSinkId" in this.video) await this.video.setSinkId(this.speaker).catch(() => undefined);
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
    const dimmed = this.shown.stillFor > 0 || this.state === "paused";
    return html`
      <div class="picture">
        <video class=${dimmed ? "dimmed" : ""} autoplay playsinline .muted=${true}></video>
        ${this.shown.pictured ? nothing : this.#face()} ${this.#over()} ${this.#pin()}
      </div>
      <div class="scrim">
        <span class="name site-name" title=${this.#title()}>${this.#siteName()}</span>
        ${this.#what()}
        <span class="badges">${this.#badges()} ${this.#corner()}</span>
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
    const name = initials(this.place.member.name, language().code !== "en");
    return html`<div class="face">
      <span class="initials" aria-hidden="true">${name}</span>
      ${this.#level()}
    </div>`;
  }

  /** How loud a site is that is not seen. */
  #level(): TemplateResult | typeof nothing {
    const { level, muted } = this.shown;
    if (level === undefined || muted) return nothing;
    const lit = Math.round(level * BARS);
    return html`<span class="level" aria-hidden="true"
      >${Array.from({ length: BARS }, (_, index) => html`<i class=${index < lit ? "lit" : ""}></i>`)}</span
    >`;
  }

  #over(): TemplateResult | typeof nothing {
    if (this.state === "live") return this.#fallen();
    const reason = reasonWords(this.shown);
    return html`<div class="over ${this.state}">
      ${icon(SIGNS[this.state] ?? "eye")}
      <span>${stateWords(this.shown)}${reason ? html`<span class="reason">${reason}</span>` : nothing}</span>
    </div>`;
  }

  #fallen(): TemplateResult | typeof nothing {
    const words = this.#shortfall();
    return words ? html`<div class="over fallen">${icon("warning")}<span>${words}</span></div>` : nothing;
  }

  #shortfall(): string {
    return this.shown.shortfall ? shortfallWords(this.shown.shortfall) : "";
  }

  /** What a press does; it is the tile itself that is pressed, or Enter on it. */
  #pressWords(): string {
    if (this.held) return msg("Press to show all");
    return this.pinned ? "" : msg("Press to show it large");
  }

  #pin(): TemplateResult | typeof nothing {
    const words = this.#pressWords();
    if (words === "") return nothing;
    return html`<span class="pin" aria-hidden="true">${icon(this.held ? "pin-off" : "pin")} ${words}</span>`;
  }

  #badges(): TemplateResult {
    const recording = this.#recording();
    return html`
      ${this.speaking ? this.#badge("speaking", msg("Speaking"), "good") : nothing}
      ${this.#isSilent() ? this.#badge("microphone-off", msg("Muted"), "bad") : nothing}
      ${recording ? this.#badge("record", recording.words, recording.kind) : nothing}
    `;
  }

  #recording(): { words: string; kind: string } | undefined {
    switch (this.shown.recording) {
      case "records":
        return { words: msg("Records"), kind: "bad" };
      case "recorded":
        return { words: msg("Recorded"), kind: "recorded" };
      case undefined:
        return undefined;
    }
  }

  #isSilent(): boolean {
    return this.place.source?.audio != null && this.shown.muted;
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

/** Of the level of a site that is not seen. */
const BARS = 9;

const SIGNS: Readonly<Record<string, IconName>> = {
  connecting: "hourglass",
  "camera-off": "camera-off",
  watching: "eye",
  waiting: "hourglass",
  paused: "pause",
  frozen: "snowflake",
  away: "reconnect",
};
