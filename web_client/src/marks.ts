/**
 * Marks in the browser's performance time line, for whoever measures how fast a join is:
 * `join-pressed`, then `first-remote-frame` when the first picture of another site is on the screen.
 */

const PRESSED = "join-pressed";
const FRAME = "first-remote-frame";

export function markJoinPressed(): void {
  performance.clearMarks(FRAME);
  performance.mark(PRESSED);
}

export function markRemoteFrame(): void {
  if (performance.getEntriesByName(FRAME).length === 0) performance.mark(FRAME);
}
