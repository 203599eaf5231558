import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Attendance } from "../src/components/attendance.ts";
import { Start } from "../src/components/start/start.ts";
import type { RoomForm } from "../src/components/start/room-form.ts";
import { ApiError, type OrganisedRoom, type OrganiserApi, type RoomDraft } from "../src/organiser/api.ts";

const room = (part: Partial<OrganisedRoom> = {}): OrganisedRoom => ({
  id: "r1",
  kind: "consultation",
  title: "Chest pain",
  startsAt: 1_800_000_000,
  endsAt: 1_800_007_200,
  waitingRoom: false,
  links: [
    { site: "a", name: "Site A", role: "chair", url: "https://x/room/r1#t=1", expiresAt: 1, qr: "<svg/>" },
  ],
  ...part,
});

/** The server's rooms; `refuse` is what it says to the next draft. */
class FakeApi implements OrganiserApi {
  made: RoomDraft[] = [];
  refuse: ApiError | undefined;
  constructor(private kept: readonly OrganisedRoom[] = []) {}
  attendance = (id: string) => Promise.resolve(`attendance of ${id}`);
  rooms = () => Promise.resolve(this.kept);
  create = (draft: RoomDraft) => {
    if (this.refuse) return Promise.reject(this.refuse);
    this.made.push(draft);
    const made = room({ id: "new", title: draft.title });
    this.kept = [made, ...this.kept];
    return Promise.resolve(made);
  };
}

async function open(api?: OrganiserApi): Promise<Start> {
  const start = new Start();
  start.api = api;
  document.body.append(start);
  await settle(start);
  return start;
}

async function settle(start: Start): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await start.updateComplete;
}

const words = (root: Element | ShadowRoot | null | undefined): string =>
  root?.textContent.replace(/\s+/g, " ") ?? "";

const formOf = (start: Start) => start.shadowRoot?.querySelector<RoomForm>("tp-room-form")?.shadowRoot;

function type(root: ShadowRoot | null | undefined, id: string, value: string): void {
  const input = root?.querySelector<HTMLInputElement>(`[id="${id}"]`);
  if (!input) throw new Error(`no field ${id}`);
  input.value = value;
  input.dispatchEvent(new Event("input"));
}

const submit = (root: ShadowRoot | null | undefined) =>
  root?.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));

beforeEach(() => sessionStorage.clear());
afterEach(() => document.body.replaceChildren());

describe("the start page", () => {
  it("says to a stranger what this is, and nothing of rooms", async () => {
    const start = await open();
    expect(words(start.shadowRoot)).toContain("open the link that your hospital was sent");
    expect(start.shadowRoot?.querySelector("tp-room-form, tp-room-card")).toBeNull();
  });

  it("lists an organiser's meetings with state and links", async () => {
    const start = await open(new FakeApi([room({ state: "open", members: 3, audience: 0 })]));
    const card = start.shadowRoot?.querySelector("tp-room-card")?.shadowRoot;
    expect(words(card)).toContain("Open · 3 inside");
    const link = card?.querySelector("tp-site-link")?.shadowRoot;
    expect(link?.querySelector("input")?.value).toBe("https://x/room/r1#t=1");
    link?.querySelector<HTMLElement>(".qr")?.click();
    await settle(start);
    expect(link?.querySelector("img")?.getAttribute("src")).toBe("data:image/svg+xml,%3Csvg%2F%3E");
  });

  it("gives an encoder the address and the token to be set up with, and no page", async () => {
    const url = "https://x:8443/room/r1#t=a.b-c";
    const links = [{ site: "e", name: "Theatre", role: "encoder", url, expiresAt: 1, qr: "<svg/>" }] as const;
    const start = await open(new FakeApi([room({ links })]));
    const card = start.shadowRoot?.querySelector("tp-room-card")?.shadowRoot;
    const link = card?.querySelector("tp-site-link")?.shadowRoot;
    expect([...(link?.querySelectorAll("input") ?? [])].map((field) => field.value)).toEqual([
      "https://x:8443/whip/r1",
      "a.b-c",
    ]);
    expect(link?.querySelectorAll(".copy")).toHaveLength(2);
    expect(link?.querySelector(".qr")).toBeNull();
  });

  it("saves who was in a meeting", async () => {
    const start = await open(new FakeApi([room({ state: "ended" })]));
    const card = start.shadowRoot?.querySelector("tp-room-card")?.shadowRoot;
    const button = card?.querySelector<Attendance>("tp-attendance");
    const saved: unknown[] = [];
    if (button) button.save = (...file) => void saved.push(file);
    button?.shadowRoot?.querySelector<HTMLElement>("wa-button")?.click();
    await settle(start);
    expect(saved).toEqual([["attendance-r1.csv", "attendance of r1", "text/csv"]]);
  });

  it("makes a meeting and opens its links", async () => {
    const api = new FakeApi();
    const start = await open(api);
    const form = formOf(start);
    type(form, "title", "Ward round");
    type(form, "sites.0.name", "Zhengzhou");
    submit(form);
    await settle(start);
    expect(api.made).toMatchObject([{ title: "Ward round", sites: [{ site: "zhengzhou", role: "chair" }] }]);
    expect(start.shadowRoot?.querySelector("tp-room-card[fresh]")).not.toBeNull();
  });

  it("asks nothing of the server while a field is empty, and says which", async () => {
    const api = new FakeApi();
    const start = await open(api);
    submit(formOf(start));
    await settle(start);
    expect(api.made).toEqual([]);
    expect(formOf(start)?.querySelector("#title")?.getAttribute("aria-invalid")).toBe("true");
    expect(words(formOf(start))).toContain("Please fill this in.");
  });

  it("shows the server's refusal at its field", async () => {
    const api = new FakeApi();
    api.refuse = new ApiError("invalid", "Longer than the server keeps.", "endsAt");
    const start = await open(api);
    type(formOf(start), "title", "Ward round");
    type(formOf(start), "sites.0.name", "Zhengzhou");
    submit(formOf(start));
    await settle(start);
    expect(words(formOf(start)?.querySelector("#ends-fault"))).toContain("Longer than the server keeps.");
  });

  it("makes a stranger of an organiser whose link has expired, and tells why", async () => {
    const api = new FakeApi();
    api.rooms = () => Promise.reject(new ApiError("token", "expired"));
    sessionStorage.setItem("telepresence.organiser", "old");
    const start = await open(api);
    expect(words(start.shadowRoot)).toContain("no longer valid");
    expect(sessionStorage.getItem("telepresence.organiser")).toBeNull();
  });
});
