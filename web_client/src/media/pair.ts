/**
 * The two peer connections of a session, up and down, and their lives.
 *
 * `prepare` is for the door: keys and the own offer are ready when Join is pressed. Descriptions come and go by the
 * happenings of the session; this module holds no state of the room. Offers up are made one at a time: what changes
 * meanwhile is in the next one.
 */
import type { IceServer } from "../protocol.gen.ts";
import type { Direction, Happening } from "../session/state.ts";
import { DownConnection } from "./down.ts";
import type { DeviceKind } from "./devices.ts";
import { KINDS, laneKey, offerOf, type Feed } from "./feeds.ts";
import type { Life } from "./life.ts";
import { UpConnection } from "./up.ts";

export class MediaPair {
  #up: UpConnection | undefined;
  #down: DownConnection | undefined;
  #used = false;
  #feeds: readonly Feed[] = [];
  /** What was told by the newest offer; absent before publishing has begun. */
  #offered: string | undefined;
  /** The newest offer has no answer yet: the next one waits for it. */
  #outstanding = false;
  /** Sources that the server has taken. */
  #taken: readonly string[] = [];
  /** By lane, whether the server was told that it is muted. */
  readonly #told = new Map<string, boolean>();
  /** Work on the up connection is done one after another. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(private readonly happened: (happening: Happening) => void) {}

  get published(): boolean {
    return this.#offered !== undefined;
  }

  get taken(): readonly string[] {
    return this.#taken;
  }

  prepare(iceServers: readonly IceServer[] = []): void {
    this.stop();
    this.#up = new UpConnection(iceServers, this.#life("up"));
    this.#down = new DownConnection(iceServers, this.#life("down"));
  }

  /** Nothing goes up any more, and may again by a new connection; the one down goes on. */
  renewUp(iceServers: readonly IceServer[]): void {
    this.#stopUp();
    this.#up = new UpConnection(iceServers, this.#life("up"));
  }

  #life(direction: Direction): Life {
    return {
      wavers: () => this.happened({ type: "peer-wavers", direction }),
      failed: () => this.happened({ type: "peer-failed", direction }),
    };
  }

  /** Takes the prepared connections, or new ones where there are none or they know other servers. */
  start(iceServers: readonly IceServer[]): void {
    if (this.#used || !this.#up || iceServers.length > 0) this.prepare(iceServers);
    this.#used = true;
  }

  // --- up ----------------------------------------------------------------------------------------

  /** What is sent changed: tracks and mutes are so at once, sources by an offer, once the one before is answered. */
  carry(feeds: readonly Feed[]): Promise<void> {
    this.#feeds = feeds;
    return this.#onUp(async (up) => {
      await up.carry(this.#feeds);
      this.#tellMutes(up, "changed");
      if (!this.#outstanding && offerOf(this.#feeds) !== this.#offered) await this.#offer(up);
    });
  }

  /** The offer may not have reached the server: it is made again. */
  offerAgain(feeds: readonly Feed[]): Promise<void> {
    this.#forgetOffer();
    return this.carry(feeds);
  }

  /** What is sent gets a new way, by a new offer. */
  restartUp(feeds: readonly Feed[]): Promise<void> {
    this.#up?.restart();
    return this.offerAgain(feeds);
  }

  #forgetOffer(): void {
    this.#outstanding = false;
    this.#offered = undefined;
  }

  async #offer(up: UpConnection): Promise<void> {
    this.#outstanding = true;
    this.#offered = offerOf(this.#feeds);
    const offered = await up.offer();
    if (up !== this.#up) return;
    this.#told.clear();
    for (const { source, kind, muted } of offered.tracks) this.#told.set(laneKey(source, kind), muted);
    this.happened({ type: "offer-made", ...offered });
  }

  takePublished(sdp: string): Promise<void> {
    return this.#onUp(async (up) => {
      await up.accept(sdp);
      this.#outstanding = false;
      this.#taken = this.#feeds.map((feed) => feed.source);
      if (offerOf(this.#feeds) !== this.#offered) await this.#offer(up);
    });
  }

  /** The server did not take the newest offer; the next change is offered again. */
  notPublished(): void {
    this.#outstanding = false;
  }

  /** The server may have missed what is muted. */
  tellMutes(): Promise<void> {
    return this.#onUp((up) => Promise.resolve(this.#tellMutes(up, "all")));
  }

  #tellMutes(up: UpConnection, which: "all" | "changed"): void {
    for (const { source, lines } of this.#feeds) {
      for (const kind of KINDS) {
        const [key, muted] = [laneKey(source, kind), lines[kind]?.muted];
        const told = this.#told.get(key);
        if (muted === undefined || told === undefined || (which === "changed" && told === muted)) continue;
        this.#told.set(key, muted);
        this.happened({ type: "muted", mid: up.midOf(source, kind), muted });
      }
    }
  }

  /** Which own line a mid of the up connection is. */
  lineOf(mid: string): { readonly source: string; readonly kind: DeviceKind } | undefined {
    return this.#up?.lineOf(mid);
  }

  /** Works on the up connection after what was begun before; means nothing once that was replaced. */
  #onUp(work: (up: UpConnection) => Promise<void>): Promise<void> {
    const up = this.#up;
    const done = this.#work.then(async () => {
      if (up && up === this.#up) await this.#ofNow(work(up));
    });
    this.#work = done.catch(() => undefined);
    return done;
  }

  // --- down --------------------------------------------------------------------------------------

  async takeOffer(generation: number, sdp: string): Promise<void> {
    const answer = this.#down && (await this.#ofNow(this.#down.answer(sdp)));
    if (answer) this.happened({ type: "answer-made", generation, sdp: answer });
  }

  streamOf(slot: number | undefined): MediaStream | undefined {
    return slot === undefined ? undefined : this.#down?.streamOf(slot);
  }

  // --- both --------------------------------------------------------------------------------------

  /** What `work` gives, or how it fails, unless its connections were replaced meanwhile: then it means nothing. */
  async #ofNow<T>(work: Promise<T>): Promise<T | undefined> {
    const [up, down] = [this.#up, this.#down];
    const isNow = () => up === this.#up && down === this.#down;
    try {
      const result = await work;
      return isNow() ? result : undefined;
    } catch (error) {
      if (isNow()) throw error;
      return undefined;
    }
  }

  /** Statistics of what comes and of what goes. */
  async reports(): Promise<{ down: RTCStatsReport | undefined; up: RTCStatsReport | undefined }> {
    const read = await this.#ofNow(Promise.all([this.#down?.report(), this.#up?.report()]));
    return { down: read?.[0], up: read?.[1] };
  }

  stop(): void {
    this.#stopUp();
    this.#down?.close();
    this.#down = undefined;
    this.#used = false;
  }

  #stopUp(): void {
    this.#up?.close();
    this.#up = undefined;
    this.#forgetOffer();
    this.#feeds = [];
    this.#taken = [];
    this.#told.clear();
  }
}
