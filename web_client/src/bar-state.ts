/**
 * When the bar is out of the way: the picture is the page.
 *
 * Before this module are the store and what the person touched last; after it, tp-meeting, which hides the bar.
 */
import type { AppState } from "./app/store.ts";

/** Without a move for this long the bar hides, ms. Source: page.md, principle 1. */
export const BAR_STAYS_MS = 4_000;

export interface Attention {
  /** When the person last moved, touched or pressed a key, ms. */
  readonly movedAt: number;
  /** The keyboard's focus is in the bar, or a mouse rests on it. */
  readonly inBar: boolean;
}

export function barHidden(state: AppState, { movedAt, inBar }: Attention): boolean {
  return !inBar && !hasNotice(state) && state.panel === undefined && state.now - movedAt >= BAR_STAYS_MS;
}

/** Whether tp-notices or tp-live has something to say. */
export function hasNotice({ session, sound, told, own }: AppState): boolean {
  const troubled = [own.audio, own.video].some((device) => device.wanted && device.trouble !== undefined);
  const lost = session?.lostAt !== undefined || session?.mediaTrouble !== undefined;
  const asked = (session?.asked.length ?? 0) > 0 || (session?.desk.waiting.length ?? 0) > 0;
  return lost || asked || sound === "blocked" || told.length > 0 || troubled;
}
