/**
 * `<tp-live>`: the row above the pictures for what goes on in a broadcast: the question that is answered now, whether
 * one comes onto the stage, and that one is there. It pushes the pictures down and lies over none.
 */
import { localized, msg, str } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Controller } from "../app/controller.ts";
import type { AppState } from "../app/store.ts";
import type { Plea } from "../session/state.ts";
import { shared } from "../styles/shared.ts";
import { icon } from "./icons.ts";

@localized()
@customElement("tp-live")
export class Live extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        margin-top: 8px;
        align-items: center;
        gap: 0.5rem 0.75rem;
        padding: 0.375rem 0.875rem;
        border-left: 4px solid var(--good);
        border-radius: var(--radius);
        background: var(--raised);
        line-height: 1.4;
      }
      .row.asked {
        border-color: var(--focus);
      }
      .row > .icon {
        color: var(--good);
      }
      .asked > .icon {
        color: var(--focus);
      }
      .words {
        flex: 1 1 12rem;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .question {
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 3;
        overflow: hidden;
      }
      .quiet {
        color: var(--quiet);
        font-size: 0.875rem;
      }
      .actions {
        display: flex;
        gap: 0.5rem;
      }
    `,
  ];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;

  protected override render(): TemplateResult {
    const plea = this.app.session?.asked.find(({ wish }) => wish === "stage");
    return html`
      ${plea ? this.#asked(plea) : nothing} ${this.#onStage()}
      <div role="status">${this.#answering()}</div>
    `;
  }

  #answering(): TemplateResult | typeof nothing {
    const question = this.app.session?.questions.find(({ state }) => state === "answering");
    if (!question) return nothing;
    return html`<div class="row" id="answering">
      ${icon("question")}
      <div class="words">
        <span class="quiet">${msg(str`Being answered now · ${question.name}`)}</span>
        <span class="question">${question.text}</span>
      </div>
    </div>`;
  }

  #asked(plea: Plea): TemplateResult {
    const words = plea.by
      ? msg(str`${plea.by} asks you onto the stage.`)
      : msg("You are asked onto the stage.");
    return html`<div class="row asked" id="asked-onto-stage">
      ${icon("hand")}
      <div class="words" role="alert">
        <strong>${words}</strong>
        <span class="quiet"
          >${msg("All sites would see and hear you. Camera and microphone open once you say yes.")}</span
        >
      </div>
      <div class="actions">
        <wa-button id="stage-yes" variant="brand" @click=${() => this.controller.answer(plea, true)}
          >${msg("Yes, onto the stage")}</wa-button
        >
        <wa-button id="stage-no" appearance="outlined" @click=${() => this.controller.answer(plea, false)}
          >${msg("Not now")}</wa-button
        >
      </div>
    </div>`;
  }

  #onStage(): TemplateResult | typeof nothing {
    const { session } = this.app;
    const own = session?.members.find(({ participant }) => participant === session.participant);
    if (!own?.promoted) return nothing;
    return html`<div class="row" id="on-stage">
      ${icon("spotlight")}
      <strong class="words">${msg("You are on the stage: all sites see and hear you.")}</strong>
      <wa-button id="step-down" appearance="outlined" @click=${() => this.controller.stepDown()}
        >${msg("Back to the audience")}</wa-button
      >
    </div>`;
  }
}
