/** `<tp-writing>`: a field for a line of text and its button; Enter sends, Shift with Enter begins a line. Fires `written`. */
import { localized } from "@lit/localize";
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { shared } from "../../styles/shared.ts";
import { icon } from "../icons.ts";
import { panelStyles } from "./panel.styles.ts";

@localized()
@customElement("tp-writing")
export class Writing extends LitElement {
  static override styles = [
    shared,
    panelStyles,
    css`
      :host {
        display: block;
        flex: none;
      }
    `,
  ];

  /** What is written here, for the empty field and the screen reader. */
  @property() label = "";
  /** What the button does. */
  @property() send = "";
  @property({ type: Number }) longest = 2_000;
  /** Nothing can be sent now: what was written stays. */
  @property({ type: Boolean }) held = false;
  @query("textarea") private readonly area!: HTMLTextAreaElement;

  /** A keyboard on the screen would hide the panel that was just opened. */
  protected override firstUpdated(): void {
    if (matchMedia("(pointer: fine)").matches) this.area.focus();
  }

  readonly #key = (event: KeyboardEvent) => {
    // While a Chinese word is being chosen, Enter chooses it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  };

  readonly #submit = (event: Event) => {
    event.preventDefault();
    this.#send();
  };

  #send(): void {
    const text = this.area.value.trim();
    if (text === "" || this.held) return;
    this.dispatchEvent(new CustomEvent("written", { detail: text }));
    this.area.value = "";
  }

  protected override render(): TemplateResult {
    return html`<form @submit=${this.#submit}>
      <textarea
        rows="1"
        maxlength=${this.longest}
        placeholder=${this.label}
        aria-label=${this.label}
        @keydown=${this.#key}
      ></textarea>
      <wa-button type="submit" variant="brand" ?disabled=${this.held}>
        <span class="spoken-only">${this.send}</span>${icon("send")}
      </wa-button>
    </form>`;
  }
}
