/** Every message of the signaling protocol. Made by `npm run generate`, never by hand. */

export type AnyMessage =
  | Admit
  | Answer
  | Ask
  | AskChair
  | AskFor
  | Asked
  | AskedNoMore
  | Audience
  | Chat
  | ClientMessage
  | Closing
  | ClosingReason
  | Codec
  | CodecMissing
  | Connection
  | ConnectionState
  | Consent
  | Demote
  | Desk
  | Direction
  | Done
  | End
  | Error
  | ErrorCode
  | Hand
  | HandOn
  | Hands
  | IceServer
  | InvitedSite
  | Join
  | Joined
  | Kind
  | Leave
  | LeaveReason
  | Line
  | Lock
  | LowerHand
  | Member
  | MemberLeft
  | MemberUpdate
  | Mute
  | MuteOther
  | Muted
  | Offer
  | OwnRole
  | Paused
  | Presence
  | Profile
  | Promote
  | Publish
  | Published
  | Question
  | QuestionState
  | QuestionUpdate
  | RaiseHand
  | Reach
  | Readmit
  | Record
  | Remove
  | RemovedSite
  | Restart
  | Role
  | RoomInfo
  | RoomKind
  | RoomUpdate
  | Say
  | ServerMessage
  | SetQuestion
  | Slot
  | Slots
  | Source
  | SourceName
  | Speaker
  | Spotlight
  | StateHeads
  | StepDown
  | Test
  | Tested
  | Tile
  | TrackOffer
  | TrackState
  | View
  | Waiting
  | WaitingSite
  | Wish;
/**
 * What a participant may be asked for; nobody else switches it on.
 */
export type Wish = "camera" | "chair" | "microphone" | "stage";
/**
 * All that a client may send.
 */
export type ClientMessage =
  | Join
  | Test
  | Publish
  | Answer
  | View
  | Restart
  | Mute
  | Leave
  | StateHeads
  | Record
  | Say
  | RaiseHand
  | LowerHand
  | Ask
  | SetQuestion
  | Admit
  | Remove
  | Readmit
  | Lock
  | MuteOther
  | AskFor
  | Spotlight
  | HandOn
  | Promote
  | Demote
  | Consent
  | StepDown
  | AskChair
  | End;
/**
 * Kind of a media track. Source: W3C MediaStreamTrack.kind.
 */
export type Kind = "audio" | "video";
/**
 * What a source shows: it decides how the picture degrades (domain.md, "What to protect").
 */
export type Profile = "consult" | "screen" | "stethoscope" | "still" | "surgery" | "talk" | "ultrasound";
/**
 * `answering`: it is being answered now, every screen shows it.
 */
export type QuestionState = "answered" | "answering" | "dismissed" | "open";
/**
 * Why the server ends a session; whether to come back is the client's to know from it.
 */
export type ClosingReason = "draining" | "ended" | "left" | "refused" | "removed" | "replaced" | "tested";
/**
 * A codec of a room's set, which is fixed when the room is made.
 */
export type Codec = "h264" | "opus" | "vp8";
/**
 * `up`: the client publishes, it offers. `down`: the client watches, the server offers.
 */
export type Direction = "down" | "up";
/**
 * The engine's view of a peer connection.
 */
export type ConnectionState = "connected" | "failed";
/**
 * What a participant may do; the table of rights is in `signaling/protocol.md`.
 *
 * A token names one; the server may give its bearer another one for the time of the meeting (the chair handed on, a
 * promotion to the stage), and messages name that one.
 */
export type Role =
  | "admin"
  | "audience"
  | "chair"
  | "encoder"
  | "guest"
  | "member"
  | "moderator"
  | "organiser"
  | "presenter"
  | "recorder";
/**
 * Whether a site has tried the media port, and with what success; `connected`: it is in the room.
 */
export type Reach = "connected" | "failed" | "passed" | "untested";
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
  | "not-admitted"
  | "not-asked"
  | "not-joined"
  | "not-kept"
  | "participant-unknown"
  | "question-unknown"
  | "removed"
  | "resume-unknown"
  | "room-ended"
  | "room-full"
  | "room-locked"
  | "room-unknown"
  | "sdp-invalid"
  | "server-full"
  | "stale-answer"
  | "token-expired"
  | "token-invalid"
  | "token-revoked"
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
 * `away`: the socket is lost and may resume; media goes on.
 */
export type Presence = "away" | "here";
/**
 * Why a member is gone.
 */
export type LeaveReason = "demoted" | "left" | "lost" | "removed";
/**
 * All that the server may send.
 */
export type ServerMessage =
  | Joined
  | Waiting
  | Tested
  | Offer
  | Published
  | Slots
  | Speaker
  | MemberUpdate
  | MemberLeft
  | Connection
  | RoomUpdate
  | OwnRole
  | Audience
  | Desk
  | Hands
  | QuestionUpdate
  | Chat
  | Asked
  | AskedNoMore
  | Muted
  | Paused
  | CodecMissing
  | Done
  | Error
  | Closing;

/**
 * Lets those in that wait.
 */
export interface Admit {
  type: "admit";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  participants: string[];
}
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
 * A question to the stage, in writing.
 */
export interface Ask {
  type: "ask";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  text: string;
}
/**
 * Asks the chair for the chair: of a site whose token is the chair's, on another device.
 */
export interface AskChair {
  type: "ask-chair";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
}
/**
 * Asks a participant to open its microphone or camera.
 */
export interface AskFor {
  type: "ask-for";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  participant: string;
  wish: "camera" | "microphone";
}
/**
 * Somebody asks for something: `by` is a name. Of a chair: participant `participant` asks for the chair.
 */
export interface Asked {
  type: "asked";
  wish: Wish;
  by: string;
  participant: string;
}
/**
 * What was asked for is taken back, or has passed: nobody waits for an answer.
 */
export interface AskedNoMore {
  type: "asked-no-more";
  wish: Wish;
}
/**
 * How many devices are in the audience; told at most every two seconds.
 */
export interface Audience {
  type: "audience";
  count: number;
}
/**
 * Somebody said something in writing.
 */
export interface Chat {
  type: "chat";
  line: Line;
}
/**
 * A line of chat.
 */
export interface Line {
  id: string;
  site: string;
  name: string;
  text: string;
  at: number;
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
  heads?: number;
}
/**
 * Instead of `join`: tries whether media would flow. `sdp` offers one m-line of audio; nothing is sent on it.
 */
export interface Test {
  type: "test";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  token: string;
  sdp: string;
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
 * How many people sit before this device; attendance counts them.
 */
export interface StateHeads {
  type: "heads";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  heads: number;
}
/**
 * The client records, or has stopped; everybody sees it.
 */
export interface Record {
  type: "record";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  recording: boolean;
}
/**
 * A line of chat.
 */
export interface Say {
  type: "say";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  text: string;
}
/**
 * Raises one's hand, or lowers it.
 */
export interface RaiseHand {
  type: "raise-hand";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  raised: boolean;
}
/**
 * Lowers another's hand.
 */
export interface LowerHand {
  type: "lower-hand";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  participant: string;
}
/**
 * What becomes of a question; `answer` is text for all, or empty.
 */
export interface SetQuestion {
  type: "set-question";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  question: string;
  state: QuestionState;
  answer?: string;
}
/**
 * Sends a site away, with all its devices, waiting or not; its link opens no door until `readmit`.
 */
export interface Remove {
  type: "remove";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  participant: string;
}
/**
 * A removed site may knock again.
 */
export interface Readmit {
  type: "readmit";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  site: string;
}
/**
 * Nobody new gets in, or again they do.
 */
export interface Lock {
  type: "lock";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  locked: boolean;
}
/**
 * Closes another's microphone or camera; only its owner opens it again.
 *
 * An encoder has no page to open it by: `muted: false` forwards its track again.
 */
export interface MuteOther {
  type: "mute-other";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  participant: string;
  mid: string;
  muted?: boolean;
}
/**
 * Shows a source large to all; null ends it.
 */
export interface Spotlight {
  type: "spotlight";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  source: SourceName | null;
}
/**
 * Names a source in a room.
 */
export interface SourceName {
  participant: string;
  source: string;
}
/**
 * Hands the chair to another participant.
 */
export interface HandOn {
  type: "hand-on";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  participant: string;
}
/**
 * Asks one of the audience onto the stage; it gets `asked` and says `consent`.
 */
export interface Promote {
  type: "promote";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  participant: string;
}
/**
 * Sends one that was promoted back to the audience.
 */
export interface Demote {
  type: "demote";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  participant: string;
}
/**
 * The answer to `asked` for the stage.
 */
export interface Consent {
  type: "consent";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
  wish: "stage";
  accepted: boolean;
}
/**
 * One that was promoted goes back to the audience by itself.
 */
export interface StepDown {
  type: "step-down";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  request: number;
}
/**
 * Ends the meeting for all.
 */
export interface End {
  type: "end";
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
 * This client can't decode a codec of the room: pictures sent in it will not be seen.
 */
export interface CodecMissing {
  type: "codec-missing";
  codec: Codec;
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
 * For those who may admit: who waits, which sites were invited or came, who was removed. The whole state.
 */
export interface Desk {
  type: "desk";
  waiting: WaitingSite[];
  sites: InvitedSite[];
  removed: RemovedSite[];
}
/**
 * A device that waits to be admitted.
 */
export interface WaitingSite {
  participant: string;
  site: string;
  name: string;
  since: number;
}
/**
 * A site that was invited, or came, and whether media reaches it.
 */
export interface InvitedSite {
  site: string;
  name: string;
  role: Role;
  reach: Reach;
}
/**
 * A site that was removed and stays out until it is readmitted.
 */
export interface RemovedSite {
  site: string;
  name: string;
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
 * A raised hand.
 */
export interface Hand {
  participant: string;
  site: string;
  name: string;
  at: number;
}
/**
 * Raised hands, the first one first; to the stage, and to all of a consultation.
 */
export interface Hands {
  type: "hands";
  hands: Hand[];
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
 * The join answer: everything a page needs to draw itself anew. `speaker` may be oneself.
 *
 * `members` are those who may be seen and heard, oneself too unless in the audience. `role` is one's own, `hand` whether one's own hand is raised.
 * `waiting`, `sites`, `removed` are empty but for those who may admit; `hands` and all `questions` are for the stage, the audience
 * gets its own questions and those that are answered.
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
  role: Role;
  room: RoomInfo;
  members: Member[];
  audience: number;
  hand: boolean;
  waiting: WaitingSite[];
  sites: InvitedSite[];
  removed: RemovedSite[];
  hands: Hand[];
  questions: Question[];
  chat: Line[];
  asked: Wish[];
  iceServers: IceServer[];
  slots: number;
  speaker: SourceName | null;
}
/**
 * The room as a participant sees it. `chair` is a participant, null while there is none; times may be unknown.
 */
export interface RoomInfo {
  id: string;
  kind: RoomKind;
  title: string;
  codecs: Codec[];
  startsAt: number | null;
  endsAt: number | null;
  waitingRoom: boolean;
  locked: boolean;
  chair: string | null;
  spotlight: SourceName | null;
}
/**
 * A participant is one device of one site. `promoted`: it came from the audience, and can be sent back there.
 */
export interface Member {
  participant: string;
  site: string;
  name: string;
  role: Role;
  promoted: boolean;
  presence: Presence;
  heads: number;
  recording: boolean;
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
 *
 * Muted by its owner or by the chair; only the owner opens it again.
 */
export interface TrackState {
  mid: string;
  muted: boolean;
  live: boolean;
}
/**
 * A question of a site, and what became of it.
 */
export interface Question {
  id: string;
  site: string;
  name: string;
  text: string;
  at: number;
  state: QuestionState;
  answer: string;
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
 * One's own track was muted by another: `by` is a name.
 */
export interface Muted {
  type: "muted";
  mid: string;
  by: string;
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
 * One's own role changed: promoted, sent back, chair or no more chair.
 */
export interface OwnRole {
  type: "role";
  role: Role;
}
/**
 * Slots whose picture is paused because one's own link does not carry it: all of them, an empty list when none is.
 */
export interface Paused {
  type: "paused";
  slots: number[];
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
 * A question came or changed.
 */
export interface QuestionUpdate {
  type: "question";
  question: Question;
}
/**
 * The room changed: its whole state.
 */
export interface RoomUpdate {
  type: "room";
  room: RoomInfo;
}
/**
 * The first answer to `join` of who must be admitted: nothing but title and chair is told. `joined` follows with the same `re`.
 */
export interface Waiting {
  type: "waiting";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  re: number;
  version: number;
  participant: string;
  resume: string;
  title: string;
  kind: RoomKind;
  chair: string | null;
}
/**
 * The answer to `test`; `connection` (up) then says whether media would flow, and the socket is closed.
 */
export interface Tested {
  type: "tested";
  /**
   * Chosen by the client; the reply carries it as `re`.
   */
  re: number;
  sdp: string;
  title: string;
  kind: RoomKind;
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
