/** `<tp-attendance>`: who was in a meeting and when, as a file, for its organiser and the bearers of its chair's links. */
import { localized, msg } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { apiWords } from "../i18n/words-start.ts";
import { saveText } from "../keep-text.ts";
import type { Link } from "../link.ts";
import { ApiError, HttpApi, type OrganiserApi } from "../organiser/api.ts";
import { shared } from "../styles/shared.ts";

@localized()
@customElement("tp-attendance")
export class Attendance extends LitElement {
  static override styles = [shared];

  @property({ attribute: false }) api!: Pick<OrganiserApi, "attendance">;
  @property() room = "";
  /** Hands the file to the person. */
  @property({ attribute: false }) save = saveText;
  @state() private busy = false;
  @state() private trouble: string | undefined;

  protected override render(): TemplateResult {
    return html`<wa-button size="s" appearance="outlined" ?loading=${this.busy} @click=${this.#fetch}
        >${msg("Save the attendance of all sites (CSV)")}</wa-button
      >
      ${this.trouble === undefined ? nothing : html`<p role="alert">${this.#words(this.trouble)}</p>`}`;
  }

  #words(code: string): string {
    return code === "room-unknown"
      ? msg("The server has no attendance of this meeting for this link.")
      : apiWords(code);
  }

  async #fetch(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.trouble = undefined;
    try {
      this.save(`attendance-${this.room}.csv`, await this.api.attendance(this.room), "text/csv");
    } catch (error) {
      this.trouble = error instanceof ApiError ? error.code : "unknown";
    } finally {
      this.busy = false;
    }
  }
}

/** Of a meeting's page: only links of a chair and an organiser are given it, whoever has the chair now. */
export function attendanceOf(link: Link | undefined): TemplateResult | typeof nothing {
  if (link?.token === undefined || (link.role !== "chair" && link.role !== "organiser")) return nothing;
  return html`<tp-attendance .api=${new HttpApi(link.token)} .room=${link.room}></tp-attendance>`;
}
