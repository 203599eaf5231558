/**
 * The shell around the session: performs its effects on socket, media and storage, and feeds back what happens.
 *
 * Before it are presses, frames and tracks; after it, `store.state`, which the components draw.
 */
import { keepResume, resumeOf, type Keep, type Link } from "../link.ts";
import { markJoinPressed } from "../marks.ts";
import { speakers, type DeviceKind } from "../media/devices.ts";
import type { Description } from "../media/extras.ts";
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
import { Probe } from "../session/probe.ts";
import { signalingUrl, type Signaling } from "../session/socket.ts";
import { leftSlots } from "../session/places.ts";
import {
  atTheDoor,
  type Direction,
  type Effect,
  type Happening,
  type News,
  type Order,
  type Phase,
  type Plea,
} from "../session/state.ts";
import { Orders } from "./orders.ts";
import { opened } from "./panels.ts";
import { Sending } from "./sending.ts";
import { Store, tell, tick, watchesOnly, type Panel, type Sound } from "./store.ts";

/** How often statistics are read and seconds counted, ms. */
const TICK_MS = 500;

/** A small screen gets fewer slots. Source: design.md, invariant 7. */
const slotCount = () => (Math.min(screen.width, screen.height) < 600 ? 6 : 12);

/** Kept beyond the tab: a room's loudspeaker stays where it is. */
const SPEAKER_KEY = "telepresence.speaker";

export type Connect = (happened: (happening: Happening) => void) => Signaling;

export class Controller extends Orders {
  readonly store = new Store();
  readonly #media = new MediaPair((happening) => this.#happened(happening));
  readonly #sending: Sending;
  readonly #socket: Signaling;
  /** The key is held by which one talks. */
  #talks = false;
  #probe: Probe | undefined;

  constructor(
    connect: Connect,
    private readonly keep: Storage & Keep,
    private readonly url = signalingUrl(location),
  ) {
    super();
    this.#socket = connect((happening) => this.#happened(happening));
    this.#sending = new Sending(keep, this.#media, {
      state: () => this.store.state,
      set: (part) => this.#set(part),
      guard: (work) => this.#guard("up", work),
    });
    for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, () => this.#sending.wake());
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
    this.#sending.begin({
      ...(link.label !== undefined && { label: link.label }),
      ...(link.profile !== undefined && { profile: link.profile }),
    });
    this.#openOwn();
    void this.#listSpeakers();
    if (resume !== undefined) this.join();
    else this.test();
  }

  /** Tries the link and the network, beside everything else. */
  test(): void {
    const token = this.store.state.link?.token;
    this.#probe?.stop();
    if (token === undefined) return;
    const probe = new Probe(this.url, token, (finding) => {
      if (this.#probe === probe) this.#set({ finding });
    });
    this.#probe = probe;
    void probe.run();
  }

  join(): void {
    markJoinPressed();
    this.#probe?.stop();
    this.#probe = undefined;
    this.#sending.doWithout();
    this.#openOwn();
    this.#happened({ type: "join-pressed" });
  }

  #openOwn(): void {
    if (!this.#watchesOnly) this.#sending.open();
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
    void this.#sending.switch(wish === "microphone" ? "audio" : "video", true);
  }

  leave(): void {
    this.#happened({ type: "leave-pressed" });
  }

  // --- own sources -------------------------------------------------------------------------------

  async toggle(kind: DeviceKind): Promise<void> {
    if (!this.#watchesOnly) await this.#sending.toggle(kind);
  }

  /** Talks while a key is held: a microphone that was off is on until it is let go. */
  async talk(held: boolean): Promise<void> {
    if (this.#watchesOnly || held === this.#talks || (held && !this.#sending.muted("audio"))) return;
    this.#talks = held;
    await this.#sending.switch("audio", held);
  }

  /** Asks again for a device that could not be had. */
  async retry(kind: DeviceKind): Promise<void> {
    await this.#sending.switch(kind, true);
  }

  /** Goes on without what could not be had. */
  doWithout(): void {
    this.#sending.doWithout();
  }

  async choose(kind: DeviceKind, id: string): Promise<void> {
    await this.#sending.choose(kind, id);
  }

  /** What a source is called and for: `camera` is the first one. */
  async describe(source: string, about: Description): Promise<void> {
    await this.#sending.describe(source, about);
  }

  async addCamera(device: string | undefined, about: Description): Promise<void> {
    if (!this.#watchesOnly) await this.#sending.addCamera(device, about);
  }

  async addSound(device: string | undefined, about: Description): Promise<void> {
    if (!this.#watchesOnly) await this.#sending.addSound(device, about);
  }

  async chooseFor(source: string, device: string): Promise<void> {
    await this.#sending.chooseFor(source, device);
  }

  async shareScreen(): Promise<void> {
    const trouble = this.#watchesOnly ? undefined : await this.#sending.shareScreen();
    // Nothing chosen in the browser's own question is no trouble.
    if (trouble && trouble !== "denied") this.#tell({ type: "not-shared", trouble });
  }

  async toggleScreen(): Promise<void> {
    const screen = this.store.state.extras.find((extra) => extra.what === "screen");
    if (screen) this.removeSource(screen.id);
    else await this.shareScreen();
  }

  removeSource(source: string): void {
    this.#sending.removeSource(source);
  }

  async switchSource(source: string, on: boolean): Promise<void> {
    await this.#sending.switchSource(source, on);
  }

  /** The own picture of a source. */
  ownStream(source: string): MediaStream | undefined {
    return this.#sending.streamOf(source);
  }

  /** 0 to 1, at this moment: for the meter at the door. */
  readLevel(): number {
    return this.#sending.readLevel();
  }

  // --- what is shown -----------------------------------------------------------------------------

  /** What is on the screen now. */
  show(tiles: readonly Tile[]): void {
    this.#happened({ type: "shown", tiles });
  }

  setSound(sound: Sound): void {
    this.#set({ sound });
  }

  // --- the page's own ----------------------------------------------------------------------------

  /** Opens a panel, or closes it where it is open; undefined closes whatever is. */
  setPanel(panel: Panel | undefined): void {
    this.store.set(opened(this.store.state, panel));
  }

  async #listSpeakers(): Promise<void> {
    this.#set({ speakers: await speakers(), speaker: localStorage.getItem(SPEAKER_KEY) ?? "" });
  }

  setSpeaker(speaker: string): void {
    localStorage.setItem(SPEAKER_KEY, speaker);
    this.#set({ speaker });
  }

  dismissNews(): void {
    this.#set({ told: [] });
  }

  /** The picture and voice of a slot, to be played by its tile. */
  streamOf(slot: number | undefined): MediaStream | undefined {
    return this.#media.streamOf(slot);
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
    this.#attend(session.phase, next.session.phase);
    for (const effect of next.effects) this.#perform(effect);
  }

  /** One's own attendance, to be kept at the end. */
  #attend(before: Phase, now: Phase): void {
    if (before === now) return;
    const { attended } = this.store.state;
    if (now === "joined" && (!attended || attended.to !== undefined)) {
      this.#set({ attended: { from: Date.now() }, panel: undefined });
    } else if (attended?.to === undefined && attended && now !== "joined" && now !== "reconnecting") {
      this.#set({ attended: { ...attended, to: Date.now() }, panel: undefined });
    }
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
        return this.#sending.tellMutes();
      case "publish":
        return this.#sending.publishAgain();
      case "not-published":
        return this.#sending.notPublished();
      case "restart-up":
        return this.#sending.restart();
      case "stop-media":
        return this.#sending.stop();
      case "fall-back":
        return this.#sending.fallBack(this.#watchesOnly);
      case "start-sending":
        return this.#sending.start(true);
      case "stop-sending":
        return this.#sending.stopSending(this.store.state.session?.iceServers ?? []);
      case "mute-own":
        return this.#sending.muteOwn(effect.mid);
      case "take-offer":
        return this.#guard("down", this.#media.takeOffer(effect.generation, effect.sdp));
      case "take-published":
        return this.#guard("up", this.#media.takePublished(effect.sdp));
      case "news":
        return this.#tell(effect.news);
    }
  }

  #tell(news: News): void {
    this.store.set(tell(this.store.state, news));
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
    this.#sending.start(effect.publish);
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
