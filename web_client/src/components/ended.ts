/** The screens after a meeting that one did not leave oneself: ended for all, or sent out. */
import { localized, msg } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Controller } from "../app/controller.ts";
import type { AppState } from "../app/store.ts";
import { language } from "../i18n/language.ts";
import { keptText, saveText } from "../keep-text.ts";
import { shared } from "../styles/shared.ts";
import { attendanceOf } from "./attendance.ts";
import { frame, screen } from "./screen.ts";

const off = (): string => msg("Camera and microphone are off. You can close this page.");

@localized()
@customElement("tp-ended")
export class Ended extends LitElement {
  static override styles = [shared, screen];

  @property({ attribute: false }) app!: AppState;

  protected override render(): TemplateResult {
    const { attended, session } = this.app;
    const something = attended !== undefined || (session?.chat.length ?? 0) > 0;
    return frame(html`
      <div role="status">
        <p class="quiet">${session?.room?.title}</p>
        <h1>${msg("This meeting has ended")}</h1>
        <p>${off()}</p>
      </div>
      ${something ? keepButton(this.app) : nothing}
      <div class="actions">${attendanceOf(this.app.link)}</div>
    `);
  }
}

@localized()
@customElement("tp-removed")
export class Removed extends LitElement {
  static override styles = [shared, screen];

  @property({ attribute: false }) controller!: Controller;

  protected override render(): TemplateResult {
    return frame(html`
      <div role="alert">
        <h1>${msg("The chair has sent this site out")}</h1>
        <p>
          ${msg("Camera and microphone are off. If this was a mistake, call the hospital that invited you: once the chair lets you back, press:")}
        </p>
      </div>
      <div class="actions">
        <wa-button variant="brand" @click=${() => this.controller.join()}>${msg("Join again")}</wa-button>
      </div>
    `);
  }
}

/** Chat, answered questions and own attendance as a file. */
const keepButton = (app: AppState): TemplateResult =>
  html`<div class="actions">
    <wa-button id="keep" variant="brand" @click=${() => keep(app)}
      >${msg("Save chat and attendance")}</wa-button
    >
  </div>`;

function keep({ session, link, attended }: AppState): void {
  const words = { chat: msg("Chat"), questions: msg("Questions"), attendance: msg("Attendance") };
  const clock = (at: number) =>
    new Date(at).toLocaleString(language().tag, {
      dateStyle: "short",
      timeStyle: "short",
      hourCycle: "h23",
    });
  const kept = {
    room: session?.room,
    chat: session?.chat ?? [],
    questions: session?.questions ?? [],
    siteName: link?.siteName ?? "",
    attended,
  };
  const day = new Date(attended?.from ?? Date.now()).toISOString().slice(0, 10);
  saveText(`${day} ${session?.room?.id ?? link?.room ?? "meeting"}.txt`, keptText(kept, words, clock));
}
