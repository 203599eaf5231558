import { afterEach, describe, expect, it } from "vitest";
import { Orders } from "../src/app/orders.ts";
import { SiteRow } from "../src/components/site-row.ts";
import { newsWords, spokenOf } from "../src/i18n/words-news.ts";
import type { Role } from "../src/protocol.gen.ts";
import type { Order } from "../src/session/state.ts";
import { isMirror } from "../src/media/feeds.ts";
import { missing, sitesIn } from "../src/session/sites.ts";
import { member, ROOM, slot, Story } from "./fake-server.ts";

const device = (participant: string, site: string) => ({ ...member(participant, site, "camera"), site });

describe("the list of sites", () => {
  it("has each site once with its devices, one's own first, the others as they came", () => {
    const members = [
      device("a", "Xixia"),
      device("b", "Nanyang"),
      device("a2", "Xixia"),
      device("me", "Own"),
    ];
    const { session } = new Story().joins({ members });
    expect(sitesIn(session).map(({ site, members: own }) => [site, own.length])).toEqual([
      ["Own", 1],
      ["Xixia", 2],
      ["Nanyang", 1],
    ]);
  });

  it("misses who was invited and is neither here, waiting nor sent out; nobody misses an audience", () => {
    const invited = (site: string, role: "member" | "audience" = "member") =>
      ({ site, name: site, role, reach: "untested" }) as const;
    const { session } = new Story().joins({
      role: "chair",
      room: { ...ROOM, chair: "me" },
      members: [device("a", "here"), device("me", "own")],
      waiting: [{ participant: "w", site: "waiting", name: "Waiting", since: 1 }],
      removed: [{ site: "sent-out", name: "Sent out" }],
      sites: ["here", "own", "waiting", "sent-out", "late"]
        .map((site) => invited(site))
        .concat([invited("crowd", "audience")]),
    });
    expect(missing(session).map(({ site }) => site)).toEqual(["late"]);
  });
});

describe("what is spoken", () => {
  it("is who speaks, not oneself, and what is paused", () => {
    const story = new Story().joins();
    story.says({ type: "slots", slots: [slot(0, "bot", "clip"), slot(1, "bot", "chart")] });
    expect(spokenOf({ session: story.session })).toBe("");
    story.says({ type: "speaker", participant: "bot", source: "clip" });
    story.says({ type: "paused", slots: [0, 1] });
    expect(spokenOf({ session: story.session })).toBe("Bot speaks. Paused by your link: Bot");
    story.says({ type: "speaker", participant: "me", source: "camera" });
    expect(spokenOf({ session: story.session })).toBe("Paused by your link: Bot");
  });

  it("says who closed one's microphone, and that only oneself opens it", () => {
    const words = newsWords({ type: "muted-by", by: "Henan", kind: "audio" });
    expect(words).toBe("Henan has switched your microphone off. Only you can switch it on again.");
  });
});

describe("the own picture", () => {
  it("is a mirror for faces, and never for a monitor", () => {
    expect(isMirror("camera", "consult")).toBe(true);
    expect(isMirror("camera", "ultrasound")).toBe(false);
    expect(isMirror("camera-2", "consult")).toBe(false);
  });
});

describe("the chair's buttons", () => {
  class Noted extends Orders {
    readonly orders: Order[] = [];
    protected order(order: Order): void {
      this.orders.push(order);
    }
  }

  afterEach(() => document.body.replaceChildren());

  async function rowOf(role: Role) {
    const muted = { mid: "0", muted: true, live: true };
    const other = { ...member("e", "Theatre", "encoder"), role };
    const sources = other.sources.map((source) => ({
      ...source,
      audio: muted,
      video: { ...muted, mid: "1" },
    }));
    const row = new SiteRow();
    const controller = new Noted();
    row.controller = controller as never;
    row.session = new Story().joins({ role: "chair", room: { ...ROOM, chair: "me" } }).session;
    row.group = { site: "e", name: "Theatre", members: [{ ...other, sources }] };
    document.body.append(row);
    await row.updateComplete;
    const press = (which: string) => {
      for (const button of row.shadowRoot?.querySelectorAll<HTMLElement>(which) ?? []) button.click();
    };
    return { press, orders: controller.orders };
  }

  it("forward an encoder's tracks again, and ask nobody: there is no person before it", async () => {
    const { press, orders } = await rowOf("encoder");
    press(".ask-for");
    expect(orders).toEqual([]);
    press(".forward");
    expect(orders).toEqual([
      { type: "mute-other", participant: "e", mid: "0", muted: false },
      { type: "mute-other", participant: "e", mid: "1", muted: false },
    ]);
  });

  it("ask a person, and open nothing of theirs", async () => {
    const { press, orders } = await rowOf("member");
    press(".forward");
    expect(orders).toEqual([]);
    press(".ask-for");
    expect(orders.map(({ type }) => type)).toEqual(["ask-for", "ask-for"]);
  });

  it("let 1,200 in by messages that the server takes", () => {
    const desk = new Noted();
    desk.admit(Array.from({ length: 1_200 }, (_, index) => `p${index}`));
    desk.admit([]);
    const sizes = desk.orders.map((order) => order.type === "admit" && order.participants.length);
    expect(sizes).toEqual([500, 500, 200]);
  });
});
