/**
 * What this site sends beside its camera and microphone: a second camera, its screen, a device of its own for sound.
 *
 * Sources come and go while the meeting goes on. A camera that is off has its device stopped, so that its light goes
 * out; a screen that is shared no more is gone.
 */
import type { Profile } from "../protocol.gen.ts";
import { openOne, openScreen, type DeviceKind, type Trouble } from "./devices.ts";
import type { Feed, Line } from "./feeds.ts";

export type ExtraKind = "camera" | "screen" | "sound";

export interface Extra {
  readonly id: string;
  readonly what: ExtraKind;
  readonly label: string;
  readonly profile: Profile;
  /** The device that was chosen; absent for a screen, or while the browser chooses. */
  readonly device?: string | undefined;
  readonly wanted: boolean;
  readonly opening: boolean;
  readonly video?: MediaStreamTrack | undefined;
  readonly audio?: MediaStreamTrack | undefined;
  readonly trouble?: Trouble | undefined;
}

export type Description = Pick<Extra, "label" | "profile">;

/** As many as the server takes tracks for, beside camera and microphone. Source: signaling/protocol.md, `publish.tracks`. */
export const MOST_EXTRAS = 6;

export class Extras {
  #all: readonly Extra[] = [];
  /** Counts how often all was released: what the browser gives for a question from before is stopped. */
  #generation = 0;
  /** Counts requests for devices, and which one is the newest of a source: what an older one gives is stopped. */
  #asked = 0;
  readonly #newest = new Map<string, number>();
  /** The browser asks which screen. */
  #asking = false;

  constructor(private readonly changed: () => void) {}

  get all(): readonly Extra[] {
    return this.#all;
  }

  async addCamera(device: string | undefined, about: Description): Promise<void> {
    await this.#addDevice("camera", device, about);
  }

  /** A microphone of its own, such as a stethoscope's. */
  async addSound(device: string | undefined, about: Description): Promise<void> {
    await this.#addDevice("sound", device, about);
  }

  async #addDevice(what: "camera" | "sound", device: string | undefined, about: Description): Promise<void> {
    if (this.#all.length >= MOST_EXTRAS) return;
    const extra = { id: this.#freeId(what), what, ...about, device, wanted: true, opening: false };
    this.#set([...this.#all, extra]);
    await this.#open(extra.id);
  }

  /** The browser asks which screen; without one nothing is added. Gives what went wrong, if something did. */
  async shareScreen(): Promise<Trouble | undefined> {
    if (this.#asking || !this.#hasRoomForScreen()) return undefined;
    const generation = this.#generation;
    this.#asking = true;
    const got = await openScreen();
    this.#asking = false;
    if ("trouble" in got) return got.trouble;
    if (generation !== this.#generation || !this.#hasRoomForScreen()) {
      got.video.stop();
      got.audio?.stop();
      return undefined;
    }
    const id = this.#freeId("screen");
    got.video.onended = () => this.remove(id);
    const about = { what: "screen", label: "", profile: "screen", wanted: true, opening: false } as const;
    this.#set([...this.#all, { id, ...about, video: got.video, audio: got.audio }]);
    return undefined;
  }

  #hasRoomForScreen(): boolean {
    return !this.#all.some((extra) => extra.what === "screen") && this.#all.length < MOST_EXTRAS;
  }

  remove(id: string): void {
    const extra = this.#find(id);
    if (!extra) return;
    halt(extra);
    this.#set(this.#all.filter((other) => other.id !== id));
  }

  /** Another device for the same source. */
  async choose(id: string, device: string): Promise<void> {
    const extra = this.#find(id);
    if (!extra || extra.device === device) return;
    halt(extra);
    this.#newest.delete(id);
    this.#change(id, { device, opening: false, video: undefined, audio: undefined, trouble: undefined });
    if (extra.wanted) await this.#open(id);
  }

  describe(id: string, about: Description): void {
    this.#change(id, about);
  }

  /** Off stops the device; a screen is not switched off, but taken away. */
  async switch(id: string, on: boolean): Promise<void> {
    const extra = this.#find(id);
    if (!extra || extra.what === "screen") return;
    this.#change(id, { wanted: on, trouble: undefined });
    if (on) return this.#open(id);
    halt(extra);
    this.#change(id, { video: undefined, audio: undefined });
  }

  /** Another closed it: a screen goes, a screen's sound is left out, a device is off. */
  close(id: string, kind: DeviceKind): void {
    const extra = this.#find(id);
    if (extra?.what !== "screen") return void this.switch(id, false);
    if (kind === "video") return this.remove(id);
    extra.audio?.stop();
    this.#change(id, { audio: undefined });
  }

  /** All gone: nobody is in the room any more. */
  release(): void {
    this.#generation += 1;
    for (const extra of this.#all) halt(extra);
    this.#set([]);
  }

  async #open(id: string): Promise<void> {
    const extra = this.#find(id);
    if (!extra || extra.opening || extra.video || extra.audio) return;
    const asked = ++this.#asked;
    this.#newest.set(id, asked);
    this.#change(id, { opening: true });
    const kind = extra.what === "sound" ? "audio" : "video";
    const got = await openOne(kind, extra.device, extra.profile);
    if (asked !== this.#newest.get(id)) {
      if ("track" in got) got.track.stop();
      return;
    }
    const now = this.#find(id);
    if (!now?.wanted) {
      if ("track" in got) got.track.stop();
      return this.#change(id, { opening: false });
    }
    if ("trouble" in got) return this.#change(id, { opening: false, trouble: got.trouble });
    const { track } = got;
    track.onended = () => this.#ended(id, track);
    this.#change(id, {
      opening: false,
      trouble: undefined,
      [kind]: track,
      device: track.getSettings().deviceId ?? extra.device,
    });
  }

  /** The cable was pulled: the source stays, and says so. */
  #ended(id: string, track: MediaStreamTrack): void {
    const extra = this.#find(id);
    if (extra?.video !== track && extra?.audio !== track) return;
    this.#change(id, { video: undefined, audio: undefined, trouble: "absent" });
  }

  #find(id: string): Extra | undefined {
    return this.#all.find((extra) => extra.id === id);
  }

  #freeId(what: ExtraKind): string {
    const taken = (id: string) => this.#all.some((extra) => extra.id === id);
    if (what === "screen") return "screen";
    for (let number = 2; ; number += 1) if (!taken(`${what}-${number}`)) return `${what}-${number}`;
  }

  #change(id: string, part: Partial<Extra>): void {
    this.#set(this.#all.map((extra) => (extra.id === id ? { ...extra, ...part } : extra)));
  }

  #set(all: readonly Extra[]): void {
    this.#all = all;
    this.changed();
  }
}

function halt({ video, audio }: Extra): void {
  for (const track of [video, audio]) {
    if (!track) continue;
    track.onended = null;
    track.stop();
  }
}

/** What of an extra source is sent: a screen without sound has no line for it. */
export function feedOf({ id, what, label, profile, video, audio, wanted }: Extra): Feed {
  const line = (track: MediaStreamTrack | undefined): Line => ({
    track: track ?? null,
    muted: !wanted || track === undefined,
  });
  const lines = {
    ...(what !== "sound" && { video: line(video) }),
    ...((what === "sound" || audio) && { audio: line(audio) }),
  };
  return { source: id, label, profile, lines };
}
