import { describe, expect, it } from "vitest";
import { headsIn } from "../src/components/heads.ts";
import { keptText } from "../src/keep-text.ts";

const words = { chat: "Chat", questions: "Questions", attendance: "Attendance" };
const clock = (at: number) => new Date(at).toISOString().slice(11, 16);

describe("what a site takes along", () => {
  it("is the title, its own attendance, the questions with their answers, and the chat", () => {
    const said = { id: "1", site: "bot", name: "Bot", at: 60 };
    const text = keptText(
      {
        room: { title: "Chest pain" },
        siteName: "Xixia",
        attended: { from: 0, to: 3_600_000 },
        questions: [{ ...said, text: "Which drug?", state: "answered", answer: "None." }],
        chat: [{ ...said, text: "Two\nlines" }],
      },
      words,
      clock,
    );
    expect(text.split("\r\n")).toEqual([
      "Chest pain",
      "",
      "Attendance",
      "Xixia  00:00 – 01:00",
      "",
      "Questions",
      "00:01  Bot: Which drug?",
      "    → None.",
      "",
      "Chat",
      "00:01  Bot: Two",
      "    lines",
      "",
    ]);
  });

  it("is the title alone where nothing was said", () => {
    const nothing = { room: undefined, siteName: "", attended: undefined, questions: [], chat: [] };
    expect(keptText(nothing, words, clock)).toBe("\r\n");
  });
});

describe("heads", () => {
  it.each([
    ["12", 12],
    ["", 0],
    ["-3", 0],
    ["5000", 999],
    ["2.6", 3],
    ["many", 0],
  ])("typed as %j are %i", (text, heads) => {
    expect(headsIn(text)).toBe(heads);
  });
});
