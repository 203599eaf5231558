import { describe, expect, it } from "vitest";
import { advance, roundTripIn, type Finding, type Sign } from "../src/session/probe.ts";
import { OFFER } from "./fake-server.ts";

const tested: Sign = {
  type: "message",
  message: { type: "tested", re: 1, sdp: OFFER, title: "Chest pain", kind: "consultation" },
};
const connection = (state: "connected" | "failed"): Sign => ({
  type: "message",
  message: { type: "connection", direction: "up", state, reason: "" },
});
const room = { title: "Chest pain", kind: "consultation" };

const after = (...signs: Sign[]): Finding =>
  signs.reduce<Finding>((finding, sign) => advance(finding, sign), { state: "running" });

describe("the test at the door", () => {
  it("reaches the media port, and knows which room the link opens", () => {
    expect(after(tested)).toMatchObject({ state: "running", room });
    expect(after(tested, connection("connected"))).toEqual({ state: "reached", room });
  });

  it("tells the address to allow where the media does not get through", () => {
    const blocked = { state: "blocked", room, address: { host: "192.0.2.7", port: 40_000 } };
    expect(after(tested, connection("failed"))).toEqual(blocked);
    expect(after(tested, { type: "late" })).toEqual(blocked);
  });

  it("tells an expired link before anybody presses Join", () => {
    const error = { type: "error", code: "token-expired", message: "Ended on Monday.", re: 1 } as const;
    const refused = { state: "refused", code: "token-expired", message: "Ended on Monday." };
    expect(after({ type: "message", message: error })).toEqual(refused);
    expect(after({ type: "message", message: error }, { type: "socket-closed" })).toEqual(refused);
  });

  it("tells a server that does not answer", () => {
    expect(after({ type: "socket-closed" })).toEqual({ state: "unreachable" });
    expect(after({ type: "late" })).toEqual({ state: "unreachable" });
  });

  it("measures the round trip of the pair in use", () => {
    const waiting = { type: "candidate-pair", state: "waiting" };
    const used = { type: "candidate-pair", state: "succeeded", currentRoundTripTime: 0.0238 };
    expect(roundTripIn([{ type: "transport" }, waiting, used])).toBe(24);
    expect(roundTripIn([waiting])).toBeUndefined();
  });
});
