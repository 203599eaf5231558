/**
 * The organiser's rooms over HTTP: `GET` and `POST /api/rooms`, and the attendance of one.
 *
 * Before it is the organiser's token (token.ts) and a draft (draft.ts); after it, the start page. Answers are this
 * server's own and are taken as they are; what is checked is whether there is an answer at all.
 */
import type { Profile, Role, RoomKind } from "../protocol.gen.ts";

export interface SiteDraft {
  readonly site: string;
  readonly name: string;
  readonly role: Role;
  readonly label?: string;
  readonly profile?: Profile;
}

/** Times are seconds since 1970, UTC. */
export interface RoomDraft {
  readonly kind: RoomKind;
  readonly title: string;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly waitingRoom: boolean;
  readonly h264: boolean;
  readonly sites: readonly SiteDraft[];
}

export interface SiteLink {
  readonly site: string;
  readonly name: string;
  readonly role: Role;
  readonly url: string;
  readonly expiresAt: number;
  /** An SVG picture, as text. */
  readonly qr: string;
}

export interface OrganisedRoom {
  readonly id: string;
  readonly kind: RoomKind;
  readonly title: string;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly waitingRoom: boolean;
  readonly links: readonly SiteLink[];
  readonly state?: "planned" | "open" | "ended";
  readonly members?: number;
  readonly audience?: number;
}

/** The server's refusal, or `unreachable`. `field` names what it is about, such as `title` or `sites.2.role`. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly field?: string,
  ) {
    super(message);
  }
}

export interface OrganiserApi {
  rooms(): Promise<readonly OrganisedRoom[]>;
  create(draft: RoomDraft): Promise<OrganisedRoom>;
  /** Who was there, as CSV: to the organiser and to bearers of the room's chair link. */
  attendance(room: string): Promise<string>;
}

export class HttpApi implements OrganiserApi {
  constructor(
    private readonly token: string,
    private readonly fetching: typeof fetch = (...request) => fetch(...request),
  ) {}

  async rooms(): Promise<readonly OrganisedRoom[]> {
    const { rooms } = (await (await this.#ask("/api/rooms", "GET")).json()) as {
      rooms: readonly OrganisedRoom[];
    };
    return rooms;
  }

  async create(draft: RoomDraft): Promise<OrganisedRoom> {
    return (await (await this.#ask("/api/rooms", "POST", draft)).json()) as OrganisedRoom;
  }

  async attendance(room: string): Promise<string> {
    return (await this.#ask(`/api/rooms/${encodeURIComponent(room)}/attendance.csv`, "GET")).text();
  }

  async #ask(path: string, method: string, draft?: RoomDraft): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, "content-type": "application/json" };
    const body = draft && { body: JSON.stringify(draft) };
    const response = await this.#send(path, { method, headers, cache: "no-store", ...body });
    if (response.ok) return response;
    throw await refusalIn(response);
  }

  async #send(path: string, request: RequestInit): Promise<Response> {
    try {
      return await this.fetching(path, request);
    } catch {
      throw new ApiError("unreachable", "");
    }
  }
}

/** A proxy's page has no code of ours: then the status is the code. */
async function refusalIn(response: Response): Promise<ApiError> {
  const answer: unknown = await response.json().catch(() => undefined);
  const fields = typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>) : {};
  const text = (name: string) => (typeof fields[name] === "string" ? fields[name] : undefined);
  const code = response.status === 401 ? "token" : (text("code") ?? String(response.status));
  return new ApiError(code, text("message") ?? response.statusText, text("field"));
}
