/**
 * The signaling session as a pure state machine.
 *
 * `step` takes what happened and gives the next state and what is to be done; controller.ts does it. The ways:
 *
 *     door ─ join ─▶ joining ─────────── joined ─▶ joined ◀─ joined ─ reconnecting
 *                       │ └─▶ waiting ─ admitted ─▶ ┘ └─ socket or media lost ─▶ ┘
 *                       └─ refused for good ─▶ refused      joined ─▶ left, removed or ended
 *
 * A lost socket is opened again and joins with the resume secret and `slots: 0`, the media goes on meanwhile. Lost
 * media, media whose set-up the server had not answered, or a secret that it no longer knows, begins anew with
 * `slots: N` and publishes again.
 */
import type { Connection, Done, Error as ErrorMessage, Offer, Published } from "../protocol.gen.ts";
import { VERSIONS, type ServerMessage } from "../protocol.ts";
import { backoffMs } from "./backoff.ts";
import { closing, DRAINING_ATTEMPTS, end, isOver, leave, noMedia } from "./ends.ts";
import { joined, nameOf, waits } from "./joined.ts";
import { applySlots } from "./places.ts";
import {
  answered,
  mayRepeat,
  muted,
  ordered,
  repeatDue,
  REPEAT_MS,
  request,
  shown,
  stay,
} from "./requests.ts";
import { restart, wavers } from "./restart.ts";
import { invited, notInvited, pleaAnswered, tell, toldOfRoom } from "./room.ts";
import { addressIn, noRoom } from "./state.ts";
import type { Effect, Happening, MediaTrouble, Pending, Session, Step } from "./state.ts";

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
    case "ordered":
      return ordered(session, happening.order);
    case "plea-answered":
      return stay(pleaAnswered(session, happening));
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

// --- the person ----------------------------------------------------------------------------------

function joinPressed(session: Session): Step {
  if (session.phase !== "door" && !isOver(session)) return stay(session);
  return stay(
    { ...session, ...noRoom, phase: "joining", refusal: undefined, attempts: 0, lostAt: undefined },
    { type: "open-socket" },
  );
}

function leavePressed(session: Session): Step {
  const asked = request(session, "leave", {});
  const left = leave(asked.session);
  return stay(left.session, ...asked.effects, ...left.effects);
}

// --- the socket ----------------------------------------------------------------------------------

function socketOpen(session: Session): Step {
  if (!isOnItsWay(session)) return stay(session, { type: "close-socket" });
  return join({ ...session, socketOpen: true, pending: {}, lastError: undefined });
}

/** In, it would have to be out of the room to need a socket. */
const isOnItsWay = ({ phase }: Session): boolean =>
  phase === "joining" || phase === "waiting" || phase === "reconnecting";

function join(session: Session): Step {
  const resume = session.resume === undefined ? {} : { resume: session.resume };
  const keepsMedia = session.resume !== undefined && session.watching;
  return request(session, "join", {
    versions: VERSIONS,
    token: session.token,
    slots: keepsMedia ? 0 : session.slotCount,
    ...resume,
    ...(session.heads > 0 && { heads: session.heads }),
  });
}

function socketClosed(session: Session, world: World): Step {
  if (session.phase === "door" || isOver(session)) {
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
  const closed = session.lostAt !== undefined || session.mediaTrouble !== undefined;
  const idle = isOnItsWay(session) && !session.socketOpen && closed;
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
  const asked = request(session, "publish", { sdp, tracks: [...tracks], restart });
  // Without a socket the next join makes up for it.
  return { ...asked, session: { ...asked.session, sending: "asked" } };
}

// --- the server ----------------------------------------------------------------------------------

function received(session: Session, message: ServerMessage, world: World): Step {
  switch (message.type) {
    case "joined":
      return joined(session, message);
    case "waiting":
      return waits(session, message);
    case "offer":
      return offered(session, message);
    case "published":
      return published(session, message);
    case "slots":
      return stay({ ...session, slots: applySlots(session.slots, message.slots) });
    case "speaker":
      return stay({ ...session, speaker: nameOf(message) });
    case "connection":
      return message.state === "failed" ? failed(session, message, world) : stay(reached(session, message));
    case "done":
      return stay(done(session, message));
    case "error":
      return refused(session, message, world);
    case "closing": {
      const closed = closing(session, message);
      if (closed !== "again") return closed;
      const tries = message.reason === "draining" ? DRAINING_ATTEMPTS : 0;
      return reopen({ ...session, attempts: Math.max(session.attempts, tries) }, world);
    }
    default:
      return toldOfRoom(session, message) ?? stay(session);
  }
}

function published(session: Session, { re, sdp }: Published): Step {
  const asked = session.pending[re];
  // A repeated offer says what was muted a second ago.
  const tellMutes: Effect[] = asked?.again ? [{ type: "tell-mutes" }] : [];
  return stay(
    { ...answered(session, re), sending: "answered", toldMuted: mutesIn(session, asked) },
    { type: "take-published", sdp },
    ...tellMutes,
  );
}

function mutesIn({ toldMuted }: Session, asked: Pending | undefined): Session["toldMuted"] {
  const message = asked?.message;
  if (message?.type === "mute") return { ...toldMuted, [message.mid]: message.muted };
  if (message?.type !== "publish") return toldMuted;
  return Object.fromEntries(message.tracks.map(({ mid, muted }) => [mid, muted ?? false]));
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
  const asked = session.pending[re];
  const next = { ...answered(session, re), toldMuted: mutesIn(session, asked) };
  switch (asked?.message.type) {
    case "answer":
      return { ...next, watching: true };
    case "raise-hand":
      return { ...next, hand: asked.message.raised };
    case "promote":
      return invited(next, asked.message.participant);
    case "demote":
      return notInvited(next, asked.message.participant);
    default:
      return next;
  }
}

function refused(session: Session, error: ErrorMessage, world: World): Step {
  const known = { ...session, lastError: error.code };
  const asked = error.re == null ? undefined : session.pending[error.re];
  if (asked && error.code === "too-many" && mayRepeat(asked)) {
    return stay(known, { type: "repeat-in", ms: REPEAT_MS, request: asked.message.request });
  }
  const what = asked?.message.type;
  const next = notTakenBack(answered(known, error.re), asked);
  if (error.code === "no-connection") {
    return mediaFailed(next, what === "publish" ? "up" : "down", error.message, world);
  }
  if (what === "publish") {
    return stay(
      { ...next, sending: "answered" },
      { type: "not-published" },
      tell({ type: "not-sent", code: error.code }),
    );
  }
  if (what === "answer" && error.code !== "stale-answer") {
    return mediaFailed(next, "down", error.message, world);
  }
  if (what === undefined || what === "mute" || what === "view" || what === "restart") return stay(next);
  if (what !== "join") return stay(next, tell({ type: "not-done", what, code: error.code }));
  return error.code === "resume-unknown" ? joinAnew(next) : end(next, error);
}

/** Nothing is left to be taken back: it came onto the stage, said no, or is gone. */
const notTakenBack = (session: Session, asked: Pending | undefined): Session =>
  asked?.message.type === "demote" ? notInvited(session, asked.message.participant) : session;

/** The participant is gone: a new socket joins as a new one, and the media begins anew. */
function joinAnew(session: Session): Step {
  return stay(
    { ...session, ...noMedia, resume: undefined, socketOpen: false, slots: [], pending: {} },
    { type: "keep-resume", secret: undefined },
    { type: "close-socket" },
    { type: "open-socket" },
  );
}

function reopen(session: Session, world: World): Step {
  const closed = socketClosed(session, world);
  return stay(closed.session, { type: "close-socket" }, ...closed.effects);
}
