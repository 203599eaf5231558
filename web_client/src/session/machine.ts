/**
 * The signaling session as a pure state machine.
 *
 * `step` takes what happened and gives the next state and what is to be done; controller.ts does it. The ways:
 *
 *     door ─ join ─▶ joining ─ joined ─▶ joined ◀─ joined ─ reconnecting
 *                       │                  └─ socket or media lost ─▶ ┘
 *                       └─ refused for good ─▶ refused        joined ─ leave ─▶ left
 *
 * A lost socket is opened again and joins with the resume secret and `slots: 0`, the media goes on meanwhile. Lost
 * media, media whose set-up the server had not answered, or a secret that it no longer knows, begins anew with
 * `slots: N` and publishes again.
 */
import type {
  Closing,
  Connection,
  Done,
  Error as ErrorMessage,
  ErrorCode,
  Joined,
  Member,
  Offer,
  Published,
  SourceName,
  Speaker,
} from "../protocol.gen.ts";
import { VERSIONS, type ServerMessage } from "../protocol.ts";
import { backoffMs } from "./backoff.ts";
import { PROFILE } from "../media/ladder.ts";
import { applySlots, orderPlaces } from "./places.ts";
import { answered, mayRepeat, muted, repeatDue, REPEAT_MS, request, shown, stay } from "./requests.ts";
import { restart, wavers } from "./restart.ts";
import { addressIn } from "./state.ts";
import type { Effect, Happening, MediaTrouble, News, Refusal, Session, Step } from "./state.ts";

/** Now in ms, and a number in [0, 1) for the back-off: all that a step may know of the world. */
export interface World {
  readonly now: number;
  readonly random: number;
}

export function step(session: Session, happening: Happening, world: World): Step {
  switch (happening.type) {
    case "join-pressed":
      return joinPressed(session);
    case "leave-pressed":
      return leavePressed(session);
    case "socket-open":
      return socketOpen(session);
    case "socket-closed":
      return socketClosed(session, world);
    case "message":
      return received(session, happening.message, world);
    case "retry-due":
      return retryDue(session);
    case "network-back":
      return networkBack(session);
    case "repeat-due":
      return repeatDue(session, happening.request);
    case "peer-wavers":
      return wavers(session, happening.direction);
    case "shown":
      return shown(session, happening.tiles);
    case "peer-failed":
      return mediaFailed(session, happening.direction, "", world);
    case "offer-made":
      return offerMade(session, happening);
    case "answer-made":
      return request(session, "answer", { generation: happening.generation, sdp: happening.sdp });
    case "muted":
      return muted(session, happening.mid, happening.muted);
  }
}

const tell = (news: News): Effect => ({ type: "news", news });

// --- the person ----------------------------------------------------------------------------------

function joinPressed(session: Session): Step {
  if (!["door", "left", "refused"].includes(session.phase)) return stay(session);
  return stay(
    { ...session, phase: "joining", refusal: undefined, attempts: 0, lostAt: undefined },
    { type: "open-socket" },
  );
}

function leavePressed(session: Session): Step {
  const asked = request(session, "leave", {});
  return stay(
    gone({ ...asked.session, phase: "left" }),
    ...asked.effects,
    { type: "keep-resume", secret: undefined },
    { type: "stop-media" },
    { type: "close-socket" },
  );
}

/** No connection carries media. */
const noMedia = { watching: false, sending: "nothing", mediaReached: false } as const;

/** Nothing of the room is left in the state. */
const gone = (session: Session): Session => ({
  ...session,
  ...noMedia,
  socketOpen: false,
  mediaFailures: 0,
  mediaTrouble: undefined,
  resume: undefined,
  participant: undefined,
  members: [],
  slots: [],
  places: [],
  speaker: undefined,
  tiles: undefined,
  moved: false,
  lostAt: undefined,
  pending: {},
});

// --- the socket ----------------------------------------------------------------------------------

function socketOpen(session: Session): Step {
  if (session.phase !== "joining" && session.phase !== "reconnecting") {
    return stay(session, { type: "close-socket" });
  }
  return join({ ...session, socketOpen: true, pending: {}, lastError: undefined });
}

function join(session: Session): Step {
  const resume = session.resume === undefined ? {} : { resume: session.resume };
  const keepsMedia = session.resume !== undefined && session.watching;
  return request(session, "join", {
    versions: VERSIONS,
    token: session.token,
    slots: keepsMedia ? 0 : session.slotCount,
    ...resume,
  });
}

function socketClosed(session: Session, world: World): Step {
  if (session.phase === "left" || session.phase === "refused" || session.phase === "door") {
    return stay({ ...session, socketOpen: false });
  }
  return stay(
    {
      ...session,
      phase: session.phase === "joined" ? "reconnecting" : session.phase,
      socketOpen: false,
      pending: {},
      lostAt: session.lostAt ?? world.now,
      attempts: session.attempts + 1,
    },
    { type: "retry-in", ms: backoffMs(session.attempts, world.random) },
  );
}

function retryDue(session: Session): Step {
  const waiting = session.phase === "reconnecting" || session.phase === "joining";
  const closed = session.lostAt !== undefined || session.mediaTrouble !== undefined;
  const idle = waiting && !session.socketOpen && closed;
  return idle ? stay(session, { type: "open-socket" }) : stay(session);
}

// --- a new way for the packets -------------------------------------------------------------------

/** The address of this site may be another one. Without a socket the restart waits for the next join. */
function networkBack(session: Session): Step {
  if (session.phase !== "joined") return retryDue({ ...session, moved: true });
  return restart(session);
}

/**
 * The media is lost: the socket goes with it, and both come back together, later with each failure in a row.
 *
 * While the socket is lost anyway, it is noted that there is nothing to keep.
 */
function mediaFailed(
  session: Session,
  direction: MediaTrouble["direction"],
  reason: string,
  world: World,
): Step {
  const lost: Session = {
    ...session,
    ...noMedia,
    mediaFailures: session.mediaFailures + 1,
    mediaTrouble: { direction, reached: session.mediaReached, reason },
  };
  if (session.phase === "reconnecting") return stay(session.watching ? lost : session);
  if (session.phase !== "joined") return stay(session);
  const attempts = Math.max(session.attempts, session.mediaFailures);
  const closed = reopen({ ...lost, attempts }, world);
  return { ...closed, session: { ...closed.session, lostAt: session.lostAt } };
}

type OfferMade = Extract<Happening, { type: "offer-made" }>;

function offerMade(session: Session, { sdp, tracks, restart }: OfferMade): Step {
  const offers = tracks.map((track) => ({
    ...track,
    source: "camera",
    label: "",
    profile: PROFILE,
  }));
  const asked = request(session, "publish", { sdp, tracks: offers, restart });
  return asked.effects.length > 0 ? { ...asked, session: { ...asked.session, sending: "asked" } } : asked;
}

// --- the server ----------------------------------------------------------------------------------

function received(session: Session, message: ServerMessage, world: World): Step {
  switch (message.type) {
    case "joined":
      return joined(session, message);
    case "offer":
      return offered(session, message);
    case "published":
      return published(session, message);
    case "slots":
      return stay({ ...session, slots: applySlots(session.slots, message.slots) });
    case "speaker":
      return stay({ ...session, speaker: nameOf(message) });
    case "member":
      return memberChanged(session, message.member);
    case "member-left":
      return memberLeft(session, message.participant, message.reason === "lost");
    case "connection":
      return message.state === "failed" ? failed(session, message, world) : stay(reached(session, message));
    case "done":
      return stay(done(session, message));
    case "error":
      return refused(session, message, world);
    case "closing":
      return closing(session, message, world);
  }
}

function published(session: Session, { re, sdp }: Published): Step {
  // A repeated offer says what was muted a second ago.
  const tellMutes: Effect[] = session.pending[re]?.again ? [{ type: "tell-mutes" }] : [];
  return stay(
    { ...answered(session, re), sending: "answered" },
    { type: "take-published", sdp },
    ...tellMutes,
  );
}

function offered(session: Session, { generation, sdp }: Offer): Step {
  // One that comes while the page watches restarts ICE: the media goes on.
  return stay({ ...session, mediaAddress: addressIn(sdp) }, { type: "take-offer", generation, sdp });
}

/** A failure is believed of media that the server has answered: before that, it is of the connection replaced. */
function failed(session: Session, { direction, reason }: Connection, world: World): Step {
  const current = direction === "down" ? session.watching : session.sending === "answered";
  return current ? mediaFailed(session, direction, reason, world) : stay(session);
}

/** The trouble is over once the direction that failed is through, or nothing goes that way any more. */
function reached(session: Session, { direction }: Connection): Session {
  const trouble = session.mediaTrouble;
  const over = trouble?.direction === direction || session.sending === "nothing";
  const through = { ...session, mediaReached: true };
  return over ? { ...through, mediaFailures: 0, mediaTrouble: undefined } : through;
}

function done(session: Session, { re }: Done): Session {
  const isAnswer = session.pending[re]?.message.type === "answer";
  return { ...answered(session, re), ...(isAnswer && { watching: true }) };
}

function joined(session: Session, answer: Joined): Step {
  const kept = answer.resumed && session.watching;
  const wasLost = session.phase === "reconnecting";
  const next: Session = {
    ...answered(session, answer.re),
    ...(!kept && noMedia),
    phase: "joined",
    resume: answer.resume,
    participant: answer.participant,
    room: answer.room,
    members: answer.members,
    iceServers: answer.iceServers,
    slots: kept ? session.slots : [],
    speaker: answer.speaker ?? undefined,
    places: orderPlaces(wasLost ? session.places : [], answer.members),
    lostAt: undefined,
    attempts: 0,
  };
  const listed = next.tiles ? shown(next, next.tiles) : stay(next);
  const again = kept && next.moved ? restart(listed.session) : stay({ ...listed.session, moved: false });
  return stay(
    again.session,
    { type: "keep-resume", secret: answer.resume },
    kept ? { type: session.sending === "answered" ? "tell-mutes" : "publish" } : startMedia(answer),
    ...listed.effects,
    ...again.effects,
    ...(wasLost && !session.mediaTrouble ? [tell({ type: "back" })] : []),
  );
}

const nameOf = ({ participant, source }: Speaker): SourceName | undefined =>
  participant != null && source != null ? { participant, source } : undefined;

function startMedia(answer: Joined): Effect {
  const own = answer.members.find((member) => member.participant === answer.participant);
  return { type: "start-media", iceServers: answer.iceServers, publish: own?.role !== "audience" };
}

function memberChanged(session: Session, member: Member): Step {
  const known = session.members.some((other) => other.participant === member.participant);
  const members = known
    ? session.members.map((other) => (other.participant === member.participant ? member : other))
    : [...session.members, member];
  const next = { ...session, members, places: orderPlaces(session.places, members) };
  return known ? stay(next) : stay(next, tell({ type: "came", name: member.name }));
}

function memberLeft(session: Session, participant: string, lost: boolean): Step {
  const member = session.members.find((other) => other.participant === participant);
  if (!member) return stay(session);
  const members = session.members.filter((other) => other !== member);
  const next = { ...session, members, places: orderPlaces(session.places, members) };
  return stay(next, tell({ type: "went", name: member.name, lost }));
}

function refused(session: Session, error: ErrorMessage, world: World): Step {
  const known = { ...session, lastError: error.code };
  const asked = error.re == null ? undefined : session.pending[error.re];
  if (asked && error.code === "too-many" && mayRepeat(asked)) {
    return stay(known, { type: "repeat-in", ms: REPEAT_MS, request: asked.message.request });
  }
  const what = asked?.message.type;
  const next = answered(known, error.re);
  if (error.code === "no-connection") {
    return mediaFailed(next, what === "publish" ? "up" : "down", error.message, world);
  }
  if (what === "publish") {
    return stay({ ...next, sending: "answered" }, tell({ type: "not-sent", code: error.code }));
  }
  if (what === "answer" && error.code !== "stale-answer") {
    return mediaFailed(next, "down", error.message, world);
  }
  if (what !== "join") return stay(next);
  return error.code === "resume-unknown" ? joinAnew(next) : end(next, error);
}

/** The participant is gone: a new socket joins as a new one, and the media begins anew. */
function joinAnew(session: Session): Step {
  return stay(
    { ...session, ...noMedia, resume: undefined, socketOpen: false, slots: [], pending: {} },
    { type: "keep-resume", secret: undefined },
    { type: "close-socket" },
    { type: "open-socket" },
  );
}

function end(session: Session, { code, message }: Refusal): Step {
  return stay(
    { ...gone(session), phase: "refused", refusal: { code, message } },
    { type: "keep-resume", secret: undefined },
    { type: "stop-media" },
    { type: "close-socket" },
  );
}

function closing(session: Session, message: Closing, world: World): Step {
  if (session.phase === "left" || session.phase === "refused") return stay(session);
  switch (message.reason) {
    case "left":
      return stay(
        { ...gone(session), phase: "left" },
        { type: "keep-resume", secret: undefined },
        { type: "stop-media" },
        { type: "close-socket" },
      );
    case "replaced":
      return end(session, { code: "replaced", message: message.message });
    case "draining":
      return reopen({ ...session, attempts: Math.max(session.attempts, DRAINING_ATTEMPTS) }, world);
    case "refused":
      return MAY_COME_BACK.includes(session.lastError)
        ? reopen(session, world)
        : end(session, { code: session.lastError ?? "refused", message: message.message });
  }
}

/** Errors after which a refused session tries again by itself. Source: signaling/protocol.md, "Closing". */
const MAY_COME_BACK: readonly (ErrorCode | undefined)[] = ["join-timeout", "resume-unknown"];

/** A restarting server is given a second: as if that many tries had failed. */
const DRAINING_ATTEMPTS = 2;

function reopen(session: Session, world: World): Step {
  const closed = socketClosed(session, world);
  return stay(closed.session, { type: "close-socket" }, ...closed.effects);
}
