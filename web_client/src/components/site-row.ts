/** `<tp-site-row>`: one site that is here: its devices, what each sends, and what the chair may do about it. */
import { localized, msg, str } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Controller } from "../app/controller.ts";
import { roleWords } from "../i18n/words-rooms.ts";
import { sourceWords } from "../i18n/words-sites.ts";
import type { Member, Source, TrackState } from "../protocol.gen.ts";
import { may } from "../session/rights.ts";
import type { SiteGroup } from "../session/sites.ts";
import type { Session } from "../session/state.ts";
import { panel } from "../styles/panel.ts";
import { shared } from "../styles/shared.ts";
import "./confirm.ts";
import { icon, type IconName } from "./icons.ts";

@localized()
@customElement("tp-site-row")
export class SiteRow extends LitElement {
  static override styles = [
    shared,
    panel,
    css`
      :host {
        gap: 0.375rem;
        overflow: visible;
      }
    `,
  ];

  @property({ attribute: false }) controller!: Controller;
  @property({ attribute: false }) session!: Session;
  @property({ attribute: false }) group!: SiteGroup;

  protected override render(): TemplateResult {
    return html`
      <span class="name">${this.group.name}</span>
      ${this.group.members.map((member) => this.#member(member))} ${this.#remove()}
    `;
  }

  #isOwn = ({ participant }: Member): boolean => participant === this.session.participant;

  #member(member: Member): TemplateResult {
    const { heads } = member;
    const marks = [
      // Let in, a guest waits no more.
      member.role === "guest" ? msg("Guest") : roleWords(member.role),
      ...(this.#isOwn(member) ? [msg("this device")] : []),
      ...(this.session.room?.chair === member.participant && member.role !== "chair" ? [msg("Chair")] : []),
      ...(heads > 0 ? [heads === 1 ? msg("1 person") : msg(str`${heads} people`)] : []),
      ...(member.recording ? [msg("records")] : []),
      ...(member.presence === "away" ? [msg("connection lost")] : []),
    ];
    return html`
      <div class="quiet">${marks.join(" · ")}</div>
      ${member.sources.length === 0 ? html`<div class="quiet">${msg("Watches and listens")}</div>` : nothing}
      ${member.sources.map((source) => this.#source(member, source))} ${this.#deeds(member)}
    `;
  }

  // --- what it sends -----------------------------------------------------------------------------

  #source(member: Member, source: Source): TemplateResult {
    const directs = may(this.session.role, "direct");
    return html`<div class="line">
        <span>${sourceWords(source)}</span>
        ${source.audio ? this.#track(source.audio, "microphone", msg("heard"), msg("silent")) : nothing}
        ${source.video ? this.#track(source.video, "camera", msg("seen"), msg("not seen")) : nothing}
      </div>
      ${directs ? html`<div class="actions">${this.#sourceDeeds(member, source)}</div>` : nothing}`;
  }

  #track(track: TrackState, sign: "microphone" | "camera", on: string, off: string): TemplateResult {
    const name: IconName = track.muted ? `${sign}-off` : sign;
    return html`<span class="track quiet ${track.muted ? "warn" : ""}"
      >${icon(name)} ${track.muted ? off : on}</span
    >`;
  }

  #sourceDeeds(member: Member, source: Source): (TemplateResult | typeof nothing)[] {
    const { participant } = member;
    const other = !this.#isOwn(member);
    const { spotlight } = this.session.room ?? {};
    const large = spotlight?.participant === participant && spotlight.source === source.id;
    return [
      other ? this.#trackDeed(member, source.audio, "microphone") : nothing,
      other ? this.#trackDeed(member, source.video, "camera") : nothing,
      button(
        large ? msg("Large for all: end it") : msg("Show large to all"),
        () => this.controller.spotlight(large ? null : { participant, source: source.id }),
        "spotlight",
      ),
    ];
  }

  /** Closes what is open; what is closed only its owner opens, so it is asked to. Before an encoder is nobody to ask. */
  #trackDeed(
    { participant, role }: Member,
    track: TrackState | null,
    wish: "microphone" | "camera",
  ): TemplateResult | typeof nothing {
    if (!track) return nothing;
    if (!track.muted) {
      const label = wish === "microphone" ? msg("Mute") : msg("Picture off");
      return button(label, () => this.controller.muteOther(participant, track.mid), "mute");
    }
    if (role === "encoder") {
      const open = () => this.controller.muteOther(participant, track.mid, false);
      return button(msg("Forward again"), open, "forward");
    }
    const label = wish === "microphone" ? msg("Ask to speak") : msg("Ask for the picture");
    return button(label, () => this.controller.askFor(participant, wish), "ask-for");
  }

  // --- the person before it ----------------------------------------------------------------------

  #deeds(member: Member): TemplateResult | typeof nothing {
    const { participant, role, name } = member;
    const { role: own, room, hands } = this.session;
    const hand = hands.some((one) => one.participant === participant);
    const other = !this.#isOwn(member);
    const people = role !== "encoder" && role !== "recorder";
    const deeds = [
      hand && other && may(own, "direct")
        ? button(msg("Lower the hand"), () => this.controller.lowerHand(participant), "lower-hand")
        : nothing,
      other && people && may(own, "hand-on") && room?.chair !== participant
        ? html`<tp-confirm
            label=${msg("Hand the chair on")}
            question=${msg(str`Make ${name} the chair?`)}
            .deed=${() => this.controller.handOn(participant)}
          ></tp-confirm>`
        : nothing,
    ];
    return deeds.some((deed) => deed !== nothing) ? html`<div class="actions">${deeds}</div>` : nothing;
  }

  /** All devices of a site go together. */
  #remove(): TemplateResult | typeof nothing {
    const [member] = this.group.members;
    const own = this.group.members.some(this.#isOwn);
    const removable = member && !own && this.group.members.every(({ role }) => role !== "organiser");
    if (!removable || !may(this.session.role, "desk")) return nothing;
    return html`<div class="actions">
      <tp-confirm
        class="remove"
        label=${msg("Send out")}
        question=${msg(str`Send ${this.group.name} out? Its link opens no door until you let it back.`)}
        .deed=${() => this.controller.remove(member.participant)}
      ></tp-confirm>
    </div>`;
  }
}

const button = (label: string, press: () => void, name: string): TemplateResult =>
  html`<wa-button class=${name} size="s" appearance="outlined" @click=${press}>${label}</wa-button>`;
