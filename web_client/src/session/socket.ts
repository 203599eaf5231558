/**
 * The WebSocket of a session: a thin shell that turns frames into happenings.
 *
 * One socket at a time; what an older one still says is not heard.
 */
import { parseServerMessage, type ClientMessage } from "../protocol.ts";
import type { Happening } from "./state.ts";

export interface Signaling {
  open(): void;
  send(message: ClientMessage): void;
  close(): void;
}

/**
 * A socket that is not open by then is given up, ms: a filtered port answers nothing. Longer than the 21 s that the
 * server may let one wait, or this one would begin again at the queue's end. Source: signaling/protocol.md, "Transport".
 */
const OPEN_TIMEOUT_MS = 25_000;

export class Socket implements Signaling {
  #socket: WebSocket | undefined;

  constructor(
    private readonly url: string,
    private readonly happened: (happening: Happening) => void,
  ) {}

  open(): void {
    this.close();
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    const hear = (happening: Happening) => {
      if (this.#socket === socket) this.happened(happening);
    };
    const late = setTimeout(() => socket.close(), OPEN_TIMEOUT_MS);
    socket.onopen = () => {
      clearTimeout(late);
      hear({ type: "socket-open" });
    };
    socket.onclose = () => {
      clearTimeout(late);
      hear({ type: "socket-closed" });
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      const message = typeof event.data === "string" ? parseServerMessage(event.data) : undefined;
      if (message) hear({ type: "message", message });
    };
  }

  send(message: ClientMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }
}

/** Where the signaling of this page is. */
export function signalingUrl(location: Location): string {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws`;
}
