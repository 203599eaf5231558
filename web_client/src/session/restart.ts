/**
 * A new way for the packets: ICE restarts of both connections, while the media goes on.
 *
 * machine.ts comes before it. Down the server offers anew, up the page does. Source: signaling/protocol.md, "A new way for
 * the packets".
 */
import { request, stay } from "./requests.ts";
import type { Direction, Session, Step } from "./state.ts";

/** Both ways, as when the network is another one. */
export function restart(session: Session): Step {
  const down = restartDown({ ...session, moved: false });
  const up = restartUp(down.session);
  return stay(up.session, ...down.effects, ...up.effects);
}

const restartDown = (session: Session): Step =>
  session.watching ? request(session, "restart", { direction: "down" }) : stay(session);

/** While the server has not answered an offer, that one goes on. */
function restartUp(session: Session): Step {
  const may = session.phase === "joined" && session.sending === "answered";
  return may ? stay(session, { type: "restart-up" }) : stay(session);
}

/** No packet comes one way. */
export const wavers = (session: Session, direction: Direction): Step =>
  direction === "down" ? restartDown(session) : restartUp(session);
