/** `<tp-panels>`: the panel that is open beside the pictures, or over their lower part on a phone. */
import { localized } from "@lit/localize";
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Controller } from "../../app/controller.ts";
import type { AppState, Panel } from "../../app/store.ts";
import { panelWords } from "../../i18n/words-panels.ts";
import { shared } from "../../styles/shared.ts";
import "./audience.ts";
import "./chat.ts";
import "./panel.ts";
import "./questions.ts";

@localized()
@customElement("tp-panels")
export class Panels extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
        min-height: 0;
      }
    `,
  ];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) app!: AppState;

  #before: HTMLElement | undefined;

  /** Before the panel takes the focus. */
  protected override willUpdate(changed: PropertyValues<this>): void {
    if (this.app.panel !== undefined && changed.get("app")?.panel === undefined)
      this.#before ??= focusedElement();
  }

  protected override updated(): void {
    if (this.app.panel !== undefined) return;
    this.#before?.focus();
    this.#before = undefined;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { panel } = this.app;
    if (panel === undefined) return nothing;
    return html`<tp-panel heading=${panelWords(panel)} @close=${() => this.controller.setPanel(undefined)}
      >${this.#content(panel)}</tp-panel
    >`;
  }

  #content(panel: Panel): TemplateResult {
    const { controller, app } = this;
    switch (panel) {
      case "chat":
        return html`<tp-chat .controller=${controller} .app=${app}></tp-chat>`;
      case "questions":
        return html`<tp-questions .controller=${controller} .app=${app}></tp-questions>`;
      case "audience":
        return html`<tp-audience .controller=${controller} .app=${app}></tp-audience>`;
      case "sites":
        return html`<tp-sites .controller=${controller} .app=${app}></tp-sites>`;
      case "more":
        return html`<tp-more .controller=${controller} .app=${app}></tp-more>`;
      case "keys":
        return html`<tp-keys .controller=${controller} .app=${app}></tp-keys>`;
    }
  }
}

/** What opened the panel gets the focus back, within all shadow roots. */
function focusedElement(): HTMLElement | undefined {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element instanceof HTMLElement && element !== document.body ? element : undefined;
}
