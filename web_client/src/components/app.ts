/** `<tp-app>`: chooses the screen. `data-state` says where the session stands: `start` or a phase of it. */
import { localized, msg } from "@lit/localize";
import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Controller } from "../app/controller.ts";
import { takeLink } from "../link.ts";
import { Socket, signalingUrl } from "../session/socket.ts";
import "./door.ts";
import "./meeting.ts";
import "./ended.ts";
import "./screens.ts";
import "./waiting.ts";
import "./start/start.ts";

@localized()
@customElement("tp-app")
export class App extends LitElement {
  static override styles = css`
    :host {
      display: block;
      height: 100dvh;
      overflow: hidden auto;
    }
  `;

  @property({ attribute: false })
  controller = new Controller((happened) => new Socket(signalingUrl(location), happened), sessionStorage);

  override connectedCallback(): void {
    super.connectedCallback();
    this.controller.store.listen(() => this.requestUpdate());
    this.controller.begin(takeLink(location, history, sessionStorage));
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const { session, link } = this.controller.store.state;
    this.dataset["state"] = session?.phase ?? (link ? "refused" : "start");
    document.title = session?.room?.title ?? session?.anteroom?.title ?? msg("Meeting");
  }

  protected override render(): TemplateResult {
    const { controller } = this;
    const { state } = controller.store;
    if (!state.link) return html`<tp-start></tp-start>`;
    if (!state.session) return html`<tp-refused .refusal=${{ code: "no-token", message: "" }}></tp-refused>`;
    switch (state.session.phase) {
      case "door":
        return html`<tp-door .controller=${controller} .state=${state}></tp-door>`;
      case "joining":
        return html`<tp-joining .unreached=${state.session.lostAt !== undefined}></tp-joining>`;
      case "joined":
      case "reconnecting":
        return html`<tp-meeting .controller=${controller} .state=${state}></tp-meeting>`;
      case "waiting":
        return html`<tp-waiting .controller=${controller} .app=${state}></tp-waiting>`;
      case "removed":
        return html`<tp-removed .controller=${controller}></tp-removed>`;
      case "ended":
        return html`<tp-ended .app=${state}></tp-ended>`;
      case "left":
        return html`<tp-left .controller=${controller}></tp-left>`;
      case "refused":
        return html`<tp-refused .controller=${controller} .refusal=${state.session.refusal}></tp-refused>`;
    }
  }
}
