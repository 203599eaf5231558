/** How many people sit before this device: at the door, and beside the pictures. */
import { msg } from "@lit/localize";
import { html, type TemplateResult } from "lit";
import type { AppState } from "../app/store.ts";

/** A lecture hall. Source: signaling/protocol.md, `heads`. */
const MOST = 999;

export const headsField = (app: AppState, tell: (heads: number) => void): TemplateResult => {
  const heads = app.session?.heads ?? 0;
  return html`<label class="field heads">
    <span>${msg("People in this room (for the attendance list)")}</span>
    <input
      id="heads"
      type="number"
      inputmode="numeric"
      min="0"
      max=${MOST}
      placeholder=${msg("not told")}
      .value=${heads === 0 ? "" : String(heads)}
      @change=${(event: Event) => {
        tell(headsIn((event.target as HTMLInputElement).value));
      }}
    />
  </label>`;
};

/** What was typed, within what can be. */
export const headsIn = (text: string): number => Math.min(MOST, Math.max(0, Math.round(Number(text)) || 0));
