import { describe, expect, it } from "vitest";
import { backoffMs } from "../src/session/backoff.ts";
import { placesOf } from "../src/session/places.ts";
import { mediaWords } from "../src/i18n/words.ts";
import type { Happening } from "../src/session/state.ts";
import { joinedAnswer, member, OFFER, RESUME, slot, Story, VOICE } from "./fake-server.ts";

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
      .happens({
        type: "offer-made",
        sdp: OFFER,
        tracks: [{ ...VOICE, muted: true }],
        restart: false,
      })
      .sent("publish");
    expect(publish?.tracks[0]).toMatchObject({ mid: "0", source: "camera", muted: true });
  });

  it("does not publish where the role may only watch", () => {
    const story = new Story().joins({ role: "audience", members: [member("bot", "Bot")] });
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
    const story = new Story()
      .joins()
      .watches()
      .publishes()
      .says({ type: "slots", slots: [slot(0, "bot", "clip")] });
    story.takeEffects();
    story.now = 7_000;
    story.happens({ type: "socket-closed" });
    expect(story.session).toMatchObject({ phase: "reconnecting", lostAt: 7_000 });
    story.happens({ type: "retry-due" }).happens({ type: "socket-open" });
    expect(story.kinds()).toEqual(["retry-in", "open-socket", "send"]);
    story.answersJoin({ resumed: true });
    expect(story.session.slots).toHaveLength(1);
    expect(story.session.lostAt).toBeUndefined();
    expect(story.kinds()).toEqual(["keep-resume", "tell-mutes", "news"]);
  });

  it("sends secret and zero slots in the join of a resumed socket", () => {
    const story = new Story().joins().watches().reconnects();
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

  it.each<[string, (story: Story) => Story]>([
    ["before the offer", (story) => story],
    ["before the answer", (story) => story.says({ type: "offer", generation: 1, sdp: OFFER })],
    [
      "before the answer's done",
      (story) =>
        story
          .says({ type: "offer", generation: 1, sdp: OFFER })
          .happens({ type: "answer-made", generation: 1, sdp: OFFER }),
    ],
    [
      "before an answer that was made without it",
      (story) =>
        story
          .says({ type: "offer", generation: 1, sdp: OFFER })
          .happens({ type: "socket-closed" })
          .happens({ type: "answer-made", generation: 1, sdp: OFFER }),
    ],
    ["before the answer, though published", (story) => story.publishes()],
  ])("begins the media anew when it was lost %s", (_, before) => {
    const story = before(new Story().joins()).reconnects();
    expect(story.sent("join").at(-1)).toMatchObject({ resume: RESUME, slots: 12 });
    story.takeEffects();
    story.says(joinedAnswer(99, { resumed: true }));
    expect(story.kinds()).toContain("start-media");
  });

  it.each<[string, (story: Story) => Story]>([
    ["before it published", (story) => story],
    ["before `published`", (story) => story.offers()],
    ["while a camera was allowed", (story) => story.happens({ type: "socket-closed" }).offers()],
  ])("publishes after a resume that keeps the media when it was lost %s", (_, before) => {
    const story = before(new Story().joins().watches()).reconnects();
    expect(story.sent("join").at(-1)).toMatchObject({ slots: 0 });
    story.takeEffects();
    story.says(joinedAnswer(99, { resumed: true }));
    expect(story.kinds()).toEqual(["keep-resume", "publish", "news"]);
    story.publishes().takeEffects();
    story.reconnects().answersJoin({ resumed: true });
    expect(story.kinds()).toContain("tell-mutes");
  });
});

describe("lost media", () => {
  const fails = (direction: "up" | "down", reason = "no packet for 30 s") =>
    ({ type: "message", message: { type: "connection", direction, state: "failed", reason } }) as const;
  const connected = (direction: "up" | "down") =>
    ({ type: "connection", direction, state: "connected", reason: "" }) as const;

  it.each<Happening>([{ type: "peer-failed", direction: "up" }, fails("down"), fails("up")])(
    "rejoins with the secret and all slots, and publishes again ($type)",
    (failure) => {
      const story = new Story().joins().watches().publishes();
      story.takeEffects();
      story.happens(failure);
      expect(story.kinds()).toEqual(["close-socket", "retry-in"]);
      expect(story.happens({ type: "retry-due" }).kinds()).toEqual(["open-socket"]);
      const [join] = story.happens({ type: "socket-open" }).sent("join");
      expect(join).toMatchObject({ resume: RESUME, slots: 12 });
      story.says(joinedAnswer(join?.request ?? 0, { resumed: true }));
      expect(story.kinds()).toContain("start-media");
    },
  );

  it("is not what the connection before said of itself", () => {
    const story = new Story().joins().offers();
    story.takeEffects();
    expect(story.happens(fails("up")).happens(fails("down")).kinds()).toEqual([]);
    expect(story.watches().happens(fails("up")).session.phase).toBe("joined");
    expect(story.happens(fails("down")).session.phase).toBe("reconnecting");
  });

  it("is tried later each time while nothing gets through, and says why with the address to allow", () => {
    const story = new Story().joins().watches();
    const waits = [1, 2, 3, 4].map(() => {
      story.takeEffects();
      story.happens(fails("down", "nothing was heard for 10 s"));
      const retry = story.takeEffects().find((effect) => effect.type === "retry-in");
      story.happens({ type: "retry-due" }).happens({ type: "socket-open" });
      story.answersJoin({ resumed: true }).watches();
      return retry?.ms;
    });
    expect(waits).toEqual([188, 375, 750, 1_500]);
    expect(story.takeEffects().filter((effect) => effect.type === "news")).toEqual([]);
    const { mediaTrouble, mediaAddress, lostAt } = story.session;
    expect(mediaTrouble).toEqual({ direction: "down", reached: false, reason: "nothing was heard for 10 s" });
    expect(lostAt).toBeUndefined();
    expect(mediaTrouble && mediaWords(mediaTrouble, mediaAddress).advice).toContain(
      "UDP to 192.0.2.7, port 40000",
    );
    story.says(connected("down"));
    expect(story.session).toMatchObject({ mediaTrouble: undefined, mediaFailures: 0 });
  });

  it("that once got through broke off, and is no closed port", () => {
    const story = new Story().joins().watches().says(connected("down")).happens(fails("down"));
    expect(story.session.mediaTrouble?.reached).toBe(true);
  });

  it("stays told while the direction that failed is not through", () => {
    const story = new Story().joins().watches().publishes().happens(fails("up"));
    story.happens({ type: "socket-open" }).answersJoin({ resumed: true }).watches().publishes();
    expect(story.says(connected("down")).session.mediaTrouble?.direction).toBe("up");
    expect(story.says(connected("up")).session.mediaTrouble).toBeUndefined();
  });

  it("is an answer that the server refuses, unless a newer offer is on its way", () => {
    const refused = (code: "stale-answer" | "sdp-invalid") => {
      const story = new Story().joins().says({ type: "offer", generation: 1, sdp: OFFER });
      const [answer] = story.happens({ type: "answer-made", generation: 1, sdp: OFFER }).sent("answer");
      return story.says({ type: "error", code, message: "", re: answer?.request ?? 0 }).session.phase;
    };
    expect(refused("stale-answer")).toBe("joined");
    expect(refused("sdp-invalid")).toBe("reconnecting");
  });

  it("resumes with all slots after a reload", () => {
    const story = new Story(RESUME).happens({ type: "join-pressed" }).happens({ type: "socket-open" });
    expect(story.sent("join")[0]).toMatchObject({ resume: RESUME, slots: 12 });
  });
});

describe("a message that was one too many", () => {
  const tooMany = (story: Story, re: number | undefined): Story =>
    story.says({ type: "error", code: "too-many", message: "Wait a second.", re: re ?? -1 });
  const due = (story: Story, request: number | undefined): Story =>
    story.happens({ type: "repeat-due", request: request ?? -1 });

  it("is a publish that is sent again after a second, and then says what is muted now", () => {
    const story = new Story().joins().offers();
    const [first] = story.sent("publish");
    story.takeEffects();
    tooMany(story, first?.request);
    expect(story.takeEffects()).toEqual([{ type: "repeat-in", ms: 1_000, request: first?.request }]);
    const [second] = due(story, first?.request).sent("publish");
    expect(second).toEqual({ ...first, request: (first?.request ?? 0) + 1 });
    story.says({ type: "published", re: second?.request ?? -1, sdp: "v=0\r\n" });
    expect(story.kinds()).toEqual(["take-published", "tell-mutes"]);
    expect(story.session).toMatchObject({ sending: "answered", pending: {} });
  });

  it("is told to the person when a publish is refused again", () => {
    const story = new Story().joins().offers();
    const [first] = story.sent("publish");
    const [second] = due(tooMany(story, first?.request), first?.request).sent("publish");
    story.takeEffects();
    tooMany(story, second?.request);
    expect(story.takeEffects()).toEqual([
      { type: "not-published" },
      { type: "news", news: { type: "not-sent", code: "too-many" } },
    ]);
  });

  it("is an answer that is sent again, and lost media when it is refused again", () => {
    const answering = () => {
      const story = new Story().joins().says({ type: "offer", generation: 1, sdp: OFFER });
      const [first] = story.happens({ type: "answer-made", generation: 1, sdp: OFFER }).sent("answer");
      const [second] = due(tooMany(story, first?.request), first?.request).sent("answer");
      expect(second).toMatchObject({ generation: 1, sdp: OFFER });
      return { story, re: second?.request ?? -1 };
    };
    const taken = answering();
    expect(taken.story.says({ type: "done", re: taken.re }).session.watching).toBe(true);
    const refused = answering();
    expect(tooMany(refused.story, refused.re).session.phase).toBe("reconnecting");
  });

  it("is a mute that is sent until it is taken, unless the person pressed again", () => {
    const story = new Story().joins().publishes();
    let [mute] = story.happens({ type: "muted", mid: "0", muted: true }).sent("mute");
    for (let refusals = 0; refusals < 3; refusals += 1) {
      [mute] = due(tooMany(story, mute?.request), mute?.request).sent("mute");
      expect(mute).toMatchObject({ mid: "0", muted: true });
    }
    tooMany(story, mute?.request).happens({ type: "muted", mid: "0", muted: false });
    expect(story.sent("mute")).toMatchObject([{ muted: false }]);
    expect(due(story, mute?.request).sent("mute")).toEqual([]);
  });

  it("is forgotten with its socket", () => {
    const story = new Story().joins().watches().offers();
    const [first] = story.sent("publish");
    tooMany(story, first?.request).reconnects().answersJoin({ resumed: true });
    expect(story.kinds()).toContain("publish");
    expect(due(story, first?.request).sent("publish")).toEqual([]);
  });
});

describe("a socket that the server closes as refused", () => {
  it("is not opened again after a flood, and says why", () => {
    const story = new Story().joins();
    story.says({ type: "error", code: "too-many", message: "Wait a second.", re: null }).takeEffects();
    story.says({ type: "closing", reason: "refused", message: "More messages than may be sent." });
    expect(story.session.phase).toBe("refused");
    expect(story.session.refusal).toEqual({ code: "too-many", message: "More messages than may be sent." });
    story.happens({ type: "socket-closed" }).happens({ type: "retry-due" });
    expect(story.kinds()).toEqual(["keep-resume", "stop-media", "close-socket"]);
    expect(story.happens({ type: "join-pressed" }).kinds()).toEqual(["open-socket"]);
  });

  it("is opened again when only the join came too late", () => {
    const story = new Story().happens({ type: "join-pressed" }).happens({ type: "socket-open" });
    story.says({ type: "error", code: "join-timeout", message: "No join within 5 s.", re: null });
    story.takeEffects();
    story.says({ type: "closing", reason: "refused", message: "No join within 5 s." });
    expect(story.kinds()).toEqual(["close-socket", "retry-in"]);
    expect(story.happens({ type: "retry-due" }).kinds()).toEqual(["open-socket"]);
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
    expect(story.takeEffects()).toEqual([
      { type: "news", news: { type: "went", name: "Bot", reason: "lost" } },
    ]);
  });
});
