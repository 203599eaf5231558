/** `<tp-source-picture>`: a small picture of one's own, so that one sees which camera it is. */
import { localized, msg } from "@lit/localize";
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { shared } from "../styles/shared.ts";
import { icon } from "./icons.ts";

@localized()
@customElement("tp-source-picture")
export class SourcePicture extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        place-items: center;
        aspect-ratio: 16 / 9;
        border-radius: var(--radius);
        overflow: hidden;
        background: #000;
        color: var(--quiet);
      }
      video {
        width: 100%;
        height: 100%;
        min-height: 0;
        object-fit: contain;
      }
      :host([mirrored]) video {
        transform: scaleX(-1);
      }
    `,
  ];

  @property({ attribute: false }) stream: MediaStream | undefined;

  protected override render(): TemplateResult {
    if (!this.stream) return icon("camera-off");
    return html`<video
      autoplay
      muted
      playsinline
      aria-label=${msg("Your own picture")}
      .srcObject=${this.stream}
      .muted=${true}
    ></video>`;
  }
}
