/**
 * Reading and naming the signaling messages.
 *
 * Before this module a WebSocket frame is text; after it, session/machine.ts sees only the generated types. The
 * server is trusted to keep to the schema (its own tests hold it to that); what is checked here is what a newer
 * server may do: a message of a type that this page does not know is left out.
 */
import type { ServerMessage } from "./protocol.gen.ts";

export type { ClientMessage, ServerMessage } from "./protocol.gen.ts";

/** Versions of the protocol that this page speaks. */
export const VERSIONS = [1];

const SERVER_TYPES: Record<ServerMessage["type"], true> = {
  joined: true,
  waiting: true,
  tested: true,
  offer: true,
  published: true,
  slots: true,
  speaker: true,
  member: true,
  "member-left": true,
  connection: true,
  room: true,
  role: true,
  audience: true,
  desk: true,
  hands: true,
  question: true,
  chat: true,
  asked: true,
  "asked-no-more": true,
  muted: true,
  paused: true,
  "codec-missing": true,
  done: true,
  error: true,
  closing: true,
};

/** The message in a frame; undefined when it is not JSON or of a type unknown to this page. */
export function parseServerMessage(text: string): ServerMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isServerMessage(value) ? value : undefined;
}

function isServerMessage(value: unknown): value is ServerMessage {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  return typeof value.type === "string" && Object.hasOwn(SERVER_TYPES, value.type);
}
