import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Controller } from "../src/app/controller.ts";
import type { Joined } from "../src/protocol.gen.ts";
import type { ClientMessage, ServerMessage } from "../src/protocol.ts";
import type { Happening } from "../src/session/state.ts";
import { joinedAnswer, member, OFFER } from "./fake-server.ts";

/** As much of a peer connection as the controller's ways need. */
class Peer {
  connectionState = "new";
  localDescription = { sdp: "v=0\r\n" };
  #count = 0;
  addTransceiver = () => ({
    mid: String(this.#count++),
    setCodecPreferences: () => undefined,
    sender: {
      replaceTrack: () => Promise.resolve(),
      getParameters: () => ({ encodings: [{}, {}, {}] }),
      setParameters: () => Promise.resolve(),
    },
  });
  createOffer = () => Promise.resolve({});
  setLocalDescription = () => Promise.resolve();
  setRemoteDescription = () => Promise.resolve();
  getStats = () => Promise.resolve(new Map());
  close = () => undefined;
}

const wake = vi.fn(() => Promise.resolve());

class Quiet {
  state = "suspended";
  resume = wake;
  createAnalyser = () => ({ getFloatTimeDomainData: () => undefined });
  createMediaStreamSource = () => ({ connect: () => undefined });
  close = () => Promise.resolve();
}

const stopped = vi.fn();
const track = { enabled: true, stop: stopped, getSettings: () => ({}) };
/** Answers a request for a device; none is there until the person allows it. */
let allow: () => void = () => undefined;
let asked = 0;

beforeEach(() => {
  vi.useFakeTimers();
  sessionStorage.clear();
  asked = 0;
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("RTCPeerConnection", Peer);
  vi.stubGlobal("RTCRtpReceiver", { getCapabilities: () => null });
  vi.stubGlobal("AudioContext", Quiet);
  // The test at the door has a socket of its own, which stays silent here.
  vi.stubGlobal(
    "WebSocket",
    class {
      close = () => undefined;
    },
  );
  vi.stubGlobal("MediaStream", Object);
  const getUserMedia = () =>
    new Promise((resolve) => {
      asked += 1;
      const tracks = () => [track];
      allow = () => resolve({ getTracks: tracks, getAudioTracks: tracks, getVideoTracks: tracks });
    });
  const mediaDevices = {
    getUserMedia,
    enumerateDevices: () => Promise.resolve([]),
    addEventListener: vi.fn(),
  };
  vi.stubGlobal("navigator", { mediaDevices });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A page, and the socket in the test's hands. */
function open(watchesOnly = false) {
  const sent: ClientMessage[] = [];
  let happened: (happening: Happening) => void = () => undefined;
  const controller = new Controller((hear) => {
    happened = hear;
    return { open: () => undefined, send: (message) => void sent.push(message), close: () => undefined };
  }, sessionStorage);
  controller.begin({ room: "demo", token: "t", siteName: "Xixia", watchesOnly });
  const settle = () => vi.advanceTimersByTimeAsync(0);
  const says = async (message: ServerMessage) => {
    happened({ type: "message", message });
    await settle();
  };
  const last = (type: ClientMessage["type"]) =>
    sent.findLast((message) => message.type === type)?.request ?? -1;
  return { controller, sent, says, last, settle, happens: (happening: Happening) => happened(happening) };
}

async function inside(page: ReturnType<typeof open>, part: Partial<Joined> = {}): Promise<void> {
  page.controller.join();
  page.happens({ type: "socket-open" });
  await page.says(joinedAnswer(page.last("join"), part));
  await page.says({ type: "offer", generation: 1, sdp: OFFER });
  await page.says({ type: "done", re: page.last("answer") });
}

describe("the page", () => {
  it("publishes a camera that was allowed while the socket was lost, once it is back", async () => {
    const page = open();
    await inside(page);
    page.happens({ type: "socket-closed" });
    allow();
    await page.settle();
    expect(page.sent.map((message) => message.type)).not.toContain("publish");
    page.happens({ type: "socket-open" });
    await page.says(joinedAnswer(page.last("join"), { resumed: true }));
    expect(page.sent.findLast((message) => message.type === "join")).toMatchObject({ slots: 0 });
    expect(page.sent.at(-1)).toMatchObject({ type: "publish", tracks: [{ muted: false }, { muted: false }] });
  });

  it("publishes again what was not answered before the socket was lost", async () => {
    const page = open();
    await inside(page);
    allow();
    await page.settle();
    const first = page.last("publish");
    page.happens({ type: "socket-closed" });
    page.happens({ type: "socket-open" });
    await page.says(joinedAnswer(page.last("join"), { resumed: true }));
    expect(first).toBeGreaterThan(0);
    expect(page.last("publish")).toBeGreaterThan(first);
  });

  it("sends a publish again a second after it was one message too many", async () => {
    const page = open();
    await inside(page);
    allow();
    await page.settle();
    const first = page.last("publish");
    await page.says({ type: "error", code: "too-many", message: "Wait a second.", re: first });
    expect(page.last("publish")).toBe(first);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(page.last("publish")).toBeGreaterThan(first);
  });

  it("wakes the level meter by a key as by a touch", async () => {
    const page = open();
    allow();
    await page.settle();
    wake.mockClear();
    dispatchEvent(new Event("keydown"));
    expect(wake).toHaveBeenCalled(); // by each page that the tests before left open, too
  });

  it("of an audience opens no device, not even by key, until it is on the stage", async () => {
    const page = open(true);
    await inside(page, { role: "audience", members: [member("bot", "Bot", "clip")] });
    await page.controller.toggle("video");
    expect(asked).toBe(0);
    await page.says({ type: "member", member: member("late", "Late", "camera") });
    expect(page.sent.map((message) => message.type)).toEqual(["join", "answer"]);
    await page.says({ type: "asked", wish: "stage", by: "Presenter", participant: "me" });
    page.controller.answer({ wish: "stage", by: "Presenter", participant: "me" }, true);
    expect(page.sent.at(-1)).toMatchObject({ type: "consent", accepted: true });
    expect(asked).toBe(0);
    await page.says({ type: "role", role: "member" });
    expect(asked).toBe(1);
    allow();
    await page.settle();
    expect(page.last("publish")).toBeGreaterThan(0);
    stopped.mockClear();
    await page.says({ type: "role", role: "audience" });
    expect(stopped).toHaveBeenCalled();
    expect(page.controller.store.state.own.video.track).toBeUndefined();
  });

  it("switches off what was on the stage when its seat is lost: there is no button for it any more", async () => {
    const page = open(true);
    await inside(page, { role: "member" });
    allow();
    await page.settle();
    void page.controller.addCamera("d", { label: "", profile: "consult" });
    await page.settle();
    allow();
    await page.settle();
    expect(page.controller.store.state.extras[0]?.video).toBeDefined();
    page.happens({ type: "socket-closed" });
    page.happens({ type: "socket-open" });
    stopped.mockClear();
    await page.says(joinedAnswer(page.last("join"), { resumed: false, role: "audience" }));
    expect(stopped).toHaveBeenCalledTimes(3);
    expect(page.controller.store.state).toMatchObject({ extras: [], own: { video: { track: undefined } } });
    expect(page.controller.store.state.own.audio.track).toBeUndefined();
  });

  it.each([
    [false, true],
    [true, false],
  ])(
    "keeps no second camera in the waiting room that it falls back to (audience: %s)",
    async (audience, on) => {
      const page = open(audience);
      await inside(page, { role: "member" });
      allow();
      await page.settle();
      void page.controller.addCamera("d", { label: "", profile: "consult" });
      await page.settle();
      allow();
      await page.settle();
      page.happens({ type: "socket-closed" });
      page.happens({ type: "socket-open" });
      const re = page.last("join");
      const told = {
        version: 1,
        participant: "me",
        resume: "s".repeat(22),
        title: "T",
        kind: "consultation",
      } as const;
      await page.says({ type: "waiting", re, ...told, chair: null });
      const { extras, own, session } = page.controller.store.state;
      expect(extras).toEqual([]);
      expect(own.video.track !== undefined).toBe(on);
      expect(session?.phase).toBe("waiting");
    },
  );
});
