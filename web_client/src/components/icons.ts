/** The signs of the page, from Lucide, as part of the script: nothing is fetched for them. */
import { html, type TemplateResult } from "lit";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import camera from "lucide-static/icons/video.svg?raw";
import cameraOff from "lucide-static/icons/video-off.svg?raw";
import close from "lucide-static/icons/x.svg?raw";
import eye from "lucide-static/icons/eye.svg?raw";
import hourglass from "lucide-static/icons/hourglass.svg?raw";
import language from "lucide-static/icons/languages.svg?raw";
import leave from "lucide-static/icons/log-out.svg?raw";
import microphone from "lucide-static/icons/mic.svg?raw";
import microphoneOff from "lucide-static/icons/mic-off.svg?raw";
import reconnect from "lucide-static/icons/refresh-cw.svg?raw";
import snowflake from "lucide-static/icons/snowflake.svg?raw";
import sound from "lucide-static/icons/volume-2.svg?raw";
import soundOff from "lucide-static/icons/volume-x.svg?raw";
import speaking from "lucide-static/icons/audio-lines.svg?raw";
import warning from "lucide-static/icons/triangle-alert.svg?raw";

const ICONS = {
  camera,
  "camera-off": cameraOff,
  close,
  eye,
  hourglass,
  language,
  leave,
  microphone,
  "microphone-off": microphoneOff,
  reconnect,
  snowflake,
  sound,
  "sound-off": soundOff,
  speaking,
  warning,
};

export type IconName = keyof typeof ICONS;

/** A sign beside its word; it is never alone, so screen readers pass over it. */
export const icon = (name: IconName): TemplateResult =>
  html`<span class="icon" aria-hidden="true">${unsafeHTML(ICONS[name])}</span>`;
