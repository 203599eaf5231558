/**
 * The up connection: what this site sends.
 *
 * It is made and offered before Join is pressed, so that the press costs no key and no description. The camera's two
 * m-lines are always there, so a camera that comes later needs no negotiation: its track takes the waiting sender. Other
 * sources bring m-lines of their own, and take them along when they go.
 */
import type { IceServer } from "../protocol.gen.ts";
import type { OwnTrack } from "../session/state.ts";
import type { DeviceKind } from "./devices.ts";
import { KINDS, laneKey, MAIN, type Feed, type Line } from "./feeds.ts";
import { hintOf, layersOf, PROFILE, scalabilityOf, type Profile, type Size } from "./ladder.ts";
import { watchLife, type Life } from "./life.ts";

/** What the rids are offered for, before there is a camera: the picture that is asked of one. */
const EXPECTED: Size = { width: 1280, height: 720 };

const nothing: Line = { track: null, muted: true };
const CAMERA: Feed = { source: MAIN, label: "", profile: PROFILE, lines: { audio: nothing, video: nothing } };

export interface Offered {
  readonly sdp: string;
  readonly tracks: readonly OwnTrack[];
  readonly restart: boolean;
}

interface Lane {
  readonly source: string;
  readonly kind: DeviceKind;
  readonly transceiver: RTCRtpTransceiver;
  track: MediaStreamTrack | null;
  profile: Profile;
}

export class UpConnection {
  readonly #pc: RTCPeerConnection;
  readonly #unwatch: () => void;
  readonly #lanes = new Map<string, Lane>();
  #feeds: readonly Feed[] = [CAMERA];
  /** The newest description, until lanes come or go. */
  #prepared: Promise<string> | undefined;
  /** Its newest offer restarts ICE. */
  #restarts = false;

  constructor(iceServers: readonly IceServer[], life: Life) {
    this.#pc = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers: toRtc(iceServers) });
    this.#unwatch = watchLife(this.#pc, life);
    this.#lay();
    this.#prepared = this.#prepare();
  }

  async #prepare(): Promise<string> {
    const offer = await this.#pc.createOffer();
    await this.#pc.setLocalDescription(offer);
    return this.#pc.localDescription?.sdp ?? "";
  }

  /** Sends what `feeds` say from now on; what is new among them is sent once it was offered. */
  async carry(feeds: readonly Feed[]): Promise<void> {
    this.#feeds = feeds;
    this.#lay();
    const sent = feeds.flatMap((feed) =>
      KINDS.flatMap((kind) => {
        const line = feed.lines[kind];
        return line ? [this.#send(feed, kind, line.track)] : [];
      }),
    );
    await Promise.all(sent);
  }

  /** Lanes come and go as lines do. */
  #lay(): void {
    const wanted = new Set<string>();
    for (const { source, profile, lines } of this.#feeds) {
      for (const kind of KINDS) {
        const line = lines[kind];
        if (!line) continue;
        const key = laneKey(source, kind);
        wanted.add(key);
        if (!this.#lanes.has(key)) this.#add(key, { source, kind, profile, track: null }, line.track);
      }
    }
    for (const [key, lane] of this.#lanes) if (!wanted.has(key)) this.#drop(key, lane);
  }

  #add(key: string, lane: Omit<Lane, "transceiver">, track: MediaStreamTrack | null): void {
    const transceiver = this.#transceiver(lane.kind, lane.profile, track ? sizeOf(track) : EXPECTED);
    this.#lanes.set(key, { ...lane, transceiver });
    this.#prepared = undefined;
  }

  #transceiver(kind: DeviceKind, profile: Profile, size: Size): RTCRtpTransceiver {
    if (kind === "audio") return this.#pc.addTransceiver("audio", { direction: "sendonly" });
    const sendEncodings = layersOf(size, profile).map((layer) => ({
      ...layer,
      scalabilityMode: scalabilityOf(profile),
    }));
    const transceiver = this.#pc.addTransceiver("video", { direction: "sendonly", sendEncodings });
    preferVp8(transceiver);
    return transceiver;
  }

  #drop(key: string, { transceiver }: Lane): void {
    this.#lanes.delete(key);
    transceiver.stop();
    this.#prepared = undefined;
  }

  /** The layers are set by the track's size and what it is for; null sends nothing. */
  async #send({ source, profile }: Feed, kind: DeviceKind, track: MediaStreamTrack | null): Promise<void> {
    const lane = this.#lanes.get(laneKey(source, kind));
    if (!lane || (lane.track === track && lane.profile === profile)) return;
    const { sender } = lane.transceiver;
    if (kind === "video" && track) {
      track.contentHint = hintOf(profile);
      await setLayers(sender, sizeOf(track), profile);
    }
    if (lane.track !== track) await sender.replaceTrack(track);
    lane.track = track;
    lane.profile = profile;
  }

  /** The offer, with what is muted now. The server is reached without our candidates: it answers where we call from. */
  async offer(): Promise<Offered> {
    this.#prepared ??= this.#prepare();
    const sdp = await this.#prepared;
    const tracks = this.#feeds.flatMap((feed) =>
      KINDS.flatMap((kind) => {
        const line = feed.lines[kind];
        if (!line) return [];
        const { source, label, profile } = feed;
        return [{ mid: this.midOf(source, kind), kind, source, label, profile, muted: line.muted }];
      }),
    );
    return { sdp, tracks, restart: this.#restarts };
  }

  /** From the next offer on the packets look for a new way. */
  restart(): void {
    this.#pc.restartIce();
    this.#restarts = true;
    this.#prepared = undefined;
  }

  async accept(sdp: string): Promise<void> {
    await this.#pc.setRemoteDescription({ type: "answer", sdp });
    this.#restarts = false;
    // What is offered next is made of what is then.
    this.#prepared = undefined;
  }

  midOf(source: string, kind: DeviceKind): string {
    return this.#lanes.get(laneKey(source, kind))?.transceiver.mid ?? "";
  }

  lineOf(mid: string): Pick<Lane, "source" | "kind"> | undefined {
    return [...this.#lanes.values()].find(({ transceiver }) => transceiver.mid === mid);
  }

  report(): Promise<RTCStatsReport> {
    return this.#pc.getStats();
  }

  close(): void {
    this.#unwatch();
    this.#pc.close();
  }
}

function sizeOf(track: MediaStreamTrack): Size {
  const { width = 0, height = 0 } = track.getSettings();
  return { width, height };
}

/** Rids are fixed once offered: what changes is which of them are sent, how large, and at what rate. */
async function setLayers(sender: RTCRtpSender, size: Size, profile: Profile): Promise<void> {
  const layers = layersOf(size, profile);
  const scalabilityMode = scalabilityOf(profile);
  const parameters = sender.getParameters();
  parameters.encodings = parameters.encodings.map((encoding, index) => ({
    ...encoding,
    ...layers[index],
    scalabilityMode,
  }));
  // A browser that refuses sends in the layers that it has: better than no picture.
  await sender
    .setParameters(parameters)
    .catch((error: unknown) => console.warn("Layers stay as they are", error));
}

/** VP8 and its repair first; the rest stays offered after it. */
function preferVp8(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  const rank = ({ mimeType }: { mimeType: string }) =>
    mimeType === "video/VP8" ? 0 : mimeType === "video/rtx" ? 1 : 2;
  transceiver.setCodecPreferences(codecs.toSorted((a, b) => rank(a) - rank(b)));
}

/** The protocol's null is the browser's absent. */
export function toRtc(servers: readonly IceServer[]): RTCIceServer[] {
  return servers.map(({ urls, username, credential }) => ({
    urls: [...urls],
    ...(username != null && { username }),
    ...(credential != null && { credential }),
  }));
}
