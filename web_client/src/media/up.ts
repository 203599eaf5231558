/**
 * The up connection: what this site sends.
 *
 * It is made and offered before Join is pressed, so that the press costs no key and no description. Both m-lines are
 * always there, so a camera that comes later needs no negotiation: its track takes the waiting sender.
 */
import type { IceServer } from "../protocol.gen.ts";
import type { OwnTrack } from "../session/state.ts";
import type { DeviceKind } from "./devices.ts";
import { layersOf, PROFILE, scalabilityOf, type Size } from "./ladder.ts";
import { watchLife, type Life } from "./life.ts";

/** What the rids are offered for, before there is a camera: the picture that is asked of one. */
const EXPECTED: Size = { width: 1280, height: 720 };

const KINDS: readonly DeviceKind[] = ["audio", "video"];

export interface Offered {
  readonly sdp: string;
  readonly tracks: readonly OwnTrack[];
  readonly restart: boolean;
}

export class UpConnection {
  readonly #pc: RTCPeerConnection;
  readonly #senders: Record<DeviceKind, RTCRtpTransceiver>;
  readonly #unwatch: () => void;
  #prepared: Promise<string>;
  /** Its newest offer restarts ICE. */
  #restarts = false;

  constructor(iceServers: readonly IceServer[], life: Life) {
    this.#pc = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers: toRtc(iceServers) });
    this.#unwatch = watchLife(this.#pc, life);
    this.#senders = {
      audio: this.#pc.addTransceiver("audio", { direction: "sendonly" }),
      video: this.#pc.addTransceiver("video", {
        direction: "sendonly",
        sendEncodings: layersOf(EXPECTED).map((layer) => ({
          ...layer,
          scalabilityMode: scalabilityOf(PROFILE),
        })),
      }),
    };
    preferVp8(this.#senders.video);
    this.#prepared = this.#prepare();
  }

  async #prepare(): Promise<string> {
    const offer = await this.#pc.createOffer();
    await this.#pc.setLocalDescription(offer);
    return this.#pc.localDescription?.sdp ?? "";
  }

  /** The offer, with what is muted now. The server is reached without our candidates: it answers where we call from. */
  async offer(muted: Readonly<Record<DeviceKind, boolean>>): Promise<Offered> {
    const sdp = await this.#prepared;
    const tracks = KINDS.map((kind) => ({
      mid: this.midOf(kind),
      kind,
      source: "camera",
      label: "",
      profile: PROFILE,
      muted: muted[kind],
    }));
    return { sdp, tracks, restart: this.#restarts };
  }

  /** From the next offer on the packets look for a new way. */
  restart(): void {
    this.#pc.restartIce();
    this.#restarts = true;
    this.#prepared = this.#prepare();
  }

  async accept(sdp: string): Promise<void> {
    await this.#pc.setRemoteDescription({ type: "answer", sdp });
  }

  midOf(kind: DeviceKind): string {
    return this.#senders[kind].mid ?? "";
  }

  kindOf(mid: string): DeviceKind | undefined {
    return KINDS.find((kind) => this.midOf(kind) === mid);
  }

  /** Sends `track` from now on, in the layers that its size allows; null sends nothing. */
  async replace(kind: DeviceKind, track: MediaStreamTrack | null): Promise<void> {
    const { sender } = this.#senders[kind];
    if (kind === "video" && track) await setLayers(sender, track);
    await sender.replaceTrack(track);
  }

  report(): Promise<RTCStatsReport> {
    return this.#pc.getStats();
  }

  close(): void {
    this.#unwatch();
    this.#pc.close();
  }
}

/** Rids are fixed once offered: what changes is which of them are sent, how large, and at what rate. */
async function setLayers(sender: RTCRtpSender, track: MediaStreamTrack): Promise<void> {
  const { width = 0, height = 0 } = track.getSettings();
  const layers = layersOf({ width, height });
  const parameters = sender.getParameters();
  parameters.encodings = parameters.encodings.map((encoding, index) => ({ ...encoding, ...layers[index] }));
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
