/**
 * Which tiles there are, and in which place each stands.
 *
 * Nothing moves that nobody moved: a tile keeps its place while its source is there, a new one comes at the end, the
 * ones without a picture after those with one, and the own tile last.
 */
import type { Member, Slot, Source } from "../protocol.gen.ts";
import type { Session } from "./state.ts";

export interface Place {
  readonly key: string;
  readonly member: Member;
  /** Absent for a site that publishes nothing (yet). */
  readonly source?: Source;
  /** Slot of the down connection that carries it; absent when none does. */
  readonly slot?: number;
  readonly own: boolean;
}

export const placeKey = (participant: string, source: string): string => `${participant}/${source}`;

/** The order of places after the members changed. */
export function orderPlaces(before: readonly string[], members: readonly Member[]): string[] {
  const now = members.flatMap(keysOf);
  const there = new Set(now);
  const known = before.flatMap((key) => successor(key, there));
  return [...new Set([...known, ...now])];
}

function keysOf(member: Member): string[] {
  const sources = member.sources;
  if (sources.length === 0) return [placeKey(member.participant, "")];
  return sources.map((source) => placeKey(member.participant, source.id));
}

/** A site's first source takes the place that the site had without one, and the other way round. */
function successor(key: string, there: ReadonlySet<string>): string[] {
  if (there.has(key)) return [key];
  const participant = key.slice(0, key.indexOf("/") + 1);
  const heirs = [...there].filter((other) => other.startsWith(participant));
  return key === participant || heirs.includes(participant) ? heirs : [];
}

/** The tiles in the order in which they are shown. */
export function placesOf(session: Session): Place[] {
  const found = session.places.flatMap((key) => placeOf(key, session) ?? []);
  return found.toSorted((a, b) => rank(a) - rank(b));
}

const rank = (place: Place): number => (place.own ? 2 : place.source?.video ? 0 : 1);

function placeOf(key: string, session: Session): Place | undefined {
  const cut = key.indexOf("/");
  const [participant, id] = [key.slice(0, cut), key.slice(cut + 1)];
  const member = session.members.find((candidate) => candidate.participant === participant);
  if (!member) return undefined;
  const source = member.sources.find((candidate) => candidate.id === id);
  const slot = session.slots.find((one) => one.participant === participant && one.source === id);
  return {
    key,
    member,
    own: participant === session.participant,
    ...(source && { source }),
    ...(slot && { slot: slot.index }),
  };
}

/** Indexes of slots that their source left. */
export function leftSlots(before: readonly Slot[], after: readonly Slot[]): number[] {
  const keeps = (slot: Slot, now: Slot) =>
    now.index === slot.index && now.participant === slot.participant && now.source === slot.source;
  return before.filter((slot) => !after.some((now) => keeps(slot, now))).map((slot) => slot.index);
}

/** The slots after a `slots` message: an emptied one is gone, so that its last picture is not taken for live. */
export function applySlots(before: readonly Slot[], changes: readonly Slot[]): Slot[] {
  const changed = new Map(changes.map((slot) => [slot.index, slot]));
  const kept = before.filter((slot) => !changed.has(slot.index));
  const filled = changes.filter((slot) => slot.participant != null && slot.source != null);
  return [...kept, ...filled].toSorted((a, b) => a.index - b.index);
}
