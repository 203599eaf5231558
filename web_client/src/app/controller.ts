/**
 * The shell around the session: performs its effects on socket, media and storage, and feeds back what happens.
 *
 * Before it are presses, frames and tracks; after it, `store.state`, which the components draw.
 */
import { keepResume, resumeOf, type Keep, type Link } from "../link.ts";
import { markJoinPressed } from "../marks.ts";
import type { DeviceKind } from "../media/devices.ts";
import { LevelMeter } from "../media/level.ts";
import { OwnMedia } from "../media/own.ts";
import { MediaPair } from "../media/pair.ts";
import {
  forget,
  measure,
  measureSent,
  nothingMeasured,
  SETTLE_MS,
  type RtpStatistics,
} from "../media/statistics.ts";
import type { Tile, Wish } from "../protocol.gen.ts";
import { step } from "../session/machine.ts";
import type { Signaling } from "../session/socket.ts";
import { leftSlots } from "../session/places.ts";
import {
  atTheDoor,
  type Direction,
  type Effect,
  type Happening,
  type Order,
  type Plea,
} from "../session/state.ts";
import { Orders } from "./orders.ts";
import { opened, type PanelName } from "./panels.ts";
import { Store, tell, tick, watchesOnly, type Sound } from "./store.ts";

/** How often statistics are read and seconds counted, ms. */
const TICK_MS = 500;

/** A small screen gets fewer slots. Source: design.md, invariant 7. */
const slotCount = () => (Math.min(screen.width, screen.height) < 600 ? 6 : 12);

export type Connect = (happened: (happening: Happening) => void) => Signaling;

export class Controller extends Orders {
  readonly store = new Store();
  readonly #own: OwnMedia;
  readonly #media = new MediaPair((happening) => this.#happened(happening));
  readonly #socket: Signaling;
  #meter: LevelMeter | undefined;
  #mayPublish = false;

  constructor(
    connect: Connect,
    private readonly keep: Storage & Keep,
  ) {
    super();
    this.#socket = connect((happening) => this.#happened(happening));
    this.#own = new OwnMedia(keep, (kind) => this.#ownChanged(kind));
    for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, () => this.#meter?.wake());
    // A browser holds a socket for minutes after its network went.
    addEventListener("offline", () => {
      this.#socket.close();
      this.#happened({ type: "socket-closed" });
    });
    addEventListener("online", () => this.#happened({ type: "network-back" }));
    setInterval(() => void this.#tick(), TICK_MS);
  }

  /** Begins at the door of the link's room, or goes back in where this tab was in before a reload. */
  begin(link: Link | undefined): void {
    this.#set({ link });
    if (link?.token === undefined) return;
    const resume = resumeOf(link.room, this.keep);
    this.#set({ session: atTheDoor(link.token, slotCount(), resume, link.site) });
    this.#media.prepare();
    this.#openOwn();
    if (resume !== undefined) this.join();
  }

  join(): void {
    markJoinPressed();
    this.#own.doWithout();
    this.#openOwn();
    this.#happened({ type: "join-pressed" });
  }

  #openOwn(): void {
    if (!this.#watchesOnly) void this.#own.open();
  }

  get #watchesOnly(): boolean {
    return watchesOnly(this.store.state);
  }

  protected order(order: Order): void {
    this.#happened({ type: "ordered", order });
  }

  /** The person's word on what was asked. Only the person opens microphone and camera. */
  answer({ wish, participant }: Plea, accepted: boolean): void {
    this.#happened({ type: "plea-answered", wish, participant });
    if (wish === "stage") this.order({ type: "consent", wish, accepted });
    else if (accepted) this.#grant(wish, participant);
  }

  #grant(wish: Exclude<Wish, "stage">, participant: string): void {
    if (wish === "chair") return this.handOn(participant);
    void this.#own.switch(wish === "microphone" ? "audio" : "video", true);
  }

  leave(): void {
    this.#happened({ type: "leave-pressed" });
  }

  async toggle(kind: DeviceKind): Promise<void> {
    if (this.#watchesOnly) return;
    await this.#own.switch(kind, this.#own.muted(kind));
  }

  /** Asks again for a device that could not be had. */
  async retry(kind: DeviceKind): Promise<void> {
    await this.#own.switch(kind, true);
  }

  /** Goes on without what could not be had. */
  doWithout(): void {
    this.#own.doWithout();
  }

  async choose(kind: DeviceKind, id: string): Promise<void> {
    await this.#own.choose(kind, id);
  }

  /** What is on the screen now. */
  show(tiles: readonly Tile[]): void {
    this.#happened({ type: "shown", tiles });
  }

  setSound(sound: Sound): void {
    this.#set({ sound });
  }

  /** Opens a panel, or closes it when it is open; undefined closes whatever is. */
  openPanel(name: PanelName | undefined): void {
    this.store.set(opened(this.store.state, name));
  }

  dismissNews(): void {
    this.#set({ told: [] });
  }

  /** The picture and voice of a slot, to be played by its tile. */
  streamOf(slot: number | undefined): MediaStream | undefined {
    return this.#media.streamOf(slot);
  }

  /** 0 to 1, at this moment: for the meter at the door. */
  readLevel(): number {
    return this.#own.muted("audio") ? 0 : (this.#meter?.read() ?? 0);
  }

  #set(part: Partial<Store["state"]>): void {
    this.store.set({ ...this.store.state, ...part });
  }

  // --- the session -------------------------------------------------------------------------------

  #happened(happening: Happening): void {
    const { session, measured } = this.store.state;
    if (!session) return;
    const next = step(session, happening, { now: performance.now(), random: Math.random() });
    const left = leftSlots(session.slots, next.session.slots);
    this.#set({
      session: next.session,
      ...(left.length > 0 && { measured: forget(measured, left, performance.now()) }),
    });
    if (left.length > 0) setTimeout(() => void this.measure(), SETTLE_MS);
    for (const effect of next.effects) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "open-socket":
        return this.#socket.open();
      case "close-socket":
        return this.#socket.close();
      case "send":
        return this.#socket.send(effect.message);
      case "retry-in":
        return void setTimeout(() => this.#happened({ type: "retry-due" }), effect.ms);
      case "repeat-in": {
        const { request } = effect;
        return void setTimeout(() => this.#happened({ type: "repeat-due", request }), effect.ms);
      }
      case "keep-resume":
        return keepResume(this.store.state.link?.room ?? "", effect.secret, this.keep);
      case "start-media":
        return this.#startMedia(effect);
      case "tell-mutes":
        return this.#tellMutes();
      case "publish":
        return this.#publish("again");
      case "restart-up":
        return this.#publish("restart");
      case "stop-media":
        return this.#stopMedia();
      case "start-sending":
        return this.#startSending();
      case "stop-sending":
        return this.#stopSending();
      case "mute-own":
        return this.#muteOwn(effect.mid);
      case "take-offer":
        return this.#guard("down", this.#media.takeOffer(effect.generation, effect.sdp));
      case "take-published":
        return this.#guard("up", this.#media.takePublished(effect.sdp));
      case "news":
        return this.store.set(tell(this.store.state, effect.news));
    }
  }

  /** A description that the browser refuses is lost media: begin anew. */
  #guard(direction: Direction, work: Promise<void>): void {
    work.catch((error: unknown) => {
      console.error("A session description was refused by the browser", error);
      this.#happened({ type: "peer-failed", direction });
    });
  }

  // --- media -------------------------------------------------------------------------------------

  #startMedia(effect: Extract<Effect, { type: "start-media" }>): void {
    this.#media.start(effect.iceServers);
    this.#set({ measured: nothingMeasured });
    this.#mayPublish = effect.publish;
    // A link of the audience, but its bearer was on the stage before the page was loaded again.
    if (effect.publish) this.#openOwn();
    this.#publish();
  }

  /**
   * Once there is something to send; a site without camera and microphone takes part by watching. `again` when the
   * server did not answer the offer that was made, `restart` when the packets need a new way.
   */
  #publish(way: "first" | "again" | "restart" = "first"): void {
    const muted = { audio: this.#own.muted("audio"), video: this.#own.muted("video") };
    const tracks = { audio: this.#trackOf("audio"), video: this.#trackOf("video") };
    const something = this.#own.get("audio").track ?? this.#own.get("video").track;
    if (way === "restart") return this.#guard("up", this.#media.restartUp(tracks, muted));
    if (!this.#mayPublish || !something) return;
    const again = way === "again";
    this.#guard("up", again ? this.#media.publishAgain(tracks, muted) : this.#media.publish(tracks, muted));
  }

  #trackOf(kind: DeviceKind): MediaStreamTrack | null {
    return this.#own.get(kind).track ?? null;
  }

  #ownChanged(kind: DeviceKind): void {
    const before = this.store.state.own[kind];
    const device = this.#own.get(kind);
    this.#set({ own: { ...this.store.state.own, [kind]: device } });
    if (before.track !== device.track && kind === "audio") this.#meterOf(device.track);
    if (before.track === device.track && before.wanted === device.wanted) return;
    const phase = this.store.state.session?.phase;
    if (phase !== "joined" && phase !== "reconnecting") return;
    // While the socket is lost, the media goes on and what is shown changes with it; the rest is said after it.
    if (this.#media.published) this.#guard("up", this.#show(kind));
    else if (phase === "joined") this.#publish();
  }

  #show(kind: DeviceKind): Promise<void> {
    return this.#media.show(kind, this.#trackOf(kind), this.#own.muted(kind));
  }

  #tellMutes(): void {
    this.#guard("up", this.#show("audio"));
    this.#guard("up", this.#show("video"));
  }

  #meterOf(track: MediaStreamTrack | undefined): void {
    this.#meter?.close();
    this.#meter = track && new LevelMeter(track);
  }

  #stopMedia(): void {
    this.#mayPublish = false;
    this.#own.release();
    this.#media.prepare();
  }

  #startSending(): void {
    this.#mayPublish = true;
    this.#openOwn();
    this.#publish();
  }

  /** What was sent is gone with its connection; the next one is ready for the next time. */
  #stopSending(): void {
    this.#mayPublish = false;
    this.#own.release();
    this.#media.renewUp(this.store.state.session?.iceServers ?? []);
  }

  #muteOwn(mid: string): void {
    const kind = this.#media.kindOf(mid);
    if (kind) void this.#own.switch(kind, false);
  }

  async #tick(): Promise<void> {
    const phase = this.store.state.session?.phase;
    const inside =
      phase === "joined" || phase === "reconnecting" || phase === "joining" || phase === "waiting";
    if (!inside) return;
    await this.measure();
    this.store.set(tick(this.store.state, performance.now()));
  }

  /** Reads the statistics now. */
  async measure(): Promise<void> {
    const { down, up } = await this.#media.reports();
    const read = (report: RTCStatsReport) => report.values() as Iterable<RtpStatistics>;
    this.#set({
      ...(down && { measured: measure(this.store.state.measured, read(down), performance.now()) }),
      sent: up && measureSent(read(up)),
    });
  }
}
