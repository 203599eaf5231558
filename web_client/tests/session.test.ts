import { describe, expect, it } from "vitest";
import { backoffMs } from "../src/session/backoff.ts";
import { placesOf } from "../src/session/places.ts";
import { joinedAnswer, member, RESUME, slot, Story } from "./fake-server.ts";

const OFFER = "v=0\r\n";

describe("joining", () => {
  it("says its versions, its token and its slots in the first message", () => {
    const story = new Story().happens({ type: "join-pressed" });
    expect(story.kinds()).toEqual(["open-socket"]);
    const [join] = story.happens({ type: "socket-open" }).sent("join");
    expect(join).toEqual({ type: "join", request: 1, versions: [1], token: "token", slots: 12 });
  });

  it("starts the media and keeps the secret once it is let in", () => {
    const story = new Story().joins();
    expect(story.session.phase).toBe("joined");
    expect(story.takeEffects()).toContainEqual({ type: "keep-resume", secret: RESUME });
    const [publish] = story
      .happens({ type: "offer-made", sdp: OFFER, tracks: [{ mid: "0", kind: "audio", muted: true }] })
      .sent("publish");
    expect(publish?.tracks[0]).toMatchObject({ mid: "0", source: "camera", muted: true });
  });

  it("does not publish where the role may only watch", () => {
    const audience = { ...member("me", "Xixia"), role: "audience" as const };
    const story = new Story().joins({ members: [audience] });
    expect(story.takeEffects()).toContainEqual({ type: "start-media", iceServers: [], publish: false });
  });

  it("is refused in words, and does not come back by itself", () => {
    const story = new Story().happens({ type: "join-pressed" }).happens({ type: "socket-open" });
    story.says({ type: "error", code: "token-expired", message: "Ended on Monday.", re: 1 });
    expect(story.session.phase).toBe("refused");
    expect(story.session.refusal).toEqual({ code: "token-expired", message: "Ended on Monday." });
    story.takeEffects();
    story.says({ type: "closing", reason: "refused", message: "" }).happens({ type: "socket-closed" });
    story.happens({ type: "retry-due" });
    expect(story.kinds()).toEqual([]);
  });

  it("tries again when the server cannot be reached", () => {
    const story = new Story().happens({ type: "join-pressed" }).happens({ type: "socket-closed" });
    expect(story.session.phase).toBe("joining");
    expect(story.kinds()).toEqual(["open-socket", "retry-in"]);
    expect(story.happens({ type: "retry-due" }).kinds()).toEqual(["open-socket"]);
  });
});

describe("a lost socket", () => {
  it("resumes with no slots while the media goes on, and tells what is muted", () => {
    const story = new Story().joins().says({ type: "slots", slots: [slot(0, "bot", "clip")] });
    story.takeEffects();
    story.now = 7_000;
    story.happens({ type: "socket-closed" });
    expect(story.session).toMatchObject({ phase: "reconnecting", lostAt: 7_000 });
    story.happens({ type: "retry-due" }).happens({ type: "socket-open" });
    expect(story.kinds()).toEqual(["retry-in", "open-socket", "send"]);
    story.says(joinedAnswer(2, { resumed: true }));
    expect(story.session.slots).toHaveLength(1);
    expect(story.session.lostAt).toBeUndefined();
    expect(story.kinds()).toEqual(["keep-resume", "tell-mutes", "news"]);
  });

  it("sends secret and zero slots in the join of a resumed socket", () => {
    const story = new Story().joins().happens({ type: "socket-closed" }).happens({ type: "socket-open" });
    expect(story.sent("join")[0]).toMatchObject({ resume: RESUME, slots: 0 });
  });

  it("joins anew on a new socket when the server does not know the secret any more", () => {
    const story = new Story().joins().happens({ type: "socket-closed" }).happens({ type: "socket-open" });
    const [resumed] = story.sent("join");
    story.takeEffects();
    story.says({ type: "error", code: "resume-unknown", message: "Gone.", re: resumed?.request ?? 0 });
    expect(story.kinds()).toEqual(["keep-resume", "close-socket", "open-socket"]);
    const [join] = story.happens({ type: "socket-open" }).sent("join");
    expect(join).toMatchObject({ slots: 12 });
    expect(join).not.toHaveProperty("resume");
    story.says(joinedAnswer(join?.request ?? 0));
    expect(story.kinds()).toContain("start-media");
  });

  it("comes back at once when the network does", () => {
    const story = new Story().joins().happens({ type: "socket-closed" });
    story.takeEffects();
    expect(story.happens({ type: "network-back" }).kinds()).toEqual(["open-socket"]);
  });

  it("gives a restarting server a second", () => {
    const story = new Story().joins();
    story.takeEffects();
    story.says({ type: "closing", reason: "draining", message: "" });
    expect(story.takeEffects()).toContainEqual({ type: "retry-in", ms: 750 });
  });

  it("waits longer with each try, never in step with the others", () => {
    const waits = [0, 1, 2, 3, 9].map((attempt) => backoffMs(attempt, 0));
    expect(waits).toEqual([125, 250, 500, 1_000, 7_500]);
    expect(backoffMs(2, 0.99)).toBeGreaterThan(backoffMs(2, 0.1));
  });
});

describe("lost media", () => {
  it.each([
    { type: "peer-failed" } as const,
    {
      type: "message",
      message: { type: "connection", direction: "down", state: "failed", reason: "no packet for 30 s" },
    } as const,
  ])("rejoins with the secret and all slots, and publishes again ($type)", (failure) => {
    const story = new Story().joins();
    story.takeEffects();
    story.happens(failure);
    expect(story.kinds()).toEqual(["close-socket", "retry-in"]);
    const [join] = story.happens({ type: "socket-open" }).sent("join");
    expect(join).toMatchObject({ resume: RESUME, slots: 12 });
    story.says(joinedAnswer(join?.request ?? 0, { resumed: true }));
    expect(story.kinds()).toContain("start-media");
  });

  it("resumes with all slots after a reload", () => {
    const story = new Story(RESUME).happens({ type: "join-pressed" }).happens({ type: "socket-open" });
    expect(story.sent("join")[0]).toMatchObject({ resume: RESUME, slots: 12 });
  });
});

describe("leaving", () => {
  it("says so, forgets the secret and stops camera and microphone", () => {
    const story = new Story().joins();
    story.takeEffects();
    story.happens({ type: "leave-pressed" });
    expect(story.session).toMatchObject({ phase: "left", members: [], resume: undefined });
    expect(story.kinds()).toEqual(["send", "keep-resume", "stop-media", "close-socket"]);
  });

  it("can be followed by another join", () => {
    const story = new Story().joins().happens({ type: "leave-pressed" });
    story.takeEffects();
    expect(story.happens({ type: "join-pressed" }).kinds()).toEqual(["open-socket"]);
  });
});

describe("places", () => {
  const keys = (story: Story): string[] => placesOf(story.session).map((place) => place.key);

  it("stand still: a new site comes at the end, the own one last, those without a picture between", () => {
    const story = new Story().joins();
    expect(keys(story)).toEqual(["bot/clip", "bot/chart", "me/"]);
    story.says({ type: "member", member: member("ear", "Nurse by ear") });
    story.says({ type: "member", member: member("late", "Late", "camera") });
    expect(keys(story)).toEqual(["bot/clip", "bot/chart", "late/camera", "ear/", "me/"]);
  });

  it("pass from a site's empty tile to its first source, and survive a rebuilt session", () => {
    const story = new Story().joins();
    story
      .says({ type: "member", member: member("a", "A") })
      .says({ type: "member", member: member("b", "B", "camera") });
    story.says({ type: "member", member: member("a", "A", "camera") });
    expect(keys(story)).toEqual(["bot/clip", "bot/chart", "a/camera", "b/camera", "me/"]);
    story.happens({ type: "socket-closed" }).happens({ type: "socket-open" });
    const members = [member("b", "B", "camera"), member("a", "A", "camera"), member("me", "Me")];
    story.answersJoin({ resumed: true, members });
    expect(keys(story)).toEqual(["a/camera", "b/camera", "me/"]);
  });

  it("know their slot from the message, and that an emptied one is empty", () => {
    const story = new Story().joins().says({ type: "slots", slots: [slot(3, "bot", "chart")] });
    expect(placesOf(story.session)[1]?.slot).toBe(3);
    story.says({ type: "slots", slots: [slot(3, null, null)] });
    expect(placesOf(story.session)[1]?.slot).toBeUndefined();
  });

  it("are given up when a site leaves, and the others are told", () => {
    const story = new Story().joins();
    story.takeEffects();
    story.says({ type: "member-left", participant: "bot", reason: "lost" });
    expect(keys(story)).toEqual(["me/"]);
    expect(story.takeEffects()).toEqual([{ type: "news", news: { type: "went", name: "Bot", lost: true } }]);
  });
});
