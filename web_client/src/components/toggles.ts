/** Microphone and camera buttons, alike at the door and in the bar: the word says what is so, the tip what a press does. */
import { msg } from "@lit/localize";
import { html, type TemplateResult } from "lit";
import type { DeviceKind } from "../media/devices.ts";
import type { OwnDevice } from "../media/own.ts";
import { icon, type IconName } from "./icons.ts";

export interface Toggle {
  readonly id: string;
  readonly icon: IconName;
  /** What is so. */
  readonly label: string;
  /** What a press does. */
  readonly tip: string;
  /** Off, and to be seen from three metres. */
  readonly off: boolean;
  readonly press: () => void;
}

export const toggleButton = (toggle: Toggle): TemplateResult => html`
  <wa-button
    id=${toggle.id}
    class="toggle ${toggle.off ? "off" : ""}"
    appearance=${toggle.off ? "accent" : "filled"}
    variant=${toggle.off ? "danger" : "neutral"}
    @click=${toggle.press}
  >
    <span class="stack">${icon(toggle.icon)}<span>${toggle.label}</span></span>
  </wa-button>
  <wa-tooltip for=${toggle.id}>${toggle.tip}</wa-tooltip>
`;

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
    ? { label: msg("Microphone on"), tip: msg("Press to be heard no more (M)") }
    : { label: msg("Microphone off"), tip: msg("Press to be heard (M)") };

const cameraWords = (on: boolean) =>
  on
    ? { label: msg("Camera on"), tip: msg("Press to be seen no more (C)") }
    : { label: msg("Camera off"), tip: msg("Press to be seen (C)") };
