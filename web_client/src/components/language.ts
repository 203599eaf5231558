/** `<tp-language>`: the button to the other language, in that language's own words. */
import { localized } from "@lit/localize";
import { html, LitElement, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { otherLanguage, setLanguage } from "../i18n/language.ts";
import { shared } from "../styles/shared.ts";
import { icon } from "./icons.ts";

@localized()
@customElement("tp-language")
export class LanguageSwitch extends LitElement {
  static override styles = shared;

  protected override render(): TemplateResult {
    const other = otherLanguage();
    return html`<wa-button appearance="plain" lang=${other.tag} @click=${() => void setLanguage(other)}>
      <span slot="start">${icon("language")}</span>${other.name}
    </wa-button>`;
  }
}
