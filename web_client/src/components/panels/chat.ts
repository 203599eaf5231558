/** `<tp-chat>`: what the sites say in writing. Who comes late sees the lines that were kept. */
import { localized, msg } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Controller } from "../../app/controller.ts";
import type { AppState } from "../../app/store.ts";
import { clockWords } from "../../i18n/words-panels.ts";
import type { Line } from "../../protocol.gen.ts";
import { shared } from "../../styles/shared.ts";
import { panelStyles } from "./panel.styles.ts";
import "./writing.ts";

/** Nearer to the end than this the list follows what comes, CSS px. */
const NEAR_END = 80;

@localized()
@customElement("tp-chat")
export class Chat extends LitElement {
  static override styles = [
    shared,
    panelStyles,
    css`
      li {
        display: grid;
        gap: 0.125rem;
      }
      .own .head strong {
        color: var(--focus);
      }
    `,
  ];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;
  @query(".scroll") private readonly list!: HTMLElement | null;

  #follows = true;

  /** Who reads further up is left there. */
  protected override willUpdate(): void {
    const { list } = this;
    if (list) this.#follows = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
  }

  protected override updated(): void {
    if (this.#follows && this.list) this.list.scrollTop = this.list.scrollHeight;
  }

  protected override render(): TemplateResult {
    const { session } = this.app;
    const lines = session?.chat ?? [];
    return html`
      <div class="scroll" tabindex="0" role="log" aria-label=${msg("Lines of the chat")}>
        ${lines.length === 0 ? html`<p class="quiet">${msg("Nobody has written yet.")}</p>` : nothing}
        <ol>
          ${repeat(
            lines,
            (line) => line.id,
            (line) => this.#line(line, line.site === session?.site),
          )}
        </ol>
      </div>
      <tp-writing
        label=${msg("A line to all")}
        send=${msg("Send to all")}
        ?held=${session?.phase !== "joined"}
        @written=${({ detail }: CustomEvent<string>) => this.controller.say(detail)}
      ></tp-writing>
    `;
  }

  #line(line: Line, own: boolean): TemplateResult {
    return html`<li class=${own ? "own" : ""}>
      <span class="head"
        ><strong class="site-name">${line.name}</strong>
        <time datetime=${new Date(line.at * 1000).toISOString()}>${clockWords(line.at)}</time></span
      >
      <span class="text">${line.text}</span>
    </li>`;
  }
}
