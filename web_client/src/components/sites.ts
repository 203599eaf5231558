/** `<tp-sites>`: who is here with what, who waits, who is missing; for the chair also what can be done. */
import { localized, msg, str } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Controller } from "../app/controller.ts";
import type { AppState } from "../app/store.ts";
import { language } from "../i18n/language.ts";
import { reachWords } from "../i18n/words-sites.ts";
import { roleWords } from "../i18n/words-rooms.ts";
import type { RemovedSite, WaitingSite } from "../protocol.gen.ts";
import { may } from "../session/rights.ts";
import { missing, sitesIn } from "../session/sites.ts";
import type { Session } from "../session/state.ts";
import { panel } from "../styles/panel.ts";
import { shared } from "../styles/shared.ts";
import { attendanceOf } from "./attendance.ts";
import "./confirm.ts";
import { icon } from "./icons.ts";
import "./site-row.ts";

@localized()
@customElement("tp-sites")
export class Sites extends LitElement {
  static override styles = [shared, panel];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;

  protected override render(): TemplateResult | typeof nothing {
    const { session } = this.app;
    if (!session) return nothing;
    const desk = may(session.role, "desk");
    return html`
      ${desk ? this.#waiting(session.desk.waiting) : nothing}
      <section>
        <h3>
          ${msg("Here")}${session.audience > 0 ? msg(str` · ${session.audience} in the audience`) : nothing}
        </h3>
        <ul>
          ${repeat(
            sitesIn(session),
            (group) => group.site,
            (group) =>
              html`<li>
                <tp-site-row .controller=${this.controller} .session=${session} .group=${group}></tp-site-row>
              </li>`,
          )}
        </ul>
      </section>
      ${desk ? html`${this.#missing(session)} ${this.#removed(session.desk.removed)}` : nothing}
      ${may(session.role, "direct") ? this.#room(session) : nothing}
    `;
  }

  // --- the desk ----------------------------------------------------------------------------------

  #waiting(waiting: readonly WaitingSite[]): TemplateResult | typeof nothing {
    if (waiting.length === 0) return nothing;
    const all = () => this.controller.admit(waiting.map((one) => one.participant));
    return html`<section id="waiting">
      <h3>${msg("Waiting to be let in")}</h3>
      <ul>
        ${repeat(
          waiting,
          (one) => one.participant,
          (one) => this.#waits(one),
        )}
      </ul>
      ${
        waiting.length > 1
          ? html`<wa-button id="admit-all" variant="brand" @click=${all}
              >${msg(str`Let all ${waiting.length} in`)}</wa-button
            >`
          : nothing
      }
    </section>`;
  }

  #waits({ participant, name, since }: WaitingSite): TemplateResult {
    const time = new Date(since * 1000).toLocaleTimeString(language().tag, {
      hour: "2-digit",
      minute: "2-digit",
      hour12: false,
    });
    return html`<li>
      <div class="line">
        <span class="name">${name}</span><span class="quiet">${msg(str`since ${time}`)}</span>
      </div>
      <div class="actions">
        <wa-button class="admit" size="s" variant="brand" @click=${() => this.controller.admit([participant])}
          >${msg("Let in")}</wa-button
        >
        <tp-confirm
          label=${msg("Send away")}
          question=${msg(str`Send ${name} away? Its link opens no door until you let it back.`)}
          .deed=${() => this.controller.remove(participant)}
        ></tp-confirm>
      </div>
    </li>`;
  }

  #missing(session: Session): TemplateResult | typeof nothing {
    const sites = missing(session);
    if (sites.length === 0) return nothing;
    return html`<section>
      <h3>${msg("Invited, not here")}</h3>
      <ul>
        ${sites.map(
          ({ name, role, reach }) =>
            html`<li>
              <div class="line">
                <span class="name">${name}</span><span class="quiet">${roleWords(role)}</span>
              </div>
              <span class="quiet ${reach === "failed" ? "warn" : reach === "passed" ? "good" : ""}"
                >${reachWords(reach)}</span
              >
            </li>`,
        )}
      </ul>
    </section>`;
  }

  #removed(removed: readonly RemovedSite[]): TemplateResult | typeof nothing {
    if (removed.length === 0) return nothing;
    return html`<section>
      <h3>${msg("Sent out")}</h3>
      <ul>
        ${removed.map(
          ({ site, name }) =>
            html`<li>
              <span class="name">${name}</span>
              <div class="actions">
                <wa-button size="s" appearance="outlined" @click=${() => this.controller.readmit(site)}
                  >${msg("Let it knock again")}</wa-button
                >
              </div>
            </li>`,
        )}
      </ul>
    </section>`;
  }

  // --- the room ----------------------------------------------------------------------------------

  #room(session: Session): TemplateResult {
    const locked = session.room?.locked ?? false;
    return html`<section class="actions">
      ${
        may(session.role, "desk")
          ? html`<wa-button
              id="lock"
              appearance="outlined"
              aria-pressed=${locked}
              @click=${() => this.controller.lock(!locked)}
            >
              <span class="stack"
                >${icon(locked ? "lock" : "lock-open")}
                <span>${locked ? msg("Locked: press to open") : msg("Open: press to lock")}</span></span
              >
            </wa-button>`
          : nothing
      }
      <tp-confirm
        id="end"
        label=${msg("End for all")}
        question=${msg("End the meeting for everybody?")}
        .deed=${() => this.controller.end()}
      ></tp-confirm>
      ${attendanceOf(this.app.link)}
    </section>`;
  }
}
