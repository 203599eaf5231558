/**
 * The down connection: what this site sees and hears, slot by slot.
 *
 * The server offers pairs of m-lines with mids `a{i}` and `v{i}`; each pair is one stream, so that lips and voice stay
 * together. Which source a slot carries is said by the `slots` message, not here.
 */
import type { IceServer } from "../protocol.gen.ts";
import { watchLife, type Life } from "./life.ts";
import { toRtc } from "./up.ts";

export class DownConnection {
  readonly #pc: RTCPeerConnection;
  readonly #streams = new Map<number, MediaStream>();

  readonly #unwatch: () => void;
  /** Answers are made one after another: a restart's offer may come while the one before is taken. */
  #answer: Promise<string> = Promise.resolve("");

  constructor(iceServers: readonly IceServer[], life: Life) {
    this.#pc = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers: toRtc(iceServers) });
    this.#unwatch = watchLife(this.#pc, life);
    this.#pc.ontrack = ({ transceiver, track }) => {
      const index = slotOf(transceiver.mid);
      if (index !== undefined) this.#streamAt(index).addTrack(track);
    };
  }

  /** The answer to the server's offer. */
  answer(sdp: string): Promise<string> {
    this.#answer = this.#answer.then(() => this.#make(sdp));
    return this.#answer;
  }

  async #make(sdp: string): Promise<string> {
    await this.#pc.setRemoteDescription({ type: "offer", sdp });
    await this.#pc.setLocalDescription();
    return this.#pc.localDescription?.sdp ?? "";
  }

  #streamAt(index: number): MediaStream {
    const stream = this.#streams.get(index) ?? new MediaStream();
    this.#streams.set(index, stream);
    return stream;
  }

  /** The picture and voice of a slot, the same object for as long as the connection lives. */
  streamOf(index: number): MediaStream | undefined {
    return this.#streams.get(index);
  }

  report(): Promise<RTCStatsReport> {
    return this.#pc.getStats();
  }

  close(): void {
    this.#unwatch();
    this.#pc.close();
  }
}

/** Slot index in a mid such as `a3` or `v3`. */
export function slotOf(mid: string | null | undefined): number | undefined {
  const digits = /^[av](\d+)$/.exec(mid ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}
