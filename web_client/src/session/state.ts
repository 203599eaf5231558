/**
 * What a session is: everything that the server told, and where the session stands.
 *
 * machine.ts changes it, places.ts reads the tiles out of it. Nothing here is known to the page alone: after a lost
 * socket or a reload the server's join answer builds it anew.
 */
import type {
  Asked,
  Codec,
  Connection,
  Desk,
  ErrorCode,
  Hand,
  IceServer,
  LeaveReason,
  Line,
  Member,
  Question,
  Role,
  RoomInfo,
  Slot,
  SourceName,
  Tile,
  TrackOffer,
  Waiting,
  Wish,
} from "../protocol.gen.ts";
import type { Trouble } from "../media/devices.ts";
import type { ClientMessage, ServerMessage } from "../protocol.ts";

/**
 * `door`: before Join. `waiting`: known to the chair, not let in yet. `left`, `refused`, `removed` and `ended` end a
 * session; only a press begins another.
 */
export type Phase =
  "door" | "joining" | "waiting" | "joined" | "reconnecting" | "left" | "refused" | "removed" | "ended";

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

/** What a waiting site may know of the room. */
export type Anteroom = Pick<Waiting, "title" | "kind" | "chair">;

/** Who waits, which sites were invited or came, who was removed: of those who may admit; empty for others. */
export type Desks = Pick<Desk, "waiting" | "sites" | "removed">;

/** What one was asked for and has not answered. `by` is a name; empty when it was asked before a resume. */
export type Plea = Pick<Asked, "wish" | "by" | "participant">;

export interface Session {
  readonly phase: Phase;
  readonly token: string;
  /** One's own site, from the token; undefined when it cannot be read. */
  readonly site?: string | undefined;
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
  /** One's own role as the server has it; absent before it let one in. */
  readonly role?: Role | undefined;
  /** How many people sit before this device; 0 while nobody said. */
  readonly heads: number;
  /** Of the room in which one waits. */
  readonly anteroom?: Anteroom | undefined;
  readonly room?: RoomInfo | undefined;
  readonly members: readonly Member[];
  /** How many devices watch as the audience. */
  readonly audience: number;
  /** One's own hand is up. */
  readonly hand: boolean;
  /** Raised hands, the first one first. */
  readonly hands: readonly Hand[];
  readonly questions: readonly Question[];
  readonly chat: readonly Line[];
  readonly desk: Desks;
  readonly asked: readonly Plea[];
  /** Whom this page has asked onto the stage, and who has not come. */
  readonly invited: readonly Pick<Hand, "participant" | "name">[];
  /** Indexes of the slots whose picture one's own link does not carry now. */
  readonly paused: readonly number[];
  /** Codecs of the room that this browser cannot show. */
  readonly codecsMissing: readonly Codec[];
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
  readonly pending: Readonly<Record<number, Pending>>;
  /** By mid, whether the server was told that an own track is muted, and took it. */
  readonly toldMuted: Readonly<Record<string, boolean>>;
  /** The newest error of this socket: why the server closes it, if it does. */
  readonly lastError?: ErrorCode | undefined;
}

export interface Pending {
  readonly message: ClientMessage;
  /** It was refused before, as one message too many, and sent again. */
  readonly again: boolean;
}

/** A track of the own up connection, with the source that it belongs to. */
export type OwnTrack = Required<TrackOffer>;

/** Whatever a person may order of the server beside media: a request without its number. */
export type Order = {
  [T in OrderType]: Omit<Extract<ClientMessage, { type: T }>, "request">;
}[OrderType];

type OrderType = Exclude<
  ClientMessage["type"],
  "join" | "test" | "publish" | "answer" | "view" | "restart" | "mute" | "leave"
>;

export type Happening =
  | { readonly type: "join-pressed" }
  | { readonly type: "leave-pressed" }
  | { readonly type: "ordered"; readonly order: Order }
  /** The person answered, one way or the other. */
  | { readonly type: "plea-answered"; readonly wish: Wish; readonly participant: string }
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
  | { readonly type: "went"; readonly name: string; readonly reason: LeaveReason }
  | { readonly type: "back" }
  | { readonly type: "not-sent"; readonly code: ErrorCode }
  | { readonly type: "not-shared"; readonly trouble: Trouble }
  /** An order was not carried out. */
  | { readonly type: "not-done"; readonly what: ClientMessage["type"]; readonly code: ErrorCode }
  | { readonly type: "waits"; readonly name: string }
  | { readonly type: "hand-up"; readonly name: string }
  | { readonly type: "said"; readonly name: string }
  | { readonly type: "asks"; readonly name: string }
  /** Own microphone or camera was closed by another; `by` is empty when nobody told who. */
  | { readonly type: "muted-by"; readonly by: string; readonly kind: TrackOffer["kind"] }
  | { readonly type: "records"; readonly name: string; readonly recording: boolean }
  | { readonly type: "chair"; readonly name: string; readonly own: boolean }
  | { readonly type: "locked"; readonly locked: boolean }
  /** One came onto the stage, or went back to the audience. */
  | { readonly type: "staged"; readonly onStage: boolean };

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
  /** The server did not take the newest offer. */
  | { readonly type: "not-published" }
  /** The up connection needs a new way for its packets: the page offers. */
  | { readonly type: "restart-up" }
  | { readonly type: "stop-media" }
  /** Waits again after having been in the room: its media is gone with the seat. */
  | { readonly type: "fall-back" }
  /** Promoted: devices open, and what they give is published. The down connection goes on. */
  | { readonly type: "start-sending" }
  /** Sent back: devices stop, the up connection closes. The down connection goes on. */
  | { readonly type: "stop-sending" }
  /** Another closed the own track: only the person opens it again. */
  | { readonly type: "mute-own"; readonly mid: string }
  | { readonly type: "take-offer"; readonly generation: number; readonly sdp: string }
  | { readonly type: "take-published"; readonly sdp: string }
  | { readonly type: "news"; readonly news: News };

export interface Step {
  readonly session: Session;
  readonly effects: readonly Effect[];
}

/** A session at the door. `resume` is what an earlier page of this tab left. */
export function atTheDoor(token: string, slotCount: number, resume?: string, site?: string): Session {
  return {
    phase: "door",
    token,
    slotCount,
    site,
    resume,
    socketOpen: false,
    watching: false,
    sending: "nothing",
    mediaReached: false,
    mediaFailures: 0,
    moved: false,
    heads: 0,
    attempts: 0,
    nextRequest: 1,
    pending: {},
    ...noRoom,
  };
}

export const noDesk: Desks = { waiting: [], sites: [], removed: [] };

/** Nothing is known of the room. */
export const noRoom = {
  participant: undefined,
  role: undefined,
  anteroom: undefined,
  room: undefined,
  members: [],
  audience: 0,
  hand: false,
  hands: [],
  questions: [],
  chat: [],
  desk: noDesk,
  asked: [],
  invited: [],
  paused: [],
  codecsMissing: [],
  iceServers: [],
  slots: [],
  places: [],
  speaker: undefined,
  toldMuted: {},
} as const satisfies Partial<Session>;
