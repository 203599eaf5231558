/** `<tp-hands>`: raised hands, the first one first, for those who may lower them or ask their sites onto the stage. */
import { localized, msg, str } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Controller } from "../../app/controller.ts";
import type { AppState } from "../../app/store.ts";
import { clockWords } from "../../i18n/words-panels.ts";
import type { Hand } from "../../protocol.gen.ts";
import { may } from "../../session/rights.ts";
import { shared } from "../../styles/shared.ts";
import { panelStyles } from "./panel.styles.ts";

/** As long as one that was asked onto the stage has not come. */
export const takeBack = (name: string, press: () => void): TemplateResult =>
  html`<span class="state">${msg("Asked onto the stage")}</span>
    <wa-button
      class="take-back"
      appearance="outlined"
      aria-label=${msg(str`Take back that ${name} was asked onto the stage`)}
      @click=${press}
      >${msg("Take back")}</wa-button
    >`;

@localized()
@customElement("tp-hands")
export class Hands extends LitElement {
  static override styles = [
    shared,
    panelStyles,
    css`
      :host {
        flex: none;
      }
    `,
  ];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;

  protected override render(): TemplateResult {
    const hands = this.app.session?.hands ?? [];
    return html`
      <h3>${msg("Raised hands")}</h3>
      ${hands.length === 0 ? html`<p class="quiet">${msg("No hand is up.")}</p>` : nothing}
      <ol>
        ${repeat(
          hands,
          (hand) => hand.participant,
          (hand, index) => this.#hand(hand, index + 1),
        )}
      </ol>
    `;
  }

  #hand(hand: Hand, place: number): TemplateResult {
    return html`<li class="card">
      <span class="head"
        ><span>${place}.</span><strong class="site-name">${hand.name}</strong>
        <time datetime=${new Date(hand.at * 1000).toISOString()}>${clockWords(hand.at)}</time></span
      >
      <div class="actions">${this.#promote(hand)} ${this.#lower(hand)}</div>
    </li>`;
  }

  /** Who is in the audience is no member. */
  #promote({ participant, name }: Hand): TemplateResult | typeof nothing {
    const { session } = this.app;
    const onStage = session?.members.some((member) => member.participant === participant) ?? false;
    if (onStage || !may(session?.role, "stage")) return nothing;
    const asked = session?.invited.some((one) => one.participant === participant) ?? false;
    if (asked) return takeBack(name, () => this.controller.demote(participant));
    return html`<wa-button
      class="promote"
      variant="brand"
      aria-label=${msg(str`Ask ${name} onto the stage`)}
      @click=${() => this.controller.promote(participant)}
      >${msg("Ask onto the stage")}</wa-button
    >`;
  }

  #lower({ participant, name }: Hand): TemplateResult | typeof nothing {
    if (!may(this.app.session?.role, "direct")) return nothing;
    return html`<wa-button
      class="lower"
      appearance="outlined"
      aria-label=${msg(str`Lower the hand of ${name}`)}
      @click=${() => this.controller.lowerHand(participant)}
      >${msg("Lower")}</wa-button
    >`;
  }
}
