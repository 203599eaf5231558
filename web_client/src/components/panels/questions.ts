/**
 * `<tp-questions>`: questions in writing. The stage answers, dismisses, or says that one is answered now; the audience
 * asks, and sees what became of its own.
 */
import { localized, msg, str } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Controller } from "../../app/controller.ts";
import type { AppState } from "../../app/store.ts";
import { clockWords, questionWords } from "../../i18n/words-panels.ts";
import type { Question, QuestionState } from "../../protocol.gen.ts";
import { may } from "../../session/rights.ts";
import { shared } from "../../styles/shared.ts";
import { icon } from "../icons.ts";
import { panelStyles } from "./panel.styles.ts";
import "./writing.ts";

/** Characters of a question. Source: signaling/protocol.md, `ask`. */
const LONGEST = 500;

/** The one that is answered stands first, then those that wait, the oldest first; what is done comes last. */
const RANK: Readonly<Record<QuestionState, number>> = { answering: 0, open: 1, answered: 2, dismissed: 3 };

export const inOrder = (questions: readonly Question[]): Question[] =>
  questions.toSorted(
    (a, b) => RANK[a.state] - RANK[b.state] || (RANK[a.state] < 2 ? a.at - b.at : b.at - a.at),
  );

@localized()
@customElement("tp-questions")
export class Questions extends LitElement {
  static override styles = [shared, panelStyles];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;
  /** The question that is being answered in writing. */
  @state() private writing: string | undefined;

  protected override render(): TemplateResult {
    const { session } = this.app;
    const questions = inOrder(session?.questions ?? []);
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label=${msg("Questions")}>
        ${questions.length === 0 ? html`<p class="quiet">${this.#none()}</p>` : nothing}
        <ol>
          ${repeat(
            questions,
            (question) => question.id,
            (question) => this.#question(question),
          )}
        </ol>
      </div>
      ${this.#hand()} ${may(session?.role, "ask") && !may(session?.role, "stage") ? this.#ask() : nothing}
    `;
  }

  #none(): string {
    return may(this.app.session?.role, "stage")
      ? msg("No questions yet.")
      : msg("Ask the stage in writing: the answer is shown here, and spoken on the stage.");
  }

  #ask(): TemplateResult {
    return html`<tp-writing
      label=${msg("Ask a question")}
      send=${msg("Send the question")}
      longest=${LONGEST}
      ?held=${this.app.session?.phase !== "joined"}
      @written=${({ detail }: CustomEvent<string>) => this.controller.ask(detail)}
    ></tp-writing>`;
  }

  /** Of the audience: to be asked onto the stage. */
  #hand(): TemplateResult | typeof nothing {
    const { session } = this.app;
    if (session?.role !== "audience") return nothing;
    const up = session.hand;
    return html`<div class="actions">
      <wa-button
        id="raise-hand"
        appearance=${up ? "accent" : "outlined"}
        variant=${up ? "brand" : "neutral"}
        aria-pressed=${String(up)}
        @click=${() => this.controller.raiseHand(!up)}
      >
        <span class="stack"
          >${icon("hand")}<span>${up ? msg("Hand is up · lower it") : msg("Raise hand to speak")}</span></span
        >
      </wa-button>
    </div>`;
  }

  #question(question: Question): TemplateResult {
    const now = question.state === "answering";
    return html`<li class="card ${now ? "now" : ""}">
      <span class="head"
        ><strong class="site-name">${this.#who(question)}</strong>
        <time datetime=${new Date(question.at * 1000).toISOString()}>${clockWords(question.at)}</time>
        <span class="state">${questionWords(question.state)}</span></span
      >
      <span class="text">${question.text}</span>
      ${question.answer ? html`<span class="text answer">${question.answer}</span>` : nothing}
      ${may(this.app.session?.role, "stage") ? this.#actions(question) : nothing}
    </li>`;
  }

  #who({ site, name }: Question): string {
    return site === this.app.session?.site ? msg(str`You · ${name}`) : name;
  }

  #actions(question: Question): TemplateResult | typeof nothing {
    if (question.state === "answered" || question.state === "dismissed") return nothing;
    if (this.writing === question.id) return this.#answer(question);
    return html`<div class="actions">
      ${
        question.state === "open"
          ? this.#action(msg("Answer now"), () => this.#set(question, "answering"))
          : this.#action(msg("It is answered"), () => this.#set(question, "answered"))
      }
      ${this.#action(msg("In writing"), () => (this.writing = question.id))}
      ${this.#action(msg("Dismiss"), () => this.#set(question, "dismissed"))}
    </div>`;
  }

  #action(words: string, press: () => void): TemplateResult {
    return html`<wa-button appearance="outlined" @click=${press}>${words}</wa-button>`;
  }

  #answer(question: Question): TemplateResult {
    return html`<tp-writing
        label=${msg("The answer, for all to read")}
        send=${msg("Send the answer to all")}
        @written=${({ detail }: CustomEvent<string>) => this.#set(question, "answered", detail)}
      ></tp-writing>
      <div class="actions">${this.#action(msg("Not in writing"), () => (this.writing = undefined))}</div>`;
  }

  #set({ id }: Question, state: QuestionState, answer = ""): void {
    this.writing = undefined;
    this.controller.setQuestion(id, state, answer);
  }
}
