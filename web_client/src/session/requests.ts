/**
 * What the page asks of the server: requests, which of them wait for an answer, and which are sent again.
 *
 * machine.ts comes before it. A request is forgotten with its socket: the next join makes up for it.
 */
import type { Tile } from "../protocol.gen.ts";
import type { ClientMessage } from "../protocol.ts";
import type { Effect, Order, Pending, Session, Step } from "./state.ts";

export const stay = (session: Session, ...effects: Effect[]): Step => ({ session, effects });

type Fields<T extends ClientMessage["type"]> = Omit<Extract<ClientMessage, { type: T }>, "type" | "request">;

/** Sends a request when there is a socket to send it on; without one the next join makes up for it. */
export function request<T extends ClientMessage["type"]>(session: Session, type: T, fields: Fields<T>): Step {
  if (!session.socketOpen || !maySend(session, type)) return stay(session);
  const message = { type, request: session.nextRequest, ...fields } as unknown as ClientMessage;
  return send(session, { message, again: false });
}

/** What a person orders of the server. */
export function ordered(session: Session, order: Order): Step {
  const told = order.type === "heads" ? { ...session, heads: order.heads } : session;
  if (!told.socketOpen || !maySend(told, order.type)) return stay(told);
  return send(told, { message: { ...order, request: told.nextRequest }, again: false });
}

/** Who waits is heard on little. Source: signaling/protocol.md, "The waiting room". */
const maySend = ({ phase }: Session, type: ClientMessage["type"]): boolean =>
  phase === "joined" || type === "join" || (phase === "waiting" && (type === "leave" || type === "heads"));

function send(session: Session, asked: Pending): Step {
  const { request } = asked.message;
  return stay(
    { ...session, nextRequest: request + 1, pending: { ...session.pending, [request]: asked } },
    { type: "send", message: asked.message },
  );
}

/** After this long the server takes more, ms. Source: signaling/protocol.md, "Error codes". */
export const REPEAT_MS = 1_000;

/** A description is sent a second time; the newest mute, list and restart until they are taken: others go by what they say. */
export function mayRepeat({ message, again }: Pending): boolean {
  const isDescription = message.type === "publish" || message.type === "answer";
  const counts = message.type === "mute" || message.type === "view" || message.type === "restart";
  return counts || (isDescription && !again);
}

/** What waits for that belongs to the socket: with it went what is pending, and the next join makes up for it. */
export function repeatDue(session: Session, request: number): Step {
  const asked = session.pending[request];
  if (!asked) return stay(session);
  const message = { ...asked.message, request: session.nextRequest };
  return send(answered(session, request), { message, again: true });
}

/** The newest word on a track counts alone: an older one is not sent again after it. */
export function muted(session: Session, mid: string, isMuted: boolean): Step {
  const isOlder = ({ message }: Pending) => message.type === "mute" && message.mid === mid;
  const pending = Object.fromEntries(Object.entries(session.pending).filter(([, asked]) => !isOlder(asked)));
  return request({ ...session, pending }, "mute", { mid, muted: isMuted });
}

/** What the page shows; the newest list counts alone. */
export function shown(session: Session, tiles: readonly Tile[]): Step {
  const others = Object.entries(session.pending).filter(([, { message }]) => message.type !== "view");
  const next = { ...session, tiles, pending: Object.fromEntries(others) };
  return request(next, "view", { tiles: [...tiles] });
}

export function answered(session: Session, re: number | null | undefined): Session {
  if (re == null) return session;
  const pending = Object.fromEntries(Object.entries(session.pending).filter(([key]) => key !== String(re)));
  return { ...session, pending };
}
