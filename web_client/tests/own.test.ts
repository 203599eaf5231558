import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { OwnMedia } from "../src/media/own.ts";

/** A camera whose light is on until its track is stopped. */
function camera(deviceId: string) {
  const track = {
    enabled: true,
    lit: true,
    onended: null as unknown,
    getSettings: () => ({ deviceId }),
    stop: () => void (track.lit = false),
  };
  return track;
}

type Camera = ReturnType<typeof camera>;

const tab = (): Storage => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  return storage as unknown as Storage;
};

/** Requests for a device, answered when the story says so. */
let asked: ((track: Camera) => void)[] = [];

beforeEach(() => {
  asked = [];
  vi.stubGlobal("isSecureContext", true);
  const getUserMedia = () =>
    new Promise((resolve) => {
      asked.push((track) => {
        const tracks = [track];
        resolve({ getTracks: () => tracks, getVideoTracks: () => tracks, getAudioTracks: () => [] });
      });
    });
  const mediaDevices = {
    getUserMedia,
    enumerateDevices: () => Promise.resolve([]),
    addEventListener: vi.fn(),
  };
  vi.stubGlobal("navigator", { mediaDevices });
});

afterEach(() => vi.unstubAllGlobals());

describe("the own camera", () => {
  it("is one: of two quick choices the first goes out, in whatever order they come", async () => {
    const own = new OwnMedia(tab(), () => undefined);
    const [first, second] = [camera("first"), camera("second")];
    const choices = [own.choose("video", "first"), own.choose("video", "second")];
    asked[1]?.(second);
    asked[0]?.(first);
    await Promise.all(choices);
    expect([first.lit, second.lit]).toEqual([false, true]);
    expect(own.get("video")).toMatchObject({ track: second, id: "second", opening: false });
  });

  it("goes out when another was opened beside it", async () => {
    const own = new OwnMedia(tab(), () => undefined);
    const [first, second] = [camera("first"), camera("second")];
    const opened = own.open();
    asked[0]?.(first);
    await opened;
    const chosen = own.choose("video", "second");
    asked.at(-1)?.(second);
    await chosen;
    expect([first.lit, second.lit]).toEqual([false, true]);
  });

  it("stays out when it comes after the person has left", async () => {
    const own = new OwnMedia(tab(), () => undefined);
    const late = camera("late");
    const chosen = own.choose("video", "late");
    own.release();
    asked[0]?.(late);
    await chosen;
    expect(late.lit).toBe(false);
    expect(own.get("video").track).toBeUndefined();
    expect(own.get("video").opening).toBe(false);
  });
});
