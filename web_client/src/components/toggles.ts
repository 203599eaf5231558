/** The buttons of door and bar: the word says what is so, the tip what a press does. */
import { msg, str } from "@lit/localize";
import { html, nothing, type TemplateResult } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import type { DeviceKind } from "../media/devices.ts";
import type { OwnDevice } from "../media/own.ts";
import { icon, type IconName } from "./icons.ts";

export interface Toggle {
  readonly id: string;
  readonly icon: IconName;
  /** What is so. */
  readonly label: string;
  /** The same on a phone, where it would not fit. */
  readonly short?: string;
  /** What a press does. */
  readonly tip: string;
  /** Off, and to be seen from three metres. */
  readonly off?: boolean;
  /** Marked: one's hand is up, one's screen is shared, the panel is open. */
  readonly marked?: boolean;
  /** For what opens a panel: whether it is open. */
  readonly expanded?: boolean;
  /** How many wait, or are new; with the words for it. */
  readonly badge?: { readonly count: number; readonly words: string } | undefined;
  /** On a phone it is among "more". */
  readonly wide?: boolean;
  readonly press: () => void;
}

export const toggleButton = (toggle: Toggle): TemplateResult => html`
  <wa-button
    id=${toggle.id}
    class="toggle ${toggle.off ? "off" : ""} ${toggle.wide ? "wide" : ""}"
    appearance=${toggle.off || toggle.marked ? "accent" : "filled"}
    variant=${toggle.off ? "danger" : toggle.marked ? "brand" : "neutral"}
    aria-expanded=${ifDefined(toggle.expanded)}
    @click=${toggle.press}
  >
    <span class="stack">${icon(toggle.icon)}${words(toggle)}${badge(toggle)}</span>
  </wa-button>
  <wa-tooltip for=${toggle.id}>${toggle.tip}</wa-tooltip>
`;

const words = ({ label, short }: Toggle): TemplateResult =>
  short === undefined
    ? html`<span>${label}</span>`
    : html`<span class="long">${label}</span><span class="short" aria-hidden="true">${short}</span>`;

const badge = ({ badge }: Toggle): TemplateResult | typeof nothing =>
  badge && badge.count > 0
    ? html`<span class="badge"
        ><span aria-hidden="true">${badge.count}</span><span class="spoken-only">${badge.words}</span></span
      >`
    : nothing;

export function deviceToggle(kind: DeviceKind, device: OwnDevice, press: () => void): Toggle {
  const on = device.wanted && device.track !== undefined;
  const words = kind === "audio" ? microphoneWords(on) : cameraWords(on);
  const sign: IconName = kind === "audio" ? "microphone" : "camera";
  return {
    id: kind === "audio" ? "microphone" : "camera",
    icon: on ? sign : `${sign}-off`,
    off: !on,
    press,
    ...words,
  };
}

const microphoneWords = (on: boolean) =>
  on
    ? { label: msg("Microphone on"), short: msg("Mic on"), tip: msg("Press to be heard no more (M)") }
    : {
        label: msg("Microphone off"),
        short: msg("Mic off"),
        tip: msg("Press to be heard (M), or hold Space to talk"),
      };

const cameraWords = (on: boolean) =>
  on
    ? { label: msg("Camera on"), tip: msg("Press to be seen no more (C)") }
    : { label: msg("Camera off"), tip: msg("Press to be seen (C)") };

export const handToggle = (up: boolean, press: () => void): Toggle => ({
  id: "hand",
  icon: "hand",
  label: up ? msg("Hand up") : msg("Hand down"),
  tip: up ? msg("Press to lower your hand (H)") : msg("Press to raise your hand (H)"),
  marked: up,
  press,
});

export const shareToggle = (shared: boolean, press: () => void): Toggle => ({
  id: "share",
  icon: shared ? "share" : "share-off",
  label: shared ? msg("Screen shared") : msg("Not sharing"),
  tip: shared ? msg("Press to stop sharing your screen (X)") : msg("Press to share a screen (X)"),
  marked: shared,
  wide: true,
  press,
});

export const soundToggle = (on: boolean, press: () => void): Toggle => ({
  id: "sound",
  icon: on ? "sound" : "sound-off",
  label: on ? msg("Sound on") : msg("Sound off"),
  tip: on ? msg("Press to hear the others no more") : msg("Press to hear the others"),
  off: !on,
  press,
});

export const newLines = (count: number): Toggle["badge"] => ({ count, words: msg(str`${count} new`) });

export const waiting = (count: number): Toggle["badge"] => ({
  count,
  words: msg(str`${count} waiting to be let in`),
});

export const openQuestions = (count: number): Toggle["badge"] => ({
  count,
  words: msg(str`${count} not answered`),
});

export const handsUp = (count: number): Toggle["badge"] => ({ count, words: msg(str`${count} hands up`) });
