import { describe, expect, it } from "vitest";
import { OFFER, Story, VOICE } from "./fake-server.ts";

const TILE = { participant: "bot", source: "clip", width: 640, height: 360, pinned: false };
const inside = () => {
  const story = new Story().joins().watches().publishes();
  story.takeEffects();
  return story;
};

describe("a connection that wavers", () => {
  it("down is offered anew by the server, and the media is kept meanwhile", () => {
    const story = inside().happens({ type: "peer-wavers", direction: "down" });
    expect(story.sent("restart")).toMatchObject([{ direction: "down" }]);
    story.says({ type: "offer", generation: 2, sdp: OFFER });
    expect(story.kinds()).toEqual(["take-offer"]);
    expect(story.reconnects().sent("join")[0]).toMatchObject({ slots: 0 });
  });

  it("up is offered anew by the page, by the same connection", () => {
    const story = inside().happens({ type: "peer-wavers", direction: "up" });
    expect(story.kinds()).toEqual(["restart-up"]);
    story.happens({ type: "offer-made", sdp: "v=0\r\n", tracks: [VOICE], restart: true });
    expect(story.sent("publish")).toMatchObject([{ restart: true }]);
    // While that one is not answered, it goes on.
    expect(story.happens({ type: "peer-wavers", direction: "up" }).kinds()).toEqual([]);
  });

  it("is restarted both ways when the network is another one", () => {
    const story = inside().happens({ type: "network-back" });
    expect(story.kinds()).toEqual(["send", "restart-up"]);
  });

  it("is restarted after the resume when the socket was lost with the network", () => {
    const story = inside().happens({ type: "socket-closed" }).happens({ type: "network-back" });
    story.happens({ type: "socket-open" }).answersJoin({ resumed: true });
    expect(story.sent("restart")).toHaveLength(1);
    expect(story.kinds()).toContain("restart-up");
    expect(story.session.moved).toBe(false);
  });

  it("begins anew where the server has nothing to restart", () => {
    const story = inside().happens({ type: "peer-wavers", direction: "down" });
    const re = story.sent("restart")[0]?.request ?? -1;
    story.says({ type: "error", code: "no-connection", message: "Gone.", re });
    expect(story.session.mediaTrouble).toMatchObject({ direction: "down" });
    expect(story.kinds()).toContain("close-socket");
  });

  it("fetches nothing before there is media", () => {
    const story = new Story().joins();
    story.takeEffects();
    story.happens({ type: "peer-wavers", direction: "down" }).happens({ type: "network-back" });
    expect(story.kinds()).toEqual([]);
  });
});

describe("what is shown", () => {
  it("is told, and told again after each join", () => {
    const story = inside().happens({ type: "shown", tiles: [TILE] });
    expect(story.sent("view")).toMatchObject([{ tiles: [TILE] }]);
    story.reconnects().answersJoin({ resumed: true });
    expect(story.sent("view")).toMatchObject([{ tiles: [TILE] }]);
  });

  it("waits for the socket", () => {
    const story = inside()
      .happens({ type: "socket-closed" })
      .happens({ type: "shown", tiles: [TILE] });
    expect(story.sent("view")).toEqual([]);
    story.happens({ type: "socket-open" }).answersJoin({ resumed: true });
    expect(story.sent("view")).toHaveLength(1);
  });

  it("is said once more when it was one message too many, the newest list alone", () => {
    const story = inside().happens({ type: "shown", tiles: [TILE] });
    const first = story.sent("view")[0]?.request ?? -1;
    story.says({ type: "error", code: "too-many", message: "Wait.", re: first });
    story.happens({ type: "shown", tiles: [] });
    expect(story.sent("view")).toHaveLength(1);
    expect(story.happens({ type: "repeat-due", request: first }).sent("view")).toEqual([]);
  });
});

describe("the speaker", () => {
  it("is whom the server names, from the join on", () => {
    const story = new Story().joins({ speaker: { participant: "bot", source: "clip" } });
    expect(story.session.speaker).toEqual({ participant: "bot", source: "clip" });
    story.says({ type: "speaker", participant: "me", source: "camera" });
    expect(story.session.speaker?.participant).toBe("me");
    story.says({ type: "speaker", participant: null, source: null });
    expect(story.session.speaker).toBeUndefined();
  });
});
