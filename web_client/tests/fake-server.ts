/**
 * A signaling server in memory, and the world around one session: what the page sends is checked against the schema,
 * what the server says is fed to the machine, and time is a number.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import type { Joined, Member, RoomInfo, Slot } from "../src/protocol.gen.ts";
import type { ClientMessage, ServerMessage } from "../src/protocol.ts";
import { step } from "../src/session/machine.ts";
import { atTheDoor, type Effect, type Happening, type Session } from "../src/session/state.ts";

const schema = JSON.parse(
  readFileSync(resolve(import.meta.dirname, "../../signaling/schema.json"), "utf8"),
) as object;
const ajv = new Ajv2020({ strict: false });
ajv.addSchema(schema, "signaling");
const valid = ajv.compile({ $ref: "signaling#/$defs/ClientMessage" });

export const RESUME = "Jx0vP3mQ8sT1wZ5yB7cD9g";

export function member(participant: string, name: string, ...sources: string[]): Member {
  return {
    participant,
    site: participant,
    name,
    role: "member",
    presence: "here",
    heads: 0,
    recording: false,
    promoted: false,
    sources: sources.map((id) => ({
      id,
      label: "",
      profile: "consult",
      audio: { mid: "0", muted: false, live: true },
      video: { mid: "1", muted: false, live: true },
    })),
  };
}

export const ROOM: RoomInfo = {
  id: "demo",
  kind: "consultation",
  title: "Chest pain",
  codecs: ["opus", "vp8", "h264"],
  startsAt: null,
  endsAt: null,
  waitingRoom: false,
  locked: false,
  chair: null,
  spotlight: null,
};

/** The microphone of the camera's source, as the page offers it. */
export const VOICE = {
  mid: "0",
  kind: "audio",
  source: "camera",
  label: "",
  profile: "consult",
  muted: false,
} as const;

export function joinedAnswer(re: number, part: Partial<Joined> = {}): Joined {
  return {
    type: "joined",
    re,
    version: 1,
    participant: "me",
    resume: RESUME,
    resumed: false,
    role: "member",
    room: ROOM,
    members: [member("bot", "Bot", "clip", "chart"), member("me", "Xixia")],
    audience: 0,
    hand: false,
    waiting: [],
    sites: [],
    removed: [],
    hands: [],
    questions: [],
    chat: [],
    asked: [],
    iceServers: [],
    slots: 12,
    speaker: null,
    ...part,
  };
}

export const slot = (index: number, participant: string | null, source: string | null): Slot => ({
  index,
  participant,
  source,
});

export const OFFER =
  "v=0\r\na=candidate:1 1 udp 2130706431 192.0.2.7 40000 typ host\r\na=candidate:2 1 udp 1 192.0.2.8 4 typ host\r\n";

/** One page and its server. `effects` and `sent` hold what came since they were last taken. */
export class Story {
  session: Session;
  now = 0;
  #effects: Effect[] = [];

  constructor(resume?: string) {
    this.session = atTheDoor("token", 12, resume);
  }

  happens(happening: Happening): this {
    const next = step(this.session, happening, { now: this.now, random: 0.5 });
    this.session = next.session;
    this.#effects.push(...next.effects);
    return this;
  }

  says(message: ServerMessage): this {
    return this.happens({ type: "message", message });
  }

  /** Through the door and in. */
  joins(part: Partial<Joined> = {}): this {
    this.happens({ type: "join-pressed" }).happens({ type: "socket-open" });
    return this.answersJoin(part);
  }

  /** The server offers, the page answers, and the server takes it: the down connection is there. */
  watches(): this {
    this.says({ type: "offer", generation: 1, sdp: OFFER });
    this.happens({ type: "answer-made", generation: 1, sdp: "v=0\r\n" });
    return this.says({ type: "done", re: this.sent("answer")[0]?.request ?? -1 });
  }

  /** The page offers what it sends; the server has not answered yet. */
  offers(): this {
    return this.happens({ type: "offer-made", sdp: "v=0\r\n", tracks: [VOICE], restart: false });
  }

  publishes(): this {
    const [publish] = this.offers().sent("publish");
    return this.says({ type: "published", re: publish?.request ?? -1, sdp: "v=0\r\n" });
  }

  /** The socket is lost, and another one is open. */
  reconnects(): this {
    return this.happens({ type: "socket-closed" }).happens({ type: "socket-open" });
  }

  answersJoin(part: Partial<Joined> = {}): this {
    const [join] = this.sent("join");
    return this.says(joinedAnswer(join?.request ?? -1, part));
  }

  /** The effects so far, which are then forgotten. */
  takeEffects(): Effect[] {
    const taken = this.#effects;
    this.#effects = [];
    return taken;
  }

  /** The messages of a type that were sent and not taken yet; each keeps to the schema. */
  sent<T extends ClientMessage["type"]>(type: T): Extract<ClientMessage, { type: T }>[] {
    const messages = this.#effects.flatMap((effect) => (effect.type === "send" ? effect.message : []));
    for (const message of messages) {
      if (!valid(message)) throw new Error(`not valid: ${JSON.stringify(valid.errors)}`);
    }
    this.#effects = this.#effects.filter((effect) => effect.type !== "send");
    return messages.filter((message) => message.type === type) as Extract<ClientMessage, { type: T }>[];
  }

  kinds(): string[] {
    return this.takeEffects().map((effect) => effect.type);
  }
}
