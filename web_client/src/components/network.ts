/** `<tp-network>`: what the test at the door found, in words, with what to do. */
import { localized, msg } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { findingWords, isLinkRefused } from "../i18n/words-door.ts";
import type { Finding } from "../session/probe.ts";
import { shared } from "../styles/shared.ts";
import { icon, type IconName } from "./icons.ts";

const SIGNS: Readonly<Record<Finding["state"], IconName>> = {
  running: "hourglass",
  reached: "check",
  blocked: "warning",
  refused: "warning",
  unreachable: "warning",
};

@localized()
@customElement("tp-network")
export class Network extends LitElement {
  static override styles = [
    shared,
    css`
      .found {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 0.75rem;
        align-items: center;
        min-height: 2.75rem;
        font-size: 0.9375rem;
      }
      .found.bad {
        padding: 0.75rem;
        border: 1px solid var(--warn);
        border-radius: var(--radius);
      }
      .bad > .icon {
        color: var(--warn);
      }
      .reached > .icon {
        color: var(--good);
      }
      .quiet {
        color: var(--quiet);
      }
    `,
  ];

  @property({ attribute: false }) finding: Finding | undefined;
  @property({ attribute: false }) again: () => void = () => undefined;

  protected override render(): TemplateResult | typeof nothing {
    const { finding } = this;
    // A link that opens no door is told larger, by the door itself.
    if (!finding || isLinkRefused(finding)) return nothing;
    const { title, advice } = findingWords(finding);
    const bad = finding.state !== "running" && finding.state !== "reached";
    return html`<div class="found ${finding.state} ${bad ? "bad" : ""}" role=${bad ? "alert" : "status"}>
      ${icon(SIGNS[finding.state])}
      <div>
        ${bad ? html`<strong>${title}</strong><br />` : html`${title} `}<span class=${bad ? "" : "quiet"}
          >${advice}</span
        >
      </div>
      ${finding.state === "running" ? nothing : this.#button()}
    </div>`;
  }

  #button(): TemplateResult {
    return html`<wa-button size="s" appearance="plain" @click=${() => this.again()}
      >${msg("Test again")}</wa-button
    >`;
  }
}
