import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Extras, feedOf, MOST_EXTRAS, type Extra } from "../src/media/extras.ts";
import type { Feed } from "../src/media/feeds.ts";
import { MediaPair } from "../src/media/pair.ts";
import type { Happening } from "../src/session/state.ts";

type Layers = { active: boolean; maxBitrate: number }[];

/** A transceiver that remembers what it sends. */
class Transceiver {
  stopped = false;
  layers: Layers;
  constructor(
    readonly mid: string,
    init: { sendEncodings?: Layers } = {},
  ) {
    this.layers = init.sendEncodings ?? [];
  }
  setCodecPreferences = () => undefined;
  stop(): void {
    this.stopped = true;
  }
  readonly sender = {
    replaceTrack: () => Promise.resolve(),
    getParameters: () => ({ encodings: this.layers }),
    setParameters: ({ encodings }: { encodings: Layers }) => Promise.resolve(void (this.layers = encodings)),
  };
}

class Peer {
  /** The up connection is the first that a pair makes. */
  static made: Peer[] = [];
  connectionState = "new";
  localDescription = { sdp: "v=0\r\n" };
  readonly transceivers: Transceiver[] = [];
  constructor() {
    Peer.made.push(this);
  }
  addTransceiver = (_kind: string, init: object) => {
    const transceiver = new Transceiver(String(this.transceivers.length), init);
    this.transceivers.push(transceiver);
    return transceiver;
  };
  createOffer = () => Promise.resolve({});
  setLocalDescription = () => Promise.resolve();
  setRemoteDescription = () => Promise.resolve();
  close = () => undefined;
}

const track = (width = 1280, height = 720) =>
  ({
    contentHint: "",
    readyState: "live",
    stop: vi.fn(),
    onended: null,
    getSettings: () => ({ width, height, deviceId: "d" }),
  }) as unknown as MediaStreamTrack;

beforeEach(() => {
  Peer.made = [];
  vi.stubGlobal("RTCPeerConnection", Peer);
  vi.stubGlobal("RTCRtpReceiver", { getCapabilities: () => null });
  vi.stubGlobal("isSecureContext", true);
});
afterEach(() => vi.unstubAllGlobals());

const line = (track: MediaStreamTrack | null, muted = track === null) => ({ track, muted });
const camera = (muted = false): Feed => ({
  source: "camera",
  label: "",
  profile: "consult",
  lines: { audio: line(track(), muted), video: line(track()) },
});
const second = (profile: Feed["profile"] = "ultrasound"): Feed => ({
  source: "camera-2",
  label: "Probe",
  profile,
  lines: { video: line(track()) },
});

/** A pair that publishes, and what it told the session. */
function pair() {
  const told: Happening[] = [];
  const media = new MediaPair((happening) => void told.push(happening));
  media.prepare();
  media.start([]);
  const offers = () =>
    told.flatMap((happening) =>
      happening.type === "offer-made"
        ? [happening.tracks.map(({ source, kind }) => `${source}/${kind}`)]
        : [],
    );
  return { media, told, offers, up: Peer.made[0] };
}

describe("own sources", () => {
  it("come and go by renegotiation, with lanes of their own", async () => {
    const { media, offers, up } = pair();
    await media.carry([camera()]);
    await media.takePublished("v=0\r\n");
    await media.carry([camera(), second()]);
    await media.takePublished("v=0\r\n");
    expect(media.taken).toEqual(["camera", "camera-2"]);
    await media.carry([camera()]);
    expect(offers()).toEqual([
      ["camera/audio", "camera/video"],
      ["camera/audio", "camera/video", "camera-2/video"],
      ["camera/audio", "camera/video"],
    ]);
    expect(up?.transceivers.map(({ stopped }) => stopped)).toEqual([false, false, true]);
  });

  it("are offered one after another: what changes before an answer is in the next offer", async () => {
    const { media, offers } = pair();
    await media.carry([camera()]);
    await media.carry([camera(), second()]);
    await media.carry([camera(), { ...second(), source: "camera-3" }]);
    expect(offers()).toHaveLength(1);
    await media.takePublished("v=0\r\n");
    expect(offers()[1]).toEqual(["camera/audio", "camera/video", "camera-3/video"]);
    expect(offers()).toHaveLength(2);
  });

  it("are told anew when only their name or purpose changed, and not when nothing did", async () => {
    const { media, told, offers } = pair();
    await media.carry([camera()]);
    await media.takePublished("v=0\r\n");
    await media.carry([camera()]);
    expect(offers()).toHaveLength(1);
    await media.carry([{ ...camera(), label: "Ward 3", profile: "surgery" }]);
    expect(told.at(-1)).toMatchObject({ tracks: [{ label: "Ward 3" }, { profile: "surgery" }] });
  });

  it("tell what is muted by message, once it was offered", async () => {
    const { media, told } = pair();
    await media.carry([camera()]);
    await media.takePublished("v=0\r\n");
    await media.carry([camera(true)]);
    expect(told.at(-1)).toEqual({ type: "muted", mid: "0", muted: true });
    await media.tellMutes();
    expect(told.slice(-2)).toEqual([
      { type: "muted", mid: "0", muted: true },
      { type: "muted", mid: "1", muted: false },
    ]);
  });

  it("are sent in the layers of their purpose, and hint at it", async () => {
    const { media, up } = pair();
    const probe = second();
    await media.carry([camera(), probe]);
    const rates = up?.transceivers[2]?.layers.map(({ maxBitrate }) => maxBitrate);
    expect(rates).toEqual([150_000, 1_000_000, 1_600_000]);
    expect(probe.lines.video?.track?.contentHint).toBe("motion");
  });

  it("are offered again by a new connection after a renewal", async () => {
    const { media, offers } = pair();
    await media.carry([camera()]);
    media.renewUp([]);
    expect(media.published).toBe(false);
    await media.carry([camera()]);
    expect(offers()).toHaveLength(2);
  });
});

describe("a second camera", () => {
  const about = { label: "Probe", profile: "ultrasound" } as const;
  let opens: (track: MediaStreamTrack | Error) => void;
  let constraints: unknown;

  beforeEach(() => {
    const getUserMedia = (wish: unknown) =>
      new Promise((resolve, reject) => {
        constraints = wish;
        opens = (got) => (got instanceof Error ? reject(got) : resolve({ getTracks: () => [got] }));
      });
    const getDisplayMedia = () =>
      Promise.resolve({ getVideoTracks: () => [shared], getAudioTracks: () => [shared] });
    vi.stubGlobal("navigator", { mediaDevices: { getUserMedia, getDisplayMedia } });
  });
  const shared = track();

  it("is stopped when it is switched off, and opened again", async () => {
    const extras = new Extras(() => undefined);
    const [first, next] = [track(), track()];
    const added = extras.addCamera("d", about);
    opens(first);
    await added;
    expect(extras.all[0]).toMatchObject({ id: "camera-2", video: first, ...about });
    await extras.switch("camera-2", false);
    expect(first.stop).toHaveBeenCalled();
    expect(feedOf(extras.all[0] as Extra).lines).toEqual({ video: { track: null, muted: true } });
    const again = extras.switch("camera-2", true);
    opens(next);
    await again;
    expect(extras.all[0]?.video).toBe(next);
  });

  it("goes out when it came after it was taken away", async () => {
    const extras = new Extras(() => undefined);
    const late = track();
    const added = extras.addCamera("d", about);
    extras.remove("camera-2");
    opens(late);
    await added;
    expect(late.stop).toHaveBeenCalled();
    expect(extras.all).toEqual([]);
  });

  it("stays and says what is wrong when it is busy or unplugged", async () => {
    const extras = new Extras(() => undefined);
    const added = extras.addCamera("d", about);
    opens(Object.assign(new Error("busy"), { name: "NotReadableError" }));
    await added;
    expect(extras.all[0]).toMatchObject({ trouble: "busy", opening: false });
    const again = extras.switch("camera-2", true);
    const got = track();
    opens(got);
    await again;
    got.onended?.(new Event("ended"));
    expect(extras.all[0]).toMatchObject({ trouble: "absent", video: undefined });
  });

  it("may be a stethoscope, whose sound nothing cleans", async () => {
    const extras = new Extras(() => undefined);
    const added = extras.addSound("d", { label: "Heart", profile: "stethoscope" });
    opens(track());
    await added;
    expect(constraints).toMatchObject({
      audio: { noiseSuppression: false, echoCancellation: false, autoGainControl: false },
    });
    expect(Object.keys(feedOf(extras.all[0] as Extra).lines)).toEqual(["audio"]);
  });

  it("is the one that was chosen while the first was opened", async () => {
    const extras = new Extras(() => undefined);
    const [first, second] = [track(), track()];
    const added = extras.addCamera("first", about);
    const opensFirst = opens;
    const chosen = extras.choose("camera-2", "second");
    expect(constraints).toMatchObject({ video: { deviceId: { exact: "second" } } });
    opens(second);
    opensFirst(first);
    await Promise.all([added, chosen]);
    expect(first.stop).toHaveBeenCalled();
    expect(extras.all[0]).toMatchObject({ video: second, opening: false });
  });

  it("may be a screen with its sound, which is gone when the browser stops it", async () => {
    const extras = new Extras(() => undefined);
    expect(await extras.shareScreen()).toBeUndefined();
    await extras.shareScreen();
    expect(extras.all.map(({ id, profile }) => [id, profile])).toEqual([["screen", "screen"]]);
    expect(Object.keys(feedOf(extras.all[0] as Extra).lines)).toEqual(["video", "audio"]);
    shared.onended?.(new Event("ended"));
    expect(extras.all).toEqual([]);
  });

  it("may be a screen that is asked for once, however often one presses", async () => {
    const { extras, questions, gives } = asking();
    const presses = [extras.shareScreen(), extras.shareScreen()];
    gives(track());
    await Promise.all(presses);
    expect(questions()).toBe(1);
    expect(extras.all).toHaveLength(1);
  });

  it("may be a screen, which goes out when its bearer left while the browser asked", async () => {
    const { extras, gives } = asking();
    const late = track();
    const pressed = extras.shareScreen();
    extras.release();
    gives(late);
    expect(await pressed).toBeUndefined();
    expect(late.stop).toHaveBeenCalled();
    expect(extras.all).toEqual([]);
  });

  it("may be a screen, which goes out when cameras took all places while the browser asked", async () => {
    const { extras, gives } = asking();
    const late = track();
    const pressed = extras.shareScreen();
    for (let count = 0; count < MOST_EXTRAS; count += 1) void extras.addCamera("d", about);
    gives(late);
    await pressed;
    expect(late.stop).toHaveBeenCalled();
    expect(extras.all.map(({ what }) => what)).not.toContain("screen");
  });

  /** A browser whose question for a screen is answered when the story says so. */
  function asking() {
    let count = 0;
    let gives: (video: MediaStreamTrack) => void = () => undefined;
    const getDisplayMedia = () =>
      new Promise((resolve) => {
        count += 1;
        gives = (video) => resolve({ getVideoTracks: () => [video], getAudioTracks: () => [] });
      });
    const getUserMedia = () => new Promise(() => undefined);
    vi.stubGlobal("navigator", { mediaDevices: { getUserMedia, getDisplayMedia } });
    const extras = new Extras(() => undefined);
    return { extras, questions: () => count, gives: (video: MediaStreamTrack) => gives(video) };
  }
});
