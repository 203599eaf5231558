/**
 * What the server tells of the room and its people, and what of it is news.
 *
 * machine.ts comes before it. Pure: a message and the session give the next session.
 */
import type {
  Chat,
  Desk,
  Hand,
  Member,
  MemberLeft,
  Muted,
  OwnRole,
  Question,
  RoomInfo,
} from "../protocol.gen.ts";
import type { ServerMessage } from "../protocol.ts";
import { orderPlaces } from "./places.ts";
import { stay } from "./requests.ts";
import { may } from "./rights.ts";
import { noDesk, type Effect, type News, type Plea, type Session, type Step } from "./state.ts";

export const tell = (news: News): Effect => ({ type: "news", news });

/** Of a message that is about the room; undefined for another. */
export function toldOfRoom(session: Session, message: ServerMessage): Step | undefined {
  switch (message.type) {
    case "member":
      return memberChanged(session, message.member);
    case "member-left":
      return memberLeft(session, message);
    case "room":
      return roomChanged(session, message.room);
    case "role":
      return roleChanged(session, message);
    case "audience":
      return stay({ ...session, audience: message.count });
    case "desk":
      return deskChanged(session, message);
    case "hands":
      return handsChanged(session, message.hands);
    case "question":
      return questionChanged(session, message.question);
    case "chat":
      return said(session, message);
    case "asked":
      return stay({ ...session, asked: withPlea(session.asked, message) });
    case "asked-no-more":
      return stay({ ...session, asked: session.asked.filter(({ wish }) => wish !== message.wish) });
    case "muted":
      return mutedBy(session, message);
    case "paused":
      return stay({ ...session, paused: message.slots });
    case "codec-missing":
      return stay({ ...session, codecsMissing: [...new Set([...session.codecsMissing, message.codec])] });
    default:
      return undefined;
  }
}

// --- members -------------------------------------------------------------------------------------

const memberOf = (session: Session, participant: string | null | undefined): Member | undefined =>
  session.members.find((member) => member.participant === participant);

function withMembers(session: Session, members: readonly Member[]): Session {
  return { ...session, members, places: orderPlaces(session.places, members) };
}

function memberChanged(session: Session, member: Member): Step {
  const before = memberOf(session, member.participant);
  const own = member.participant === session.participant;
  if (!before) {
    const came = notInvited(session, member.participant);
    const next = withMembers(came, [...session.members, member]);
    return own ? stay(next) : stay(next, tell({ type: "came", name: member.name }));
  }
  const members = session.members.map((other) => (other === before ? member : other));
  const { name, recording } = member;
  const records = before.recording !== recording ? [tell({ type: "records", name, recording })] : [];
  return stay(withMembers(session, members), ...records);
}

function memberLeft(session: Session, { participant, reason }: MemberLeft): Step {
  const member = memberOf(session, participant);
  if (!member) return stay(session);
  const next = withMembers(
    session,
    session.members.filter((other) => other !== member),
  );
  const pleas = next.asked.filter((plea) => plea.wish !== "chair" || plea.participant !== participant);
  const left = { ...next, asked: pleas };
  if (participant === session.participant) return stay(left);
  return stay(left, tell({ type: "went", name: member.name, reason }));
}

// --- the room ------------------------------------------------------------------------------------

function roomChanged(session: Session, room: RoomInfo): Step {
  const before = session.room;
  const chair = memberOf(session, room.chair);
  const own = room.chair !== null && room.chair === session.participant;
  const news: News[] = [];
  if (before && before.chair !== room.chair && chair) news.push({ type: "chair", name: chair.name, own });
  if (before && before.locked !== room.locked) news.push({ type: "locked", locked: room.locked });
  return stay({ ...session, room }, ...news.map(tell));
}

/** To the stage, to the audience, to the chair or from it. What may not be seen any more is forgotten. */
function roleChanged(session: Session, { role }: OwnRole): Step {
  const [could, can] = [may(session.role, "publish"), may(role, "publish")];
  const asked = can ? session.asked.filter((plea) => plea.wish !== "stage") : [];
  const next: Session = { ...session, role, asked, ...(!may(role, "desk") && { desk: noDesk }) };
  if (can === could) return stay(next);
  if (can)
    return stay({ ...next, hand: false }, { type: "start-sending" }, tell({ type: "staged", onStage: true }));
  return stay(
    { ...unsent(next), hands: [] },
    { type: "stop-sending" },
    tell({ type: "staged", onStage: false }),
  );
}

/** Nothing goes up any more, so nothing of it is in trouble. */
function unsent(session: Session): Session {
  const trouble = session.mediaTrouble?.direction === "up" ? undefined : session.mediaTrouble;
  return { ...session, sending: "nothing", toldMuted: {}, mediaTrouble: trouble };
}

function deskChanged(session: Session, { waiting, sites, removed }: Desk): Step {
  const known = new Set(session.desk.waiting.map((one) => one.participant));
  const news = waiting.filter((one) => !known.has(one.participant));
  return stay(
    { ...session, desk: { waiting, sites, removed } },
    ...news.map(({ name }) => tell({ type: "waits", name })),
  );
}

// --- hands, questions, chat ----------------------------------------------------------------------

function handsChanged(session: Session, hands: readonly Hand[]): Step {
  const own = (hand: Hand) => hand.participant === session.participant;
  const known = new Set(session.hands.map((hand) => hand.participant));
  const news = hands.filter((hand) => !known.has(hand.participant) && !own(hand));
  return stay(
    { ...session, hands, hand: hands.some(own) },
    ...news.map(({ name }) => tell({ type: "hand-up", name })),
  );
}

function questionChanged(session: Session, question: Question): Step {
  const known = session.questions.some((other) => other.id === question.id);
  const questions = known
    ? session.questions.map((other) => (other.id === question.id ? question : other))
    : [...session.questions, question];
  const isNew = !known && question.state === "open" && question.site !== ownSite(session);
  return stay({ ...session, questions }, ...(isNew ? [tell({ type: "asks", name: question.name })] : []));
}

function said(session: Session, { line }: Chat): Step {
  if (session.chat.some((other) => other.id === line.id)) return stay(session);
  const own = line.site === ownSite(session);
  return stay(
    { ...session, chat: [...session.chat, line] },
    ...(own ? [] : [tell({ type: "said", name: line.name })]),
  );
}

const ownSite = (session: Session): string | undefined =>
  memberOf(session, session.participant)?.site ?? session.site;

// --- whom one asked onto the stage ---------------------------------------------------------------

/** Asked by this page, and not on the stage yet: so long it can be taken back. */
export function invited(session: Session, participant: string): Session {
  const name = session.hands.find((hand) => hand.participant === participant)?.name ?? "";
  const others = notInvited(session, participant);
  return { ...others, invited: [...others.invited, { participant, name }] };
}

/** It came, or was told that nobody waits for its answer any more. */
export function notInvited(session: Session, participant: string): Session {
  return { ...session, invited: session.invited.filter((one) => one.participant !== participant) };
}

// --- what one is asked ---------------------------------------------------------------------------

const samePlea = (one: Plea, other: Pick<Plea, "wish" | "participant">): boolean =>
  one.wish === other.wish && (one.wish !== "chair" || one.participant === other.participant);

/** A second question for the same is the newest one. */
function withPlea(pleas: readonly Plea[], { wish, by, participant }: Plea): Plea[] {
  const plea = { wish, by, participant };
  return [...pleas.filter((other) => !samePlea(other, plea)), plea];
}

export function pleaAnswered(session: Session, answered: Pick<Plea, "wish" | "participant">): Session {
  return { ...session, asked: session.asked.filter((plea) => !samePlea(plea, answered)) };
}

function mutedBy(session: Session, { mid, by }: Muted): Step {
  return closedByOther({ ...session, toldMuted: { ...session.toldMuted, [mid]: true } }, mid, by);
}

export function closedByOther(session: Session, mid: string, by: string): Step {
  const own = memberOf(session, session.participant);
  const isVoice = own?.sources.some((source) => source.audio?.mid === mid) ?? false;
  return stay(
    session,
    { type: "mute-own", mid },
    tell({ type: "muted-by", by, kind: isVoice ? "audio" : "video" }),
  );
}
