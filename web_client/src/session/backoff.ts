/** How long to wait before the next try to reach the server. */

/** First wait, ms: a restarted proxy is back by then. */
const FIRST_MS = 250;
/** Longest wait, ms. Source: signaling/protocol.md, "Closing". */
const LONGEST_MS = 15_000;

/**
 * The wait before try `attempt` (0 is the first), ms.
 *
 * `random` is in [0, 1): half of the wait is drawn, so that the sites of a whole province that lost the server
 * together do not come back together.
 */
export function backoffMs(attempt: number, random: number): number {
  const whole = Math.min(FIRST_MS * 2 ** attempt, LONGEST_MS);
  return Math.round(whole / 2 + (whole / 2) * random);
}
