/**
 * How a session ends: left, sent away, over for all, refused; and what is kept of it then.
 *
 * machine.ts comes before it.
 */
import type { Closing, ErrorCode } from "../protocol.gen.ts";
import { stay } from "./requests.ts";
import { noRoom, type Effect, type Phase, type Refusal, type Session, type Step } from "./state.ts";

/** No connection carries media. */
export const noMedia = { watching: false, sending: "nothing", mediaReached: false } as const;

const OVER: readonly Phase[] = ["left", "refused", "removed", "ended"];

/** Only a press begins another one. */
export const isOver = ({ phase }: Session): boolean => OVER.includes(phase);

/** Nothing of the room is left in the state but what its people said and what it was called. */
const gone = (session: Session): Session => ({
  ...session,
  ...noMedia,
  ...noRoom,
  room: session.room,
  anteroom: session.anteroom,
  chat: session.chat,
  questions: session.questions,
  socketOpen: false,
  mediaFailures: 0,
  mediaTrouble: undefined,
  resume: undefined,
  tiles: undefined,
  moved: false,
  lostAt: undefined,
  pending: {},
});

const CLOSE: readonly Effect[] = [
  { type: "keep-resume", secret: undefined },
  { type: "stop-media" },
  { type: "close-socket" },
];

export const leave = (session: Session): Step => stay({ ...gone(session), phase: "left" }, ...CLOSE);

/** Refusals that have a screen of their own. */
const SCREENS: Partial<Record<ErrorCode, Phase>> = { removed: "removed", "room-ended": "ended" };

export function end(session: Session, { code, message }: Refusal): Step {
  const phase = SCREENS[code as ErrorCode] ?? "refused";
  return stay({ ...gone(session), phase, refusal: { code, message } }, ...CLOSE);
}

/** Errors after which a refused session tries again by itself. Source: signaling/protocol.md, "Closing". */
const MAY_COME_BACK: readonly (ErrorCode | undefined)[] = ["join-timeout", "resume-unknown"];

/** A restarting server is given a second: as if that many tries had failed. */
export const DRAINING_ATTEMPTS = 2;

/** `again`: the socket is opened anew. */
export function closing(session: Session, { reason, message }: Closing): Step | "again" {
  if (isOver(session)) return stay(session);
  switch (reason) {
    case "left":
      return leave(session);
    case "removed":
      return end(session, { code: "removed", message });
    case "ended":
      return end(session, { code: "room-ended", message });
    case "replaced":
      return end(session, { code: "replaced", message });
    case "refused":
      return MAY_COME_BACK.includes(session.lastError)
        ? "again"
        : end(session, { code: session.lastError ?? "refused", message });
    case "draining":
      return "again";
    case "tested":
      return stay(session);
  }
}
