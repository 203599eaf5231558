/**
 * Let in, or told to wait: the session is built from the server's answer.
 *
 * machine.ts comes before it. A resumed session keeps what its media is and builds the rest anew.
 */
import type { Joined, SourceName, Speaker, Waiting } from "../protocol.gen.ts";
import { noMedia } from "./ends.ts";
import { orderPlaces } from "./places.ts";
import { answered, shown, stay } from "./requests.ts";
import { restart } from "./restart.ts";
import { may } from "./rights.ts";
import { closedByOther, tell } from "./room.ts";
import { noRoom, type Effect, type Session, type Step } from "./state.ts";

/**
 * The chair was told; nothing of the room is known yet. The join stays asked: `joined` answers it, too.
 *
 * It comes again when the chair is another one.
 */
export function waits(session: Session, { participant, resume, title, kind, chair }: Waiting): Step {
  const wasInside = session.phase === "joined" || session.phase === "reconnecting";
  return stay(
    {
      ...session,
      ...noRoom,
      ...noMedia,
      phase: "waiting",
      resume,
      participant,
      anteroom: { title, kind, chair },
      lostAt: undefined,
      attempts: 0,
    },
    { type: "keep-resume", secret: resume },
    ...(wasInside ? [{ type: "fall-back" } as const] : []),
  );
}

export function joined(session: Session, answer: Joined): Step {
  const kept = answer.resumed && session.watching;
  const wasLost = session.phase === "reconnecting";
  const next: Session = {
    ...answered(session, answer.re),
    ...(!kept && noMedia),
    phase: "joined",
    resume: answer.resume,
    participant: answer.participant,
    role: answer.role,
    anteroom: undefined,
    room: answer.room,
    members: answer.members,
    audience: answer.audience,
    hand: answer.hand,
    hands: answer.hands,
    questions: answer.questions,
    chat: chatOf(session, answer),
    desk: { waiting: answer.waiting, sites: answer.sites, removed: answer.removed },
    asked: pleasOf(session, answer),
    iceServers: answer.iceServers,
    slots: kept ? session.slots : [],
    paused: kept ? session.paused : [],
    codecsMissing: kept ? session.codecsMissing : [],
    speaker: answer.speaker ?? undefined,
    places: orderPlaces(wasLost ? session.places : [], answer.members),
    lostAt: undefined,
    attempts: 0,
  };
  const listed = next.tiles ? shown(next, next.tiles) : stay(next);
  const again = kept && next.moved ? restart(listed.session) : stay({ ...listed.session, moved: false });
  const closed = kept ? closedMeanwhile(again.session) : stay(again.session);
  return stay(
    closed.session,
    { type: "keep-resume", secret: answer.resume },
    ...closed.effects,
    ...(kept ? sendOn(session, next) : [startMedia(answer)]),
    ...listed.effects,
    ...again.effects,
    ...(wasLost && !session.mediaTrouble ? [tell({ type: "back" })] : []),
  );
}

export const nameOf = ({ participant, source }: Speaker): SourceName | undefined =>
  participant != null && source != null ? { participant, source } : undefined;

function startMedia({ iceServers, role }: Joined): Effect {
  return { type: "start-media", iceServers, publish: may(role, "publish") };
}

/** What was sent goes on, unless one's place is another one since the socket was lost. */
function sendOn(before: Session, now: Session): Effect[] {
  const [could, can] = [may(before.role, "publish"), may(now.role, "publish")];
  if (could && !can) return [{ type: "stop-sending" }];
  if (!can) return [];
  if (!could) return [{ type: "start-sending" }];
  return [{ type: before.sending === "answered" ? "tell-mutes" : "publish" }];
}

/** Own tracks that were open when the server was last told, and are closed now: somebody else closed them. */
function closedMeanwhile(session: Session): Step {
  const own = session.members.find((member) => member.participant === session.participant);
  const tracks = own?.sources.flatMap(({ audio, video }) => [audio, video]) ?? [];
  let next = stay(session);
  for (const track of tracks) {
    if (!track?.muted || session.toldMuted[track.mid] !== false) continue;
    const closed = closedByOther(next.session, track.mid, "");
    next = stay(closed.session, ...next.effects, ...closed.effects);
  }
  return next;
}

/** The answer has the last lines; what was read before them stays. */
function chatOf({ chat }: Session, answer: Joined): Session["chat"] {
  const there = new Set(answer.chat.map((line) => line.id));
  return [...chat.filter((line) => !there.has(line.id)), ...answer.chat];
}

function pleasOf({ asked }: Session, answer: Joined): Session["asked"] {
  return answer.asked.map(
    (wish) => asked.find((plea) => plea.wish === wish) ?? { wish, by: "", participant: answer.participant },
  );
}
