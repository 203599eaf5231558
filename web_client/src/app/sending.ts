/**
 * What this site sends: its devices, the sources beside them, and the up connection that carries all.
 *
 * controller.ts comes before it with presses and the session's effects; after it, media/pair.ts.
 */
import type { DeviceKind, Trouble } from "../media/devices.ts";
import { Extras, feedOf, type Description } from "../media/extras.ts";
import { MAIN, type Feed } from "../media/feeds.ts";
import { LevelMeter } from "../media/level.ts";
import { OwnMedia } from "../media/own.ts";
import type { MediaPair } from "../media/pair.ts";
import type { IceServer } from "../protocol.gen.ts";
import type { Phase } from "../session/state.ts";
import type { AppState } from "./store.ts";

export interface Around {
  state(): AppState;
  set(part: Partial<AppState>): void;
  /** Work on the up connection that may fail. */
  guard(work: Promise<void>): void;
}

/** The media of these goes on or begins. */
const INSIDE: readonly (Phase | undefined)[] = ["joined", "reconnecting"];

export class Sending {
  readonly #own: OwnMedia;
  readonly #extras = new Extras(() => this.#extrasChanged());
  readonly #streams = new Map<MediaStreamTrack, MediaStream>();
  #meter: LevelMeter | undefined;
  #mayPublish = false;

  constructor(
    keep: Storage,
    private readonly media: MediaPair,
    private readonly around: Around,
  ) {
    this.#own = new OwnMedia(keep, (kind) => this.#ownChanged(kind));
  }

  // --- the person --------------------------------------------------------------------------------

  begin(about: Partial<Description>): void {
    this.#own.begin(about);
    this.around.set({ about: this.#own.about });
  }

  open(): void {
    void this.#own.open();
  }

  doWithout(): void {
    this.#own.doWithout();
  }

  async switch(kind: DeviceKind, on: boolean): Promise<void> {
    await this.#own.switch(kind, on);
  }

  async toggle(kind: DeviceKind): Promise<void> {
    await this.#own.switch(kind, this.#own.muted(kind));
  }

  muted(kind: DeviceKind): boolean {
    return this.#own.muted(kind);
  }

  async choose(kind: DeviceKind, id: string): Promise<void> {
    await this.#own.choose(kind, id);
  }

  /** What a source is called and for. */
  async describe(source: string, about: Description): Promise<void> {
    if (source === MAIN) await this.#own.describe(about);
    else this.#extras.describe(source, about);
  }

  async addCamera(device: string | undefined, about: Description): Promise<void> {
    await this.#extras.addCamera(device, about);
  }

  async addSound(device: string | undefined, about: Description): Promise<void> {
    await this.#extras.addSound(device, about);
  }

  shareScreen(): Promise<Trouble | undefined> {
    return this.#extras.shareScreen();
  }

  async chooseFor(source: string, device: string): Promise<void> {
    await this.#extras.choose(source, device);
  }

  removeSource(source: string): void {
    this.#extras.remove(source);
  }

  async switchSource(source: string, on: boolean): Promise<void> {
    await this.#extras.switch(source, on);
  }

  // --- the session -------------------------------------------------------------------------------

  /** The connections are new. */
  start(publish: boolean): void {
    this.#mayPublish = publish;
    // Who lost its seat on the stage has no button to switch anything off.
    if (!publish) return this.#release();
    // A link of the audience, but its bearer was on the stage before the page was loaded again.
    this.open();
    this.publish();
  }

  /** Once there is something to send; a site without camera and microphone takes part by watching. */
  publish(): void {
    if (!this.#mayPublish || !this.#hasSomething()) return;
    this.around.guard(this.media.carry(this.#feeds()));
  }

  /** The server did not answer the offer that was made. */
  publishAgain(): void {
    if (!this.#mayPublish || !this.#hasSomething()) return;
    this.around.guard(this.media.offerAgain(this.#feeds()));
  }

  /** The packets need a new way. */
  restart(): void {
    this.around.guard(this.media.restartUp(this.#feeds()));
  }

  tellMutes(): void {
    this.around.guard(this.media.tellMutes());
  }

  /** The server did not take the newest offer: what was new in it is given up. */
  notPublished(): void {
    this.media.notPublished();
    const { taken } = this.media;
    for (const { id } of this.#extras.all) if (!taken.includes(id)) this.#extras.remove(id);
  }

  /** Another closed an own track: its device stops, and only the person opens it again. */
  muteOwn(mid: string): void {
    const line = this.media.lineOf(mid);
    if (!line) return;
    if (line.source === MAIN) void this.#own.switch(line.kind, false);
    else this.#extras.close(line.source, line.kind);
  }

  /** Everything off: nobody is in the room any more. */
  stop(): void {
    this.#mayPublish = false;
    this.#release();
    this.media.prepare();
  }

  /** From the room back to the waiting room, which has buttons for camera and microphone of those who send, for nothing else. */
  fallBack(watchesOnly: boolean): void {
    this.#mayPublish = false;
    if (watchesOnly) this.#own.release();
    this.#extras.release();
    this.media.prepare();
  }

  /** Back in the audience: what was sent is gone with its connection, the next one is ready for the next time. */
  stopSending(iceServers: readonly IceServer[]): void {
    this.#mayPublish = false;
    this.#release();
    this.media.renewUp(iceServers);
  }

  #release(): void {
    this.#own.release();
    this.#extras.release();
  }

  // --- what is sent ------------------------------------------------------------------------------

  #feeds(): Feed[] {
    const lines = { audio: this.#own.lineOf("audio"), video: this.#own.lineOf("video") };
    return [{ source: MAIN, ...this.#own.about, lines }, ...this.#extras.all.map(feedOf)];
  }

  #hasSomething(): boolean {
    const { audio, video } = this.around.state().own;
    return audio.track !== undefined || video.track !== undefined || this.#extras.all.length > 0;
  }

  #ownChanged(kind: DeviceKind): void {
    const { own, about } = this.around.state();
    const [before, device] = [own[kind], this.#own.get(kind)];
    const isSame = before.track === device.track && before.wanted === device.wanted;
    const isCalledSame = about === this.#own.about;
    this.around.set({ own: { ...own, [kind]: device }, about: this.#own.about });
    if (before.track !== device.track && kind === "audio") this.#meterOf(device.track);
    if (!isSame || !isCalledSame) this.#changed();
  }

  #extrasChanged(): void {
    this.around.set({ extras: this.#extras.all });
    this.#changed();
  }

  /** While the socket is lost, the media goes on and what is shown changes with it; the rest is said after it. */
  #changed(): void {
    const phase = this.around.state().session?.phase;
    if (!INSIDE.includes(phase) || !this.#mayPublish) return;
    if (this.media.published || phase === "joined") this.publish();
  }

  // --- what of it is shown here ------------------------------------------------------------------

  /** The own picture of a source, the same object for as long as its track lives. */
  streamOf(source: string): MediaStream | undefined {
    const track = this.#pictureOf(source);
    if (!track) return undefined;
    const known = this.#streams.get(track);
    if (known) return known;
    for (const old of this.#streams.keys()) if (old.readyState === "ended") this.#streams.delete(old);
    const stream = new MediaStream([track]);
    this.#streams.set(track, stream);
    return stream;
  }

  #pictureOf(source: string): MediaStreamTrack | undefined {
    if (source === MAIN) return this.#own.get("video").track;
    return this.#extras.all.find((extra) => extra.id === source)?.video;
  }

  /** 0 to 1, at this moment: for the meter at the door. */
  readLevel(): number {
    return this.#own.muted("audio") ? 0 : (this.#meter?.read() ?? 0);
  }

  /** After a gesture: before the first one a browser may keep the meter still. */
  wake(): void {
    this.#meter?.wake();
  }

  #meterOf(track: MediaStreamTrack | undefined): void {
    this.#meter?.close();
    this.#meter = track && new LevelMeter(track);
  }
}
