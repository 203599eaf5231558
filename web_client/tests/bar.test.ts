import { describe, expect, it } from "vitest";
import { emptyState, type AppState } from "../src/app/store.ts";
import { barHidden } from "../src/bar-state.ts";
import { Story } from "./fake-server.ts";

const { session } = new Story().joins();
const still: AppState = { ...emptyState, session, now: 10_000 };
const attention = { movedAt: 6_000, inBar: false };

describe("the bar", () => {
  it("hides after 4 s without a move", () => {
    expect(barHidden(still, attention)).toBe(true);
    expect(barHidden({ ...still, now: 9_900 }, attention)).toBe(false);
    expect(barHidden(still, { ...attention, inBar: true })).toBe(false);
  });

  it.each<[string, Partial<AppState>]>([
    ["a lost socket", { session: { ...session, lostAt: 1_000 } }],
    [
      "lost media",
      { session: { ...session, mediaTrouble: { direction: "down", reached: true, reason: "" } } },
    ],
    ["sound that is blocked", { sound: "blocked" }],
    ["news", { told: [{ id: 1, news: { type: "back" }, at: 9_000 }] }],
    ["a camera's trouble", { own: { ...still.own, video: { ...still.own.video, trouble: "busy" } } }],
  ])("stays beside %s", (_, part) => {
    expect(barHidden({ ...still, ...part }, attention)).toBe(false);
  });
});
