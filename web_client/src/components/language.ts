/** `<tp-language>`: the button to the other language, in that language's own words. */
import { localized } from "@lit/localize";
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { otherLanguage, setLanguage } from "../i18n/language.ts";
import { shared } from "../styles/shared.ts";
import { icon } from "./icons.ts";

@localized()
@customElement("tp-language")
export class LanguageSwitch extends LitElement {
  static override styles = [
    shared,
    css`
      /* In the bar of a phone: as its neighbours. */
      @media (max-width: 48rem) {
        :host([compact]) .stack {
          flex-direction: column;
          gap: 0;
          font-size: 0.6875rem;
        }
        :host([compact]) .icon {
          font-size: 1rem;
        }
        :host([compact]) wa-button::part(button) {
          padding: 0 0.375rem;
        }
      }
    `,
  ];

  protected override render(): TemplateResult {
    const other = otherLanguage();
    return html`<wa-button appearance="plain" lang=${other.tag} @click=${() => void setLanguage(other)}>
      <span class="stack">${icon("language")}<span>${other.name}</span></span>
    </wa-button>`;
  }
}
