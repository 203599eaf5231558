/**
 * In which order the tiles stand when a page does not hold them all.
 *
 * Nothing moves that nobody moved: a known tile keeps its place, a new one comes where the room has it. Only who
 * speaks while out of sight changes places with the one on the first page that was silent for longest.
 */

/** The order of now, from the one before and the room's own. */
export function followed(before: readonly string[], room: readonly string[]): string[] {
  const there = new Set(room);
  const order = before.filter((key) => there.has(key));
  const known = new Set(order);
  for (const [index, key] of room.entries()) {
    if (known.has(key)) continue;
    const previous = room[index - 1];
    order.splice(previous === undefined ? 0 : order.indexOf(previous) + 1, 0, key);
    known.add(key);
  }
  return order;
}

/** Who was heard, the latest first; each once. */
export const heardAfter = (heard: readonly string[], speaker: string | undefined): readonly string[] =>
  speaker === undefined || heard[0] === speaker
    ? heard
    : [speaker, ...heard.filter((key) => key !== speaker)];

/** The order with the latest speaker on the first page: of those in `first`, who was silent for longest makes way. */
export function withSpeaker(
  order: readonly string[],
  first: readonly string[],
  heard: readonly string[],
): readonly string[] {
  const [speaker] = heard;
  if (speaker === undefined || first.includes(speaker) || !order.includes(speaker)) return order;
  const silence = (key: string) => (heard.includes(key) ? heard.indexOf(key) : heard.length);
  const longest = Math.max(...first.map(silence));
  const host = first.findLast((key) => silence(key) === longest);
  if (host === undefined) return order;
  const exchanged = { [host]: speaker, [speaker]: host };
  return order.map((key) => exchanged[key] ?? key);
}
