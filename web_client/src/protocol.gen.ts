/** Every message of the signaling protocol. Made by `npm run generate`, never by hand. */

export type AnyMessage =
  | Answer
  | ClientMessage
  | Closing
  | ClosingReason
  | Connection
  | ConnectionState
  | Direction
  | Done
  | Error
  | ErrorCode
  | IceServer
  | Join
  | Joined
  | Kind
  | Leave
  | LeaveReason
  | Member
  | MemberLeft
  | MemberUpdate
  | Mute
  | Offer
  | Presence
  | Profile
  | Publish
  | Published
  | Restart
  | Role
  | RoomInfo
  | RoomKind
  | ServerMessage
  | Slot
  | Slots
  | Source
  | SourceName
  | Speaker
  | Tile
  | TrackOffer
  | TrackState
  | View;
/**
 * All that a client may send.
 */
export type ClientMessage = Join | Publish | Answer | View | Restart | Mute | Leave;
/**
 * Kind of a media track. Source: W3C MediaStreamTrack.kind.
 */
export type Kind = "audio" | "video";
/**
 * What a source shows: it decides how the picture degrades (domain.md, "What to protect").
 */
export type Profile = "consult" | "screen" | "stethoscope" | "still" | "surgery" | "talk" | "ultrasound";
/**
 * Why the server ends a session; whether to come back is the client's to know from it.
 */
export type ClosingReason = "draining" | "left" | "refused" | "replaced";
/**
 * `up`: the client publishes, it offers. `down`: the client watches, the server offers.
 */
export type Direction = "down" | "up";
/**
 * The engine's view of a peer connection.
 */
export type ConnectionState = "connected" | "failed";
/**
 * What went wrong, for programs; `message` says it for people.
 */
export type ErrorCode =
  | "already-joined"
  | "forbidden"
  | "join-timeout"
  | "malformed"
  | "no-common-codec"
  | "no-connection"
  | "not-joined"
  | "resume-unknown"
  | "room-full"
  | "room-unknown"
  | "sdp-invalid"
  | "stale-answer"
  | "token-expired"
  | "token-invalid"
  | "too-large"
  | "too-many"
  | "track-unknown"
  | "unknown-message"
  | "version";
/**
 * The two shapes of a meeting.
 */
export type RoomKind = "broadcast" | "consultation";
/**
 * What a participant may do; the table of rights is in `signaling/protocol.md`.
 */
export type Role = "audience" | "chair" | "member" | "organiser" | "presenter";
/**
 * `away`: the socket is lost and may resume; media goes on.
 */
export type Presence = "away" | "here";
/**
 * Why a member is gone.
 */
export type LeaveReason = "left" | "lost";
/**
 * All that the server may send.
 */
export type ServerMessage =
  | Joined
  | Offer
  | Published
  | Slots
  | Speaker
  | MemberUpdate
  | MemberLeft
  | Connection
  | Done
  | Error
  | Closing;

/**
 * The answer to the newest `offer`.
 */
export interface Answer {
  type: "answer";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  generation: number;
  sdp: string;
}
/**
 * The first message of a socket, within 5 s and 8 KiB.
 *
 * `slots` is the number of audio and video pairs that the down connection shall have; 0 keeps the
 * one there is (a resumed socket) or has none. `resume` is the secret of an earlier join answer.
 */
export interface Join {
  type: "join";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  versions: number[];
  token: string;
  slots?: number;
  resume?: string | null;
}
/**
 * The up connection's offer. A new `ice-ufrag` in it replaces the connection, the same one renegotiates it.
 *
 * With `restart` a new `ice-ufrag` restarts ICE: the connection and its DTLS go on.
 */
export interface Publish {
  type: "publish";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  sdp: string;
  tracks: TrackOffer[];
  restart?: boolean;
}
/**
 * One m-line of a publisher's offer: which source it belongs to, and what that source is.
 */
export interface TrackOffer {
  mid: string;
  kind: Kind;
  source: string;
  label?: string;
  profile?: Profile;
  muted?: boolean;
}
/**
 * All that the client shows now, in its order. Listed sources take slots before others, whose pictures are paused.
 */
export interface View {
  type: "view";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  tiles: Tile[];
}
/**
 * How large a client shows a source, in device pixels.
 */
export interface Tile {
  participant: string;
  source: string;
  width: number;
  height: number;
  pinned?: boolean;
}
/**
 * The client's path changed: the server offers the down connection again, with new ICE credentials.
 */
export interface Restart {
  type: "restart";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  direction: "down";
}
/**
 * The publisher's own microphone or camera was switched off or on.
 */
export interface Mute {
  type: "mute";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  mid: string;
  muted: boolean;
}
/**
 * Leaves the room at once; nothing can be resumed after it.
 */
export interface Leave {
  type: "leave";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
}
/**
 * The last message of a socket.
 */
export interface Closing {
  type: "closing";
  reason: ClosingReason;
  message: string;
}
/**
 * The engine's view of one of the client's own connections changed.
 */
export interface Connection {
  type: "connection";
  direction: Direction;
  state: ConnectionState;
  reason: string;
}
/**
 * A request that has no other answer was carried out.
 */
export interface Done {
  type: "done";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  re: number;
}
/**
 * A request (`re`) or a frame that could not be read (`re` null) was refused; nothing else changed.
 */
export interface Error {
  type: "error";
  code: ErrorCode;
  message: string;
  re: number | null;
}
/**
 * As W3C RTCIceServer.
 */
export interface IceServer {
  urls: string[];
  username: string | null;
  credential: string | null;
}
/**
 * The join answer: everything a page needs to draw itself anew. `members` includes oneself, `speaker` may be oneself.
 */
export interface Joined {
  type: "joined";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  re: number;
  version: number;
  participant: string;
  resume: string;
  resumed: boolean;
  room: RoomInfo;
  members: Member[];
  iceServers: IceServer[];
  slots: number;
  speaker: SourceName | null;
}
/**
 * The room as a participant sees it.
 */
export interface RoomInfo {
  id: string;
  kind: RoomKind;
  title: string;
}
/**
 * A participant is one device of one site.
 */
export interface Member {
  participant: string;
  site: string;
  name: string;
  role: Role;
  presence: Presence;
  sources: Source[];
}
/**
 * What one tile shows: a picture, a voice, or both in lip sync.
 */
export interface Source {
  id: string;
  label: string;
  profile: Profile;
  audio: TrackState | null;
  video: TrackState | null;
}
/**
 * One published track: `live` once the engine has had media of it.
 */
export interface TrackState {
  mid: string;
  muted: boolean;
  live: boolean;
}
/**
 * Names a source in a room.
 */
export interface SourceName {
  participant: string;
  source: string;
}
/**
 * A member is gone.
 */
export interface MemberLeft {
  type: "member-left";
  participant: string;
  reason: LeaveReason;
}
/**
 * A member came or changed: its whole state.
 */
export interface MemberUpdate {
  type: "member";
  member: Member;
}
/**
 * The down connection's offer; one is outstanding at a time.
 */
export interface Offer {
  type: "offer";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  generation: number;
  sdp: string;
}
/**
 * The answer to `publish`.
 */
export interface Published {
  type: "published";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  re: number;
  sdp: string;
}
/**
 * The slots whose content changed.
 */
export interface Slots {
  type: "slots";
  slots: Slot[];
}
/**
 * What slot `index` of the down connection carries now; both fields null means empty.
 *
 * Slot i is the i-th pair of an audio and a video m-line of the offer: mids `a{i}` and `v{i}`.
 */
export interface Slot {
  index: number;
  participant: string | null;
  source: string | null;
}
/**
 * The active speaker of the room changed; both fields null: nobody speaks.
 */
export interface Speaker {
  type: "speaker";
  participant: string | null;
  source: string | null;
}
