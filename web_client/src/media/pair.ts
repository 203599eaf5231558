/**
 * The two peer connections of a session, up and down, and their lives.
 *
 * `prepare` is for the door: keys and the own offer are ready when Join is pressed. Descriptions come and go by the
 * happenings of the session; this module holds no state of the room.
 */
import type { IceServer } from "../protocol.gen.ts";
import type { Direction, Happening } from "../session/state.ts";
import { DownConnection } from "./down.ts";
import type { DeviceKind } from "./devices.ts";
import type { Life } from "./life.ts";
import { UpConnection } from "./up.ts";

export type Muted = Readonly<Record<DeviceKind, boolean>>;
export type Tracks = Readonly<Record<DeviceKind, MediaStreamTrack | null>>;

export class MediaPair {
  #up: UpConnection | undefined;
  #down: DownConnection | undefined;
  #used = false;
  /** Set once publishing has begun; done when the offer is on its way. */
  #publishing: Promise<void> | undefined;

  constructor(private readonly happened: (happening: Happening) => void) {}

  get published(): boolean {
    return this.#publishing !== undefined;
  }

  prepare(iceServers: readonly IceServer[] = []): void {
    this.stop();
    this.#up = new UpConnection(iceServers, this.#life("up"));
    this.#down = new DownConnection(iceServers, this.#life("down"));
  }

  /** Nothing goes up any more, and may again by a new connection; the one down goes on. */
  renewUp(iceServers: readonly IceServer[]): void {
    this.#up?.close();
    this.#publishing = undefined;
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

  async publish(tracks: Tracks, muted: Muted): Promise<void> {
    this.#publishing ??= this.#publish(tracks, muted);
    return this.#publishing;
  }

  /** The offer may not have reached the server: it is made again, the same one. */
  async publishAgain(tracks: Tracks, muted: Muted): Promise<void> {
    this.#publishing = undefined;
    return this.publish(tracks, muted);
  }

  /** What is sent gets a new way, by a new offer. */
  async restartUp(tracks: Tracks, muted: Muted): Promise<void> {
    this.#up?.restart();
    return this.publishAgain(tracks, muted);
  }

  async #publish(tracks: Tracks, muted: Muted): Promise<void> {
    const up = this.#up;
    if (!up) return;
    const made = Promise.all([
      up.offer(muted),
      up.replace("audio", tracks.audio),
      up.replace("video", tracks.video),
    ]);
    const offered = await this.#ofNow(made);
    if (offered) this.happened({ type: "offer-made", ...offered[0] });
  }

  async takePublished(sdp: string): Promise<void> {
    if (this.#up) await this.#ofNow(this.#up.accept(sdp));
  }

  async takeOffer(generation: number, sdp: string): Promise<void> {
    const answer = this.#down && (await this.#ofNow(this.#down.answer(sdp)));
    if (answer) this.happened({ type: "answer-made", generation, sdp: answer });
  }

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

  /** The track of a kind changed or was muted: sends it, and says so. */
  async show(kind: DeviceKind, track: MediaStreamTrack | null, muted: boolean): Promise<void> {
    await this.#publishing;
    const up = this.#up;
    if (!up) return;
    await this.#ofNow(up.replace(kind, track));
    if (up === this.#up) this.happened({ type: "muted", mid: up.midOf(kind), muted });
  }

  kindOf(mid: string): DeviceKind | undefined {
    return this.#up?.kindOf(mid);
  }

  streamOf(slot: number | undefined): MediaStream | undefined {
    return slot === undefined ? undefined : this.#down?.streamOf(slot);
  }

  /** Statistics of what comes and of what goes. */
  async reports(): Promise<{ down: RTCStatsReport | undefined; up: RTCStatsReport | undefined }> {
    const read = await this.#ofNow(Promise.all([this.#down?.report(), this.#up?.report()]));
    return { down: read?.[0], up: read?.[1] };
  }

  stop(): void {
    this.#up?.close();
    this.#down?.close();
    this.#up = this.#down = undefined;
    this.#used = false;
    this.#publishing = undefined;
  }
}
