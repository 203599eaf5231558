/** `<tp-keys>`: the list of keys. */
import { localized, msg } from "@lit/localize";
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { KEYS, type Deed } from "../keys.ts";
import { shared } from "../styles/shared.ts";

function deedWords(deed: Deed): string {
  switch (deed) {
    case "microphone":
      return msg("Microphone on or off");
    case "camera":
      return msg("Camera on or off");
    case "hand":
      return msg("Raise or lower your hand");
    case "chat":
      return msg("Chat");
    case "questions":
      return msg("Questions");
    case "audience":
      return msg("Audience, for who leads a broadcast");
    case "sites":
      return msg("Sites");
    case "share":
      return msg("Share a screen, or stop");
    case "more":
      return msg("More: devices, sound, language");
    case "keys":
      return msg("This list");
    case "bar":
      return msg("To the bar");
    case "close":
      return msg("Close a panel, put no picture first");
    case "talk":
      return msg("Hold to talk");
  }
}

@localized()
@customElement("tp-keys")
export class Keys extends LitElement {
  static override styles = [
    shared,
    css`
      dl {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0.5rem 1rem;
        margin: 0;
        align-items: baseline;
      }
      dd {
        margin: 0;
      }
      kbd {
        display: inline-block;
        min-width: 2rem;
        padding: 0.125rem 0.5rem;
        border: 1px solid var(--line);
        border-radius: 0.25rem;
        font: inherit;
        text-align: center;
      }
    `,
  ];

  protected override render(): TemplateResult {
    const rows: [string, string][] = [
      ...KEYS.map(([key, deed]): [string, string] => [key.toUpperCase(), deedWords(deed)]),
      [msg("Space"), deedWords("talk")],
      ["1 – 9", msg("Show that picture large")],
      ["Esc", deedWords("close")],
      ["F6", deedWords("bar")],
    ];
    return html`<dl>
      ${rows.map(
        ([key, words]) =>
          html`<dt><kbd>${key}</kbd></dt>
            <dd>${words}</dd>`,
      )}
    </dl>`;
  }
}
