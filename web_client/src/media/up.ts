/**
 * The up connection: what this site sends.
 *
 * It is made and offered before Join is pressed, so that the press costs no key and no description. Both m-lines are
 * always there, so a camera that comes later needs no negotiation: its track takes the waiting sender.
 */
import type { IceServer } from "../protocol.gen.ts";
import type { OwnTrack } from "../session/state.ts";
import type { DeviceKind } from "./devices.ts";

/** Highest rate of the picture, bit/s: a 720p30 talk of good quality in VP8. */
const MAX_VIDEO_BPS = 1_200_000;

const KINDS: readonly DeviceKind[] = ["audio", "video"];

export interface Offered {
  readonly sdp: string;
  readonly tracks: readonly OwnTrack[];
}

export class UpConnection {
  readonly #pc: RTCPeerConnection;
  readonly #senders: Record<DeviceKind, RTCRtpTransceiver>;
  readonly #prepared: Promise<string>;

  constructor(iceServers: readonly IceServer[], failed: () => void) {
    this.#pc = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers: toRtc(iceServers) });
    this.#pc.onconnectionstatechange = () => {
      if (this.#pc.connectionState === "failed") failed();
    };
    this.#senders = {
      audio: this.#pc.addTransceiver("audio", { direction: "sendonly" }),
      video: this.#pc.addTransceiver("video", {
        direction: "sendonly",
        sendEncodings: [{ maxBitrate: MAX_VIDEO_BPS }],
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
    const tracks = KINDS.map((kind) => ({ mid: this.midOf(kind), kind, muted: muted[kind] }));
    return { sdp, tracks };
  }

  async accept(sdp: string): Promise<void> {
    await this.#pc.setRemoteDescription({ type: "answer", sdp });
  }

  midOf(kind: DeviceKind): string {
    return this.#senders[kind].mid ?? "";
  }

  /** Sends `track` from now on; null sends nothing. */
  async replace(kind: DeviceKind, track: MediaStreamTrack | null): Promise<void> {
    await this.#senders[kind].sender.replaceTrack(track);
  }

  report(): Promise<RTCStatsReport> {
    return this.#pc.getStats();
  }

  close(): void {
    this.#pc.onconnectionstatechange = null;
    this.#pc.close();
  }
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
