import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AGAIN_MS, watchLife, WAVER_MS } from "../src/media/life.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched() {
  const pc = { connectionState: "connected", onconnectionstatechange: null as (() => void) | null };
  const heard: string[] = [];
  const stop = watchLife(pc as unknown as RTCPeerConnection, {
    wavers: () => heard.push("wavers"),
    failed: () => heard.push("failed"),
  });
  const turns = (state: string) => {
    pc.connectionState = state;
    pc.onconnectionstatechange?.();
  };
  return { heard, stop, turns };
}

describe("a peer connection", () => {
  it("wavers once it had no packets for two seconds, and again while that lasts", () => {
    const { heard, turns } = watched();
    turns("disconnected");
    vi.advanceTimersByTime(WAVER_MS - 1);
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(1);
    turns("connecting");
    vi.advanceTimersByTime(AGAIN_MS);
    expect(heard).toEqual(["wavers", "wavers"]);
    turns("connected");
    vi.advanceTimersByTime(60_000);
    expect(heard).toHaveLength(2);
  });

  it("that comes back by itself is left alone", () => {
    const { heard, turns } = watched();
    turns("disconnected");
    vi.advanceTimersByTime(WAVER_MS / 2);
    turns("connected");
    vi.advanceTimersByTime(60_000);
    expect(heard).toEqual([]);
  });

  it("is dead when the browser says so, and watched no more once it is closed", () => {
    const { heard, stop, turns } = watched();
    turns("disconnected");
    turns("failed");
    vi.advanceTimersByTime(60_000);
    expect(heard).toEqual(["failed"]);
    stop();
    turns("failed");
    expect(heard).toHaveLength(1);
  });
});
