import { afterEach, describe, expect, it } from "vitest";
import { marksOf, opened } from "../src/app/panels.ts";
import { emptyState, type AppState } from "../src/app/store.ts";
import { barHidden } from "../src/bar-state.ts";
import { Live } from "../src/components/live.ts";
import { AudiencePanel } from "../src/components/panels/audience.ts";
import { Chat } from "../src/components/panels/chat.ts";
import { inOrder, Questions } from "../src/components/panels/questions.ts";
import type { Line, Question, QuestionState, Role } from "../src/protocol.gen.ts";
import { member, Story } from "./fake-server.ts";

const line = (id: string, at: number, site = "bot"): Line => ({
  id,
  site,
  name: site,
  text: `line ${id}`,
  at,
});

const question = (id: string, state: QuestionState, at: number): Question => ({
  id,
  site: "q",
  name: "Xixia",
  text: `question ${id}`,
  at,
  state,
  answer: state === "answered" ? "Yes." : "",
});

function app(role: Role, part: Partial<AppState["session"] & object> = {}): AppState {
  const { session } = new Story().joins({ role });
  return { ...emptyState, session: { ...session, site: "me", ...part } };
}

const ORDERS = [
  "say",
  "ask",
  "raiseHand",
  "setQuestion",
  "promote",
  "lowerHand",
  "demote",
  "stepDown",
  "answer",
];

/** Notes what the person ordered: method and arguments. */
function recorder() {
  const orders: unknown[][] = [];
  const noting = (name: string) => [name, (...args: unknown[]) => void orders.push([name, ...args])] as const;
  return { orders, controller: Object.fromEntries(ORDERS.map(noting)) as never };
}

async function show<T extends Live | Chat | Questions | AudiencePanel>(element: T, state: AppState) {
  const { orders, controller } = recorder();
  element.controller = controller;
  element.app = state;
  document.body.append(element);
  await element.updateComplete;
  return { element, orders, root: element.shadowRoot };
}

const words = (root: Element | ShadowRoot | null | undefined): string =>
  root?.textContent.replace(/\s+/g, " ") ?? "";
const press = (root: ShadowRoot | null | undefined, what: string) =>
  root?.querySelector<HTMLElement>(what)?.click();
const pressWord = (root: ShadowRoot | null | undefined, word: string) =>
  [...(root?.querySelectorAll<HTMLElement>("wa-button") ?? [])]
    .find((one) => words(one).includes(word))
    ?.click();
const write = (root: ShadowRoot | null | undefined, text: string) =>
  root?.querySelector("tp-writing")?.dispatchEvent(new CustomEvent("written", { detail: text }));

afterEach(() => document.body.replaceChildren());

describe("the panels", () => {
  it("close by a second press, and what was open has been read", () => {
    const before = app("member", { chat: [line("1", 10), line("2", 20, "me"), line("3", 30)] });
    expect(marksOf(before).chat).toBe(2);
    const open = opened(before, "chat");
    expect(marksOf(open).chat).toBe(0);
    const closed = opened(open, "chat");
    expect(closed.panel).toBeUndefined();
    expect(marksOf(closed).chat).toBe(0);
    expect(opened(open, "sites").panel).toBe("sites");
  });

  it("mark lines that came since, and the stage's open questions and hands", () => {
    const read = { ...app("presenter", { chat: [line("1", 10)] }), seenUntil: 5 };
    expect(marksOf(read).chat).toBe(1);
    const questions = [question("a", "open", 1), question("b", "answered", 2)];
    const hands = [{ participant: "p", site: "p", name: "P", at: 1 }];
    expect(marksOf(app("presenter", { questions, hands }))).toMatchObject({ questions: 1, audience: 1 });
    expect(marksOf(app("audience", { questions }))).toMatchObject({ questions: 0 });
  });

  it("keep the bar while one is open, or an answer is due", () => {
    const still = { ...app("member"), now: 10_000 };
    const attention = { movedAt: 0, inBar: false };
    expect(barHidden(still, attention)).toBe(true);
    expect(barHidden({ ...still, panel: "chat" }, attention)).toBe(false);
    const asked = [{ wish: "stage", by: "", participant: "x" }] as const;
    expect(barHidden({ ...app("audience", { asked }), now: 10_000 }, attention)).toBe(false);
  });
});

describe("the chat", () => {
  it("shows a latecomer the lines that were kept, with their time", async () => {
    const { root } = await show(new Chat(), app("member", { chat: [line("1", 1_800_000_000)] }));
    expect(words(root)).toContain("line 1");
    expect(words(root?.querySelector("time"))).toMatch(/^\d\d:\d\d$/);
  });

  it("sends what is written, but not while the server is lost", async () => {
    const { root, orders } = await show(new Chat(), app("member"));
    write(root, "hello");
    expect(orders).toEqual([["say", "hello"]]);
    const lost = await show(new Chat(), app("member", { phase: "reconnecting" }));
    expect(lost.root?.querySelector("tp-writing")?.hasAttribute("held")).toBe(true);
  });
});

describe("questions", () => {
  const asked = [question("old", "answered", 1), question("b", "open", 3), question("a", "open", 2)];

  it("stand in the order in which they are to be answered", () => {
    const all = [...asked, question("now", "answering", 9), question("no", "dismissed", 4)];
    expect(inOrder(all).map(({ id }) => id)).toEqual(["now", "a", "b", "old", "no"]);
  });

  it("are answered now, in writing, or dismissed by the stage", async () => {
    const { root, orders, element } = await show(new Questions(), app("presenter", { questions: asked }));
    pressWord(root, "Answer now");
    pressWord(root, "Dismiss");
    pressWord(root, "In writing");
    await element.updateComplete;
    write(root, "Twice a day.");
    expect(orders).toEqual([
      ["setQuestion", "a", "answering", ""],
      ["setQuestion", "a", "dismissed", ""],
      ["setQuestion", "a", "answered", "Twice a day."],
    ]);
    expect(words(root)).toContain("Yes.");
  });

  it("are asked by the audience, which sees what became of them and may raise a hand", async () => {
    const { root, orders } = await show(new Questions(), app("audience", { questions: asked, hand: false }));
    expect(words(root)).toContain("Waiting");
    expect(words(root)).not.toContain("Dismiss");
    write(root, "How often?");
    press(root, "#raise-hand");
    expect(orders).toEqual([
      ["ask", "How often?"],
      ["raiseHand", true],
    ]);
  });
});

describe("the audience's panel", () => {
  it("has hands in their order, to be asked onto the stage or lowered", async () => {
    const hands = ["a", "b"].map((id, at) => ({ participant: id, site: id, name: `Site ${id}`, at }));
    const state = app("presenter", {
      hands,
      audience: 172,
      members: [{ ...member("b", "Site b"), promoted: true }, member("c", "C")],
    });
    const { root, orders } = await show(new AudiencePanel(), state);
    expect(words(root)).toContain("172 devices watch");
    const list = root?.querySelector("tp-hands")?.shadowRoot;
    expect(list?.querySelectorAll(".promote")).toHaveLength(1);
    press(list, ".promote");
    press(list, ".lower");
    press(root, ".demote");
    expect(orders).toEqual([
      ["promote", "a"],
      ["lowerHand", "a"],
      ["demote", "b"],
    ]);
  });

  it("takes back what one was asked, with its hand up or down", async () => {
    const hand = (id: string) => ({ participant: id, site: id, name: `Site ${id}`, at: 1 });
    const invited = [hand("a"), hand("b")];
    const { root, orders } = await show(
      new AudiencePanel(),
      app("presenter", { hands: [hand("a")], invited, members: [] }),
    );
    const list = root?.querySelector("tp-hands")?.shadowRoot;
    expect(list?.querySelector(".promote")).toBeNull();
    press(list, ".take-back");
    press(root, ".take-back");
    expect(orders).toEqual([
      ["demote", "a"],
      ["demote", "b"],
    ]);
  });
});

describe("the row above the pictures", () => {
  it("shows every screen which question is answered now", async () => {
    const state = app("audience", { questions: [question("x", "answering", 1)] });
    const { root } = await show(new Live(), state);
    expect(words(root?.querySelector("#answering"))).toContain("question x");
  });

  it("asks one of the audience onto the stage, and nothing opens before it says yes", async () => {
    const asked = [{ wish: "stage", by: "Prof. Li", participant: "x" }] as const;
    const { root, orders } = await show(new Live(), app("audience", { asked }));
    expect(words(root)).toContain("Prof. Li asks you onto the stage.");
    press(root, "#stage-no");
    press(root, "#stage-yes");
    expect(orders).toEqual([
      ["answer", asked[0], false],
      ["answer", asked[0], true],
    ]);
  });

  it("lets who came up step down", async () => {
    const members = [{ ...member("me", "A"), promoted: true }];
    const { root, orders } = await show(new Live(), app("member", { members }));
    press(root, "#step-down");
    expect(orders).toEqual([["stepDown"]]);
    expect((await show(new Live(), app("member"))).root?.querySelector("#on-stage")).toBeNull();
  });
});
