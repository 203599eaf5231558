/**
 * What each role may do, as far as the page draws by it: the server decides.
 *
 * Source: signaling/protocol.md, "Roles and rights".
 */
import type { Role } from "../protocol.gen.ts";

/**
 * `publish`: is seen and heard. `ask`: writes questions. `desk`: admits, removes, locks. `direct`: mutes others, asks them to
 * open, chooses the large picture, lowers hands, ends. `stage`: answers questions, promotes. `hand-on`: gives the chair away.
 */
export type Right = "watch" | "publish" | "ask" | "record" | "desk" | "direct" | "stage" | "hand-on";

const SEAT: readonly Right[] = ["watch", "publish", "ask"];
const DIRECTOR: readonly Right[] = [...SEAT, "record", "direct", "stage"];

const RIGHTS: Readonly<Record<Role, readonly Right[]>> = {
  audience: ["watch", "ask"],
  member: SEAT,
  guest: SEAT,
  presenter: DIRECTOR,
  moderator: [...DIRECTOR, "desk"],
  chair: [...DIRECTOR, "desk", "hand-on"],
  organiser: [...DIRECTOR, "desk", "hand-on"],
  recorder: ["watch", "record"],
  encoder: ["publish"],
  admin: [],
};

export const may = (role: Role | undefined, right: Right): boolean =>
  role !== undefined && RIGHTS[role].includes(right);
