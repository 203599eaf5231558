/** The signs of the page, from Lucide, as part of the script: nothing is fetched for them. */
import { html, type TemplateResult } from "lit";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import beside from "lucide-static/icons/panel-right.svg?raw";
import camera from "lucide-static/icons/video.svg?raw";
import cameraOff from "lucide-static/icons/video-off.svg?raw";
import chat from "lucide-static/icons/message-square.svg?raw";
import check from "lucide-static/icons/check.svg?raw";
import close from "lucide-static/icons/x.svg?raw";
import copy from "lucide-static/icons/copy.svg?raw";
import eye from "lucide-static/icons/eye.svg?raw";
import grid from "lucide-static/icons/layout-grid.svg?raw";
import hand from "lucide-static/icons/hand.svg?raw";
import hourglass from "lucide-static/icons/hourglass.svg?raw";
import language from "lucide-static/icons/languages.svg?raw";
import leave from "lucide-static/icons/log-out.svg?raw";
import microphone from "lucide-static/icons/mic.svg?raw";
import microphoneOff from "lucide-static/icons/mic-off.svg?raw";
import lock from "lucide-static/icons/lock.svg?raw";
import lockOpen from "lucide-static/icons/lock-open.svg?raw";
import more from "lucide-static/icons/ellipsis.svg?raw";
import share from "lucide-static/icons/screen-share.svg?raw";
import shareOff from "lucide-static/icons/screen-share-off.svg?raw";
import next from "lucide-static/icons/chevron-right.svg?raw";
import pause from "lucide-static/icons/pause.svg?raw";
import people from "lucide-static/icons/users.svg?raw";
import pin from "lucide-static/icons/pin.svg?raw";
import pinOff from "lucide-static/icons/pin-off.svg?raw";
import plus from "lucide-static/icons/plus.svg?raw";
import previous from "lucide-static/icons/chevron-left.svg?raw";
import qr from "lucide-static/icons/qr-code.svg?raw";
import question from "lucide-static/icons/message-circle-question-mark.svg?raw";
import reconnect from "lucide-static/icons/refresh-cw.svg?raw";
import record from "lucide-static/icons/circle-dot.svg?raw";
import send from "lucide-static/icons/send-horizontal.svg?raw";
import snowflake from "lucide-static/icons/snowflake.svg?raw";
import sound from "lucide-static/icons/volume-2.svg?raw";
import soundOff from "lucide-static/icons/volume-x.svg?raw";
import speaking from "lucide-static/icons/audio-lines.svg?raw";
import spotlight from "lucide-static/icons/star.svg?raw";
import warning from "lucide-static/icons/triangle-alert.svg?raw";

const ICONS = {
  check,
  lock,
  "lock-open": lockOpen,
  more,
  share,
  "share-off": shareOff,
  copy,
  plus,
  qr,
  pin,
  "pin-off": pinOff,
  previous,
  next,
  grid,
  beside,
  pause,
  record,
  hand,
  chat,
  question,
  send,
  people,
  spotlight,
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
