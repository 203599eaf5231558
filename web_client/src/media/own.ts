/**
 * The own camera and microphone: which are wanted, which are there, and what is wrong with the others.
 *
 * A camera that is off has its device stopped, so that its light goes out. A microphone that is off stays open and
 * silent, so that it is back with the press.
 */
import {
  choices,
  openBoth,
  openOne,
  type Choice,
  type DeviceKind,
  type Got,
  type Trouble,
} from "./devices.ts";
import type { Description } from "./extras.ts";
import type { Line } from "./feeds.ts";
import { PROFILE } from "./ladder.ts";

export interface OwnDevice {
  /** What the person chose; kept over a reload, so that nobody is heard again by surprise. */
  readonly wanted: boolean;
  readonly track?: MediaStreamTrack | undefined;
  readonly trouble?: Trouble | undefined;
  readonly choices: readonly Choice[];
  /** The device in use. */
  readonly id?: string | undefined;
  readonly opening: boolean;
}

const KINDS: readonly DeviceKind[] = ["audio", "video"];
const offKey = (kind: DeviceKind) => `telepresence.off.${kind}`;

const profileKey = "telepresence.profile";
const labelKey = "telepresence.label";

export class OwnMedia {
  #about: Description = { label: "", profile: PROFILE };
  #devices: Record<DeviceKind, OwnDevice>;
  /** Number of the last request for each kind: what an older one gives is stopped, else its light stays on. */
  readonly #asked: Record<DeviceKind, number> = { audio: 0, video: 0 };

  constructor(
    private readonly keep: Storage,
    private readonly changed: (kind: DeviceKind) => void,
  ) {
    this.#devices = { audio: this.#fresh("audio"), video: this.#fresh("video") };
    // Absent on a page without a secure context.
    (navigator.mediaDevices as MediaDevices | undefined)?.addEventListener(
      "devicechange",
      () => void this.#list(),
    );
  }

  #fresh(kind: DeviceKind): OwnDevice {
    return { wanted: this.keep.getItem(offKey(kind)) === null, choices: [], opening: false };
  }

  /** What the camera is called and for; kept over a reload. */
  get about(): Description {
    return this.#about;
  }

  /** What the link says, unless the person said otherwise before. */
  begin(about: Partial<Description>): void {
    this.#about = {
      label: this.keep.getItem(labelKey) ?? about.label ?? "",
      profile: (this.keep.getItem(profileKey) as Description["profile"] | null) ?? about.profile ?? PROFILE,
    };
  }

  async describe(about: Description): Promise<void> {
    const heardOtherwise = (about.profile === "stethoscope") !== (this.#about.profile === "stethoscope");
    this.#about = about;
    this.keep.setItem(labelKey, about.label);
    this.keep.setItem(profileKey, about.profile);
    this.changed("video");
    if (!heardOtherwise || !this.#devices.audio.track) return;
    this.#stop("audio");
    await this.#reopen("audio");
  }

  get(kind: DeviceKind): OwnDevice {
    return this.#devices[kind];
  }

  /** True when nothing of it is to be seen or heard by the others. */
  muted(kind: DeviceKind): boolean {
    const { wanted, track } = this.#devices[kind];
    return !wanted || track === undefined;
  }

  lineOf(kind: DeviceKind): Line {
    return { track: this.#devices[kind].track ?? null, muted: this.muted(kind) };
  }

  /** Asks for what is wanted. Both at once, so that the browser asks the person once. */
  async open(): Promise<void> {
    const wanted = KINDS.filter((kind) => {
      const { wanted, track, opening } = this.#devices[kind];
      return wanted && !track && !opening;
    });
    if (wanted.length === 2) {
      const asked = { video: this.#ask("video"), audio: this.#ask("audio") };
      const got = await openBoth(this.#devices.video.id, this.#devices.audio.id, this.#about.profile);
      for (const kind of KINDS) this.#take(kind, got[kind], asked[kind]);
      await this.#list();
    } else {
      for (const kind of wanted) await this.#reopen(kind);
    }
  }

  async switch(kind: DeviceKind, on: boolean): Promise<void> {
    if (on) this.keep.removeItem(offKey(kind));
    else this.keep.setItem(offKey(kind), "1");
    const { track } = this.#devices[kind];
    if (track && kind === "audio") track.enabled = on;
    if (track && kind === "video" && !on) this.#stop(kind);
    this.#set(kind, { wanted: on, ...(!on && { trouble: undefined }) });
    if (on && !this.#devices[kind].track) await this.#reopen(kind);
  }

  async choose(kind: DeviceKind, id: string): Promise<void> {
    this.#stop(kind);
    this.#set(kind, { id });
    if (this.#devices[kind].wanted) await this.#reopen(kind);
  }

  /** What could not be had is off: the person went on without it. */
  doWithout(): void {
    for (const kind of KINDS) if (this.#devices[kind].trouble) void this.switch(kind, false);
  }

  /** Everything off: nobody is in the room any more. */
  release(): void {
    for (const kind of KINDS) {
      this.#stop(kind);
      this.#asked[kind] += 1;
      this.#set(kind, { opening: false });
    }
  }

  async #reopen(kind: DeviceKind): Promise<void> {
    const asked = this.#ask(kind);
    this.#take(kind, await openOne(kind, this.#devices[kind].id, this.#about.profile), asked);
    await this.#list();
  }

  #ask(kind: DeviceKind): number {
    this.#set(kind, { opening: true });
    return ++this.#asked[kind];
  }

  #take(kind: DeviceKind, got: Got, asked: number): void {
    if (asked !== this.#asked[kind]) {
      if ("track" in got) got.track.stop();
      return;
    }
    if ("trouble" in got) {
      this.#set(kind, { opening: false, trouble: got.trouble });
      return;
    }
    const { track } = got;
    if (!this.#devices[kind].wanted && kind === "video") {
      track.stop();
      this.#set(kind, { opening: false });
      return;
    }
    this.#stop(kind);
    track.enabled = this.#devices[kind].wanted;
    track.onended = () => this.#ended(kind, track);
    this.#set(kind, { opening: false, track, trouble: undefined, id: track.getSettings().deviceId });
  }

  /** The cable was pulled, or the permission taken back. */
  #ended(kind: DeviceKind, track: MediaStreamTrack): void {
    if (this.#devices[kind].track === track) this.#set(kind, { track: undefined, trouble: "absent" });
  }

  #stop(kind: DeviceKind): void {
    const { track } = this.#devices[kind];
    if (!track) return;
    track.onended = null;
    track.stop();
    this.#devices = { ...this.#devices, [kind]: { ...this.#devices[kind], track: undefined } };
  }

  async #list(): Promise<void> {
    for (const kind of KINDS) this.#set(kind, { choices: await choices(kind) });
  }

  #set(kind: DeviceKind, part: Partial<OwnDevice>): void {
    this.#devices = { ...this.#devices, [kind]: { ...this.#devices[kind], ...part } };
    this.changed(kind);
  }
}
