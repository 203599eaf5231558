/**
 * What a session is: everything that the server told, and where the session stands.
 *
 * machine.ts changes it, places.ts reads the tiles out of it. Nothing here is known to the page alone: after a lost
 * socket or a reload the server's join answer builds it anew.
 */
import type {
  Connection,
  ErrorCode,
  IceServer,
  Member,
  RoomInfo,
  Slot,
  SourceName,
  Tile,
} from "../protocol.gen.ts";
import type { ClientMessage, ServerMessage } from "../protocol.ts";

/** `door`: before Join. `refused` and `left` end a session; only a press begins another. */
export type Phase = "door" | "joining" | "joined" | "reconnecting" | "left" | "refused";

export interface Refusal {
  readonly code: ErrorCode | "no-token" | "replaced" | "refused";
  /** The server's own words, for the support desk. */
  readonly message: string;
}

export type Direction = Connection["direction"];

export interface MediaAddress {
  readonly host: string;
  readonly port: number;
}

/** Where the server's first UDP candidate is. Source: RFC 8839 §5.1. */
export function addressIn(sdp: string): MediaAddress | undefined {
  const found = /^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) /im.exec(sdp);
  return found?.[1] ? { host: found[1], port: Number(found[2]) } : undefined;
}

export interface MediaTrouble {
  readonly direction: Direction;
  /** False: its packets never reached the server, so something between holds them back. */
  readonly reached: boolean;
  /** The server's own words, for the support desk; empty when the browser gave up first. */
  readonly reason: string;
}

export interface Session {
  readonly phase: Phase;
  readonly token: string;
  /** Audio and video pairs of the down connection. */
  readonly slotCount: number;
  readonly socketOpen: boolean;
  /** The server has the answer of the down connection and nothing ended it, so a resumed socket keeps the media. */
  readonly watching: boolean;
  /** How far publishing came: `asked` until the server answered. */
  readonly sending: "nothing" | "asked" | "answered";
  /** Where the media goes, from the server's offer. */
  readonly mediaAddress?: MediaAddress | undefined;
  /** The media of now has reached the server. */
  readonly mediaReached: boolean;
  /** How often the media failed since it last got through, and why it did last; absent while it gets through. */
  readonly mediaFailures: number;
  readonly mediaTrouble?: MediaTrouble | undefined;
  readonly resume?: string | undefined;
  readonly participant?: string | undefined;
  readonly room?: RoomInfo | undefined;
  readonly members: readonly Member[];
  readonly iceServers: readonly IceServer[];
  /** What each slot carries, by its index. */
  readonly slots: readonly Slot[];
  /** Who speaks; absent while nobody does. */
  readonly speaker?: SourceName | undefined;
  /** What the page shows; absent before it showed anything. */
  readonly tiles?: readonly Tile[] | undefined;
  /** The network came back while the socket was lost: the packets need a new way, too. */
  readonly moved: boolean;
  /** Keys of the tiles in the order of their places. */
  readonly places: readonly string[];
  /** When the socket was lost, ms on the caller's clock. */
  readonly lostAt?: number | undefined;
  /** Tries to reach the server since it was last reached. */
  readonly attempts: number;
  readonly refusal?: Refusal | undefined;
  readonly nextRequest: number;
  /** Requests without a reply so far, or that wait to be sent again. */
  readonly pending: Readonly<Record<number, Asked>>;
  /** The newest error of this socket: why the server closes it, if it does. */
  readonly lastError?: ErrorCode | undefined;
}

export interface Asked {
  readonly message: ClientMessage;
  /** It was refused before, as one message too many, and sent again. */
  readonly again: boolean;
}

/** A track of the own up connection as the session needs it. */
export interface OwnTrack {
  readonly mid: string;
  readonly kind: "audio" | "video";
  readonly muted: boolean;
}

export type Happening =
  | { readonly type: "join-pressed" }
  | { readonly type: "leave-pressed" }
  | { readonly type: "socket-open" }
  | { readonly type: "socket-closed" }
  | { readonly type: "message"; readonly message: ServerMessage }
  | { readonly type: "retry-due" }
  | { readonly type: "network-back" }
  | { readonly type: "repeat-due"; readonly request: number }
  /** No packet comes for some seconds; the browser has not given up. */
  | { readonly type: "peer-wavers"; readonly direction: Direction }
  | { readonly type: "peer-failed"; readonly direction: Direction }
  | {
      readonly type: "offer-made";
      readonly sdp: string;
      readonly tracks: readonly OwnTrack[];
      /** The offer restarts ICE. */
      readonly restart: boolean;
    }
  | { readonly type: "shown"; readonly tiles: readonly Tile[] }
  | { readonly type: "answer-made"; readonly generation: number; readonly sdp: string }
  | { readonly type: "muted"; readonly mid: string; readonly muted: boolean };

/** What is to be told to people, beside the state. */
export type News =
  | { readonly type: "came"; readonly name: string }
  | { readonly type: "went"; readonly name: string; readonly lost: boolean }
  | { readonly type: "back" }
  | { readonly type: "not-sent"; readonly code: ErrorCode };

export type Effect =
  | { readonly type: "open-socket" }
  | { readonly type: "close-socket" }
  | { readonly type: "send"; readonly message: ClientMessage }
  | { readonly type: "retry-in"; readonly ms: number }
  | { readonly type: "repeat-in"; readonly ms: number; readonly request: number }
  | { readonly type: "keep-resume"; readonly secret: string | undefined }
  /** New peer connections: the server knows nothing of the old ones. */
  | { readonly type: "start-media"; readonly iceServers: readonly IceServer[]; readonly publish: boolean }
  /** The media goes on; the server may have missed which tracks are muted. */
  | { readonly type: "tell-mutes" }
  /** The media goes on; the server knows of nothing that this site sends. */
  | { readonly type: "publish" }
  /** The up connection needs a new way for its packets: the page offers. */
  | { readonly type: "restart-up" }
  | { readonly type: "stop-media" }
  | { readonly type: "take-offer"; readonly generation: number; readonly sdp: string }
  | { readonly type: "take-published"; readonly sdp: string }
  | { readonly type: "news"; readonly news: News };

export interface Step {
  readonly session: Session;
  readonly effects: readonly Effect[];
}

/** A session at the door. `resume` is what an earlier page of this tab left. */
export function atTheDoor(token: string, slotCount: number, resume?: string): Session {
  return {
    phase: "door",
    token,
    slotCount,
    resume,
    socketOpen: false,
    watching: false,
    sending: "nothing",
    mediaReached: false,
    mediaFailures: 0,
    moved: false,
    members: [],
    iceServers: [],
    slots: [],
    places: [],
    attempts: 0,
    nextRequest: 1,
    pending: {},
  };
}
