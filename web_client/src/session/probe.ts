/**
 * The test at the door: would this link open the room, and would media get through?
 *
 * `advance` is the pure part: what the test's own socket and connection tell becomes a finding in words' reach. `Probe` is
 * the shell; it uses a socket and a connection of its own, and the session knows nothing of it.
 */
import type { ErrorCode, RoomKind } from "../protocol.gen.ts";
import { parseServerMessage, type ServerMessage } from "../protocol.ts";
import { addressIn, type MediaAddress } from "./state.ts";

/** What the server said of the room, if it came to that. */
export interface Room {
  readonly title: string;
  readonly kind: RoomKind;
}

export type Finding =
  | { readonly state: "running"; readonly room?: Room; readonly address?: MediaAddress | undefined }
  /** `rttMs` is there when the browser measured it. */
  | { readonly state: "reached"; readonly room?: Room | undefined; readonly rttMs?: number | undefined }
  /** The server answers, its media port does not. */
  | {
      readonly state: "blocked";
      readonly room?: Room | undefined;
      readonly address?: MediaAddress | undefined;
    }
  /** The link does not open the room, or not now. */
  | { readonly state: "refused"; readonly code: ErrorCode; readonly message: string }
  /** The server itself does not answer. */
  | { readonly state: "unreachable" };

export type Sign =
  | { readonly type: "message"; readonly message: ServerMessage }
  | { readonly type: "socket-closed" }
  | { readonly type: "late" };

/** The whole test, ms: the server gives the media 10 s. Source: signaling/protocol.md, `test`. */
const PATIENCE_MS = 15_000;

/** A finding that is not `running` stays. */
export function advance(finding: Finding, sign: Sign): Finding {
  if (finding.state !== "running") return finding;
  const { room, address } = finding;
  switch (sign.type) {
    case "message":
      return told(finding, sign.message);
    case "socket-closed":
      return { state: "unreachable" };
    case "late":
      return room ? { state: "blocked", room, address } : { state: "unreachable" };
  }
}

function told(finding: Extract<Finding, { state: "running" }>, message: ServerMessage): Finding {
  const { room, address } = finding;
  switch (message.type) {
    case "tested":
      return {
        state: "running",
        room: { title: message.title, kind: message.kind },
        address: addressIn(message.sdp),
      };
    case "connection":
      return message.state === "connected" ? { state: "reached", room } : { state: "blocked", room, address };
    case "error":
      return { state: "refused", code: message.code, message: message.message };
    default:
      return finding;
  }
}

/** The fields of RTCIceCandidatePairStats that are used here. */
interface PairStatistics {
  readonly type: string;
  readonly state?: string;
  readonly currentRoundTripTime?: number;
}

/** The round trip of the pair in use, ms. */
export function roundTripIn(report: Iterable<PairStatistics>): number | undefined {
  for (const { type, state, currentRoundTripTime } of report) {
    if (type !== "candidate-pair" || state !== "succeeded" || currentRoundTripTime === undefined) continue;
    return Math.round(currentRoundTripTime * 1000);
  }
  return undefined;
}

/** One test, from `run` until it has found something or was stopped. */
export class Probe {
  #finding: Finding = { state: "running" };
  readonly #pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly found: (finding: Finding) => void,
  ) {}

  async run(): Promise<void> {
    this.found(this.#finding);
    this.#timer = setTimeout(() => void this.#heard({ type: "late" }), PATIENCE_MS);
    // Without a track: nothing is sent on it, the camera need not be allowed.
    this.#pc.addTransceiver("audio", { direction: "sendonly" });
    await this.#pc.setLocalDescription();
    this.#open(this.#pc.localDescription?.sdp ?? "");
  }

  #open(sdp: string): void {
    if (this.#finding.state !== "running") return;
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onopen = () => {
      socket.send(JSON.stringify({ type: "test", request: 1, token: this.token, sdp }));
    };
    socket.onclose = () => void this.#heard({ type: "socket-closed" });
    socket.onmessage = (event: MessageEvent<unknown>) => {
      const message = typeof event.data === "string" ? parseServerMessage(event.data) : undefined;
      if (message) void this.#heard({ type: "message", message });
    };
  }

  async #heard(sign: Sign): Promise<void> {
    const before = this.#finding;
    this.#finding = advance(before, sign);
    if (this.#finding === before) return;
    if (sign.type === "message" && sign.message.type === "tested") await this.#answered(sign.message.sdp);
    if (this.#finding.state === "reached") await this.#measure();
    this.found(this.#finding);
    if (this.#finding.state !== "running") this.stop();
  }

  async #answered(sdp: string): Promise<void> {
    await this.#pc.setRemoteDescription({ type: "answer", sdp }).catch((error: unknown) => {
      console.error("The test's description was refused by the browser", error);
    });
  }

  async #measure(): Promise<void> {
    const report = await this.#pc.getStats();
    const rttMs = roundTripIn(report.values() as Iterable<PairStatistics>);
    if (this.#finding.state === "reached" && rttMs !== undefined) this.#finding = { ...this.#finding, rttMs };
  }

  stop(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) socket.onclose = socket.onmessage = null;
    socket?.close();
    this.#pc.close();
  }
}
