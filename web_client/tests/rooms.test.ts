import { describe, expect, it } from "vitest";
import type { Joined, Line, Question, Role } from "../src/protocol.gen.ts";
import { may } from "../src/session/rights.ts";
import type { News } from "../src/session/state.ts";
import { joinedAnswer, member, RESUME, ROOM, Story, VOICE } from "./fake-server.ts";

const WAITING = {
  type: "waiting",
  version: 1,
  participant: "me",
  resume: RESUME,
  title: "Chest pain",
  kind: "consultation",
  chair: "Zhengzhou",
} as const;

const line = (id: string, site = "bot"): Line => ({ id, site, name: "Bot", text: "Hello", at: 1 });

const question = (id: string, state: Question["state"]): Question => ({
  id,
  site: "bot",
  name: "Bot",
  text: "Which drug?",
  at: 1,
  state,
  answer: "",
});

function news(story: Story): News[] {
  return story.takeEffects().flatMap((effect) => (effect.type === "news" ? effect.news : []));
}

/** In, with nothing to be told. */
function inside(part: Partial<Joined> = {}): Story {
  const story = new Story().joins(part);
  story.takeEffects();
  return story;
}

function knocking(): { story: Story; re: number } {
  const story = new Story().happens({ type: "join-pressed" }).happens({ type: "socket-open" });
  const re = story.sent("join")[0]?.request ?? -1;
  return { story: story.says({ ...WAITING, re }), re };
}

describe("the waiting room", () => {
  it("tells the title and the chair, and nothing is sent until one is let in", () => {
    const { story, re } = knocking();
    expect(story.session).toMatchObject({
      phase: "waiting",
      anteroom: { title: "Chest pain", chair: "Zhengzhou" },
      members: [],
    });
    story.takeEffects();
    expect(story.happens({ type: "ordered", order: { type: "say", text: "Hello?" } }).kinds()).toEqual([]);
    expect(story.happens({ type: "ordered", order: { type: "heads", heads: 3 } }).kinds()).toEqual(["send"]);
    story.says(joinedAnswer(re));
    expect(story.session).toMatchObject({ phase: "joined", anteroom: undefined, pending: {} });
    expect(story.takeEffects()).toContainEqual({ type: "start-media", iceServers: [], publish: true });
  });

  it("names the new chair when it was handed on meanwhile, and is left by the same answer", () => {
    const { story, re } = knocking();
    story.takeEffects();
    story.says({ ...WAITING, re, chair: "Nanyang" });
    expect(story.session).toMatchObject({ phase: "waiting", anteroom: { chair: "Nanyang" } });
    expect(story.kinds()).toEqual(["keep-resume"]);
    story.says(joinedAnswer(re));
    expect(story.session).toMatchObject({ phase: "joined", pending: {} });
  });

  it("is gone back to with the secret when the socket was lost, and with the heads that were told", () => {
    const { story } = knocking();
    story.happens({ type: "ordered", order: { type: "heads", heads: 3 } });
    story.takeEffects();
    story.happens({ type: "socket-closed" });
    expect(story.session).toMatchObject({ phase: "waiting", lostAt: 0 });
    expect(story.kinds()).toEqual(["retry-in"]);
    story.happens({ type: "retry-due" }).happens({ type: "socket-open" });
    const [join] = story.sent("join");
    expect(join).toMatchObject({ resume: RESUME, slots: 12, heads: 3 });
    story.says({ ...WAITING, re: join?.request ?? -1 });
    expect(story.session.lostAt).toBeUndefined();
  });

  it("is left like the room", () => {
    const { story } = knocking();
    story.takeEffects();
    story.happens({ type: "leave-pressed" });
    expect(story.session.phase).toBe("left");
    expect(story.kinds()).toEqual(["send", "keep-resume", "stop-media", "close-socket"]);
  });

  it("is where a session lands that the server let in before and forgot", () => {
    const story = inside({ chat: [line("1")] })
      .watches()
      .reconnects();
    const [join] = story.sent("join");
    story.says({ ...WAITING, re: join?.request ?? -1 });
    expect(story.session).toMatchObject({ phase: "waiting", members: [], watching: false, room: undefined });
    expect(story.kinds()).toContain("fall-back");
  });
});

describe("the end", () => {
  it.each([
    ["removed", "removed"],
    ["ended", "ended"],
  ] as const)("by `%s` has its own screen, stops the media and keeps what was written", (reason, phase) => {
    const story = inside({ chat: [line("1")] });
    story.says({ type: "closing", reason, message: "" });
    expect(story.session).toMatchObject({ phase, members: [], chat: [line("1")], room: ROOM });
    expect(story.kinds()).toEqual(["keep-resume", "stop-media", "close-socket"]);
    expect(story.happens({ type: "socket-closed" }).happens({ type: "retry-due" }).kinds()).toEqual([]);
  });

  it.each([
    ["removed", "removed"],
    ["room-ended", "ended"],
    ["room-locked", "refused"],
    ["token-revoked", "refused"],
  ] as const)("is told of a join that is refused with `%s`", (code, phase) => {
    const story = new Story().happens({ type: "join-pressed" }).happens({ type: "socket-open" });
    story.says({ type: "error", code, message: "", re: 1 });
    expect(story.session).toMatchObject({ phase, refusal: { code } });
    expect(story.takeEffects()).toContainEqual({ type: "stop-media" });
    expect(story.happens({ type: "join-pressed" }).kinds()).toEqual(["open-socket"]);
  });
});

describe("the audience", () => {
  const watching = () => inside({ role: "audience", members: [member("bot", "Bot", "clip")] }).watches();

  it("goes onto the stage after its consent, and only then opens its devices", () => {
    const story = watching().says({ type: "asked", wish: "stage", by: "Presenter", participant: "me" });
    expect(story.session.asked).toEqual([{ wish: "stage", by: "Presenter", participant: "me" }]);
    expect(story.kinds()).not.toContain("start-sending");
    story.happens({ type: "ordered", order: { type: "consent", wish: "stage", accepted: true } });
    expect(story.sent("consent")).toMatchObject([{ accepted: true }]);
    story.says({ type: "role", role: "member" });
    expect(story.session).toMatchObject({ role: "member", asked: [], watching: true });
    expect(story.kinds()).toEqual(["start-sending", "news"]);
    story.says({ type: "member", member: member("me", "Xixia") });
    expect(story.kinds()).toEqual([]);
  });

  it("goes back by stopping its devices, while it goes on watching", () => {
    const story = watching().says({ type: "role", role: "member" });
    story.says({ type: "member", member: member("me", "Xixia", "camera") }).publishes();
    story.takeEffects();
    story.says({ type: "member-left", participant: "me", reason: "demoted" });
    story.says({ type: "role", role: "audience" });
    expect(story.kinds()).toEqual(["stop-sending", "news"]);
    expect(story.session).toMatchObject({ watching: true, sending: "nothing", phase: "joined" });
    const failed = { type: "connection", direction: "up", state: "failed", reason: "closed" } as const;
    expect(story.says(failed).session.phase).toBe("joined");
    story.reconnects();
    expect(story.sent("join").at(-1)).toMatchObject({ slots: 0 });
  });

  it("is promoted, or sent back, while its socket was lost", () => {
    const story = watching();
    story.reconnects().answersJoin({ resumed: true, role: "member" });
    expect(story.kinds()).toContain("start-sending");
    story.publishes().reconnects();
    story.takeEffects();
    story.says(joinedAnswer(99, { resumed: true, role: "audience", members: [] }));
    expect(story.kinds()).toContain("stop-sending");
  });

  it("asks again what the server still waits for after a resume", () => {
    const story = watching()
      .reconnects()
      .answersJoin({ resumed: true, role: "audience", asked: ["stage"] });
    expect(story.session.asked).toEqual([{ wish: "stage", by: "", participant: "me" }]);
    story.happens({ type: "plea-answered", wish: "stage", participant: "me" });
    expect(story.session.asked).toEqual([]);
  });

  it("is a count, and knows of its own hand alone", () => {
    const story = watching().says({ type: "audience", count: 171 });
    expect(story.session.audience).toBe(171);
    story.happens({ type: "ordered", order: { type: "raise-hand", raised: true } });
    const [raise] = story.sent("raise-hand");
    story.says({ type: "done", re: raise?.request ?? -1 });
    expect(story.session.hand).toBe(true);
  });
});

describe("what was said, asked and shown", () => {
  it("comes with the join and grows, each line once, also over a lost socket", () => {
    const story = inside({ chat: [line("1")] });
    story.says({ type: "chat", line: line("2") }).says({ type: "chat", line: line("2") });
    expect(news(story)).toEqual([{ type: "said", name: "Bot" }]);
    story.says({ type: "chat", line: line("3", "me") });
    expect(news(story)).toEqual([]);
    story.reconnects().answersJoin({ resumed: true, chat: [line("3", "me"), line("4")] });
    expect(story.session.chat.map(({ id }) => id)).toEqual(["1", "2", "3", "4"]);
  });

  it("are questions that come and change in their place", () => {
    const story = inside({ questions: [question("a", "open")] });
    story.says({ type: "question", question: question("b", "open") });
    story.says({ type: "question", question: question("a", "answering") });
    expect(story.session.questions.map(({ id, state }) => [id, state])).toEqual([
      ["a", "answering"],
      ["b", "open"],
    ]);
    expect(news(story)).toEqual([{ type: "asks", name: "Bot" }]);
  });

  it("are hands in their order, and who raised a new one", () => {
    const hand = (participant: string, name: string) => ({ participant, site: participant, name, at: 1 });
    const story = inside().says({ type: "hands", hands: [hand("bot", "Bot"), hand("me", "Xixia")] });
    expect(news(story)).toEqual([{ type: "hand-up", name: "Bot" }]);
    expect(story.session.hand).toBe(true);
    story.says({ type: "hands", hands: [hand("bot", "Bot")] });
    expect(story.session.hand).toBe(false);
    expect(news(story)).toEqual([]);
  });

  it("are the pictures that one's own link does not carry, and codecs that the browser lacks", () => {
    const story = inside()
      .watches()
      .says({ type: "paused", slots: [1, 3] });
    story.says({ type: "codec-missing", codec: "h264" }).says({ type: "codec-missing", codec: "h264" });
    expect(story.session).toMatchObject({ paused: [1, 3], codecsMissing: ["h264"] });
    story.reconnects().answersJoin({ resumed: true });
    expect(story.session.paused).toEqual([1, 3]);
  });

  it("is who records, who is the chair, and whether the room is locked", () => {
    const story = inside();
    story.says({ type: "member", member: { ...member("bot", "Bot", "clip"), recording: true } });
    story.says({ type: "room", room: { ...ROOM, chair: "me", locked: true } });
    expect(news(story)).toEqual([
      { type: "records", name: "Bot", recording: true },
      { type: "chair", name: "Xixia", own: true },
      { type: "locked", locked: true },
    ]);
    story.says({ type: "room", room: { ...ROOM, chair: "me", locked: true, spotlight: null } });
    expect(news(story)).toEqual([]);
  });
});

describe("the chair's desk", () => {
  const waits = (participant: string, name: string) => ({ participant, site: participant, name, since: 1 });
  const desk = (...waiting: ReturnType<typeof waits>[]) =>
    ({ type: "desk", waiting, sites: [], removed: [] }) as const;

  it("tells who waits, once", () => {
    const story = inside({ role: "chair" }).says(desk(waits("x", "Xixia")) as never);
    story.says(desk(waits("x", "Xixia"), waits("n", "Neixiang")) as never);
    expect(news(story).map((item) => item.type === "waits" && item.name)).toEqual(["Xixia", "Neixiang"]);
    story.happens({ type: "ordered", order: { type: "admit", participants: ["x", "n"] } });
    expect(story.sent("admit")).toMatchObject([{ participants: ["x", "n"] }]);
  });

  it("is empty once the chair was handed on", () => {
    const story = inside({ role: "chair" }).says(desk(waits("x", "Xixia")) as never);
    story.takeEffects();
    story.says({ type: "role", role: "member" });
    expect(story.session.desk.waiting).toEqual([]);
    expect(story.kinds()).toEqual([]);
  });

  it("is told what was not done, and why", () => {
    const story = inside({ role: "chair" }).happens({
      type: "ordered",
      order: { type: "remove", participant: "x" },
    });
    const [remove] = story.sent("remove");
    story.says({ type: "error", code: "participant-unknown", message: "", re: remove?.request ?? -1 });
    expect(news(story)).toEqual([{ type: "not-done", what: "remove", code: "participant-unknown" }]);
  });

  it("hears who asks for the chair until that one is answered or gone", () => {
    const wish = (participant: string) =>
      ({ type: "asked", wish: "chair", by: participant, participant }) as const;
    const story = inside({ role: "chair" }).says(wish("bot")).says(wish("other")).says(wish("bot"));
    expect(story.session.asked.map((plea) => plea.participant)).toEqual(["other", "bot"]);
    story.says({ type: "member-left", participant: "bot", reason: "left" });
    story.happens({ type: "plea-answered", wish: "chair", participant: "other" });
    expect(story.session.asked).toEqual([]);
  });
});

describe("whom one asked onto the stage", () => {
  const hand = { participant: "w", site: "w", name: "Watcher", at: 1 };
  /** Asked, and the server has passed it on. */
  const asking = () => {
    const story = inside({ role: "presenter", hands: [hand] });
    story.happens({ type: "ordered", order: { type: "promote", participant: "w" } });
    return story.says({ type: "done", re: story.sent("promote")[0]?.request ?? -1 });
  };

  it("can be taken back until it comes, with its hand down, too", () => {
    const story = asking().says({ type: "hands", hands: [] });
    expect(story.session.invited).toEqual([{ participant: "w", name: "Watcher" }]);
    story.says({ type: "member", member: { ...member("w", "Watcher"), promoted: true } });
    expect(story.session.invited).toEqual([]);
  });

  it.each(["done", "participant-unknown"] as const)("is forgotten once it was taken back: %s", (outcome) => {
    const story = asking().happens({ type: "ordered", order: { type: "demote", participant: "w" } });
    const re = story.sent("demote")[0]?.request ?? -1;
    story.says(outcome === "done" ? { type: "done", re } : { type: "error", code: outcome, message: "", re });
    expect(story.session.invited).toEqual([]);
  });

  it("sees the question go when it was taken back", () => {
    const story = inside({ role: "audience" }).says({
      type: "asked",
      wish: "stage",
      by: "Presenter",
      participant: "me",
    });
    story.says({ type: "asked", wish: "camera", by: "Presenter", participant: "me" });
    story.says({ type: "asked-no-more", wish: "stage" });
    expect(story.session.asked.map(({ wish }) => wish)).toEqual(["camera"]);
  });
});

describe("a track that another closed", () => {
  const sending = () => {
    const story = new Story().joins().watches();
    const [publish] = story.offers().sent("publish");
    story.says({ type: "published", re: publish?.request ?? -1, sdp: "v=0\r\n" });
    story.says({ type: "member", member: member("me", "Xixia", "camera") });
    story.takeEffects();
    return story;
  };

  it("closes here, too, and says who did it", () => {
    const story = sending().says({ type: "muted", mid: "0", by: "Zhengzhou" });
    expect(story.takeEffects()).toEqual([
      { type: "mute-own", mid: "0" },
      { type: "news", news: { type: "muted-by", by: "Zhengzhou", kind: "audio" } },
    ]);
  });

  it("stays closed when that happened while the socket was lost", () => {
    const story = sending().reconnects();
    const own = member("me", "Xixia", "camera");
    const closed = own.sources.map((source) => ({ ...source, audio: { mid: "0", muted: true, live: true } }));
    story.answersJoin({ resumed: true, members: [{ ...own, sources: closed }] });
    expect(story.kinds().slice(1)).toEqual(["keep-resume", "mute-own", "news", "tell-mutes", "news"]);
  });

  it("is not taken for closed by another when its owner had said so, and told the server", () => {
    const story = sending().happens({ type: "muted", mid: VOICE.mid, muted: true });
    const [mute] = story.sent("mute");
    story.says({ type: "done", re: mute?.request ?? -1 }).reconnects();
    const own = member("me", "Xixia", "camera");
    const closed = own.sources.map((source) => ({ ...source, audio: { mid: "0", muted: true, live: true } }));
    story.answersJoin({ resumed: true, members: [{ ...own, sources: closed }] });
    expect(story.kinds()).not.toContain("mute-own");
  });
});

describe("rights", () => {
  it.each<[Role, boolean, boolean, boolean, boolean]>([
    ["audience", false, false, false, false],
    ["guest", true, false, false, false],
    ["member", true, false, false, false],
    ["presenter", true, false, true, false],
    ["moderator", true, true, true, false],
    ["chair", true, true, true, true],
    ["organiser", true, true, true, true],
    ["recorder", false, false, false, false],
  ])("of %s: publish %s, desk %s, direct %s, hand on %s", (role, ...expected) => {
    const rights = ["publish", "desk", "direct", "hand-on"] as const;
    expect(rights.map((right) => may(role, right))).toEqual(expected);
  });

  it("nobody has before the server said who one is", () => {
    expect(may(undefined, "watch")).toBe(false);
  });
});
