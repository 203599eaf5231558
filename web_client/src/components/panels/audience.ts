/** `<tp-audience>`: of who leads a broadcast: how many watch, whose hands are up, and who came up from among them. */
import { localized, msg, str } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Controller } from "../../app/controller.ts";
import type { AppState } from "../../app/store.ts";
import type { Member } from "../../protocol.gen.ts";
import { may } from "../../session/rights.ts";
import { shared } from "../../styles/shared.ts";
import { takeBack } from "./hands.ts";
import { panelStyles } from "./panel.styles.ts";

@localized()
@customElement("tp-audience")
export class AudiencePanel extends LitElement {
  static override styles = [shared, panelStyles];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;

  protected override render(): TemplateResult {
    const { controller, app } = this;
    const count = app.session?.audience ?? 0;
    return html`
      <p>${count === 1 ? msg("1 device watches") : msg(str`${count} devices watch`)}</p>
      <div class="scroll">
        <tp-hands .controller=${controller} .app=${app}></tp-hands>
        ${this.#asked()} ${this.#stage()}
      </div>
    `;
  }

  /** Whose hand is up has it in its own row. */
  #asked(): TemplateResult | typeof nothing {
    const { session } = this.app;
    const up = new Set(session?.hands.map(({ participant }) => participant));
    const asked = session?.invited.filter(({ participant }) => !up.has(participant)) ?? [];
    if (asked.length === 0 || !may(session?.role, "stage")) return nothing;
    return html`<ul>
      ${asked.map(
        ({ participant, name }) =>
          html`<li class="card">
            <strong class="site-name">${name}</strong>
            <div class="actions">${takeBack(name, () => this.controller.demote(participant))}</div>
          </li>`,
      )}
    </ul>`;
  }

  #stage(): TemplateResult | typeof nothing {
    const { session } = this.app;
    const members = session?.members.filter(({ promoted }) => promoted) ?? [];
    if (members.length === 0 || !may(session?.role, "stage")) return nothing;
    return html`<h3>${msg("On the stage")}</h3>
      <ul>
        ${members.map((member) => this.#member(member))}
      </ul>`;
  }

  #member({ participant, name }: Member): TemplateResult {
    return html`<li class="card">
      <strong class="site-name">${name}</strong>
      <div class="actions">
        <wa-button
          class="demote"
          appearance="outlined"
          aria-label=${msg(str`Send ${name} back to the audience`)}
          @click=${() => this.controller.demote(participant)}
          >${msg("Back to the audience")}</wa-button
        >
      </div>
    </li>`;
  }
}
