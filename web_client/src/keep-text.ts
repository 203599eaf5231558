/** What a site may take along from a meeting: chat, answered questions and its own attendance, as a text file. */
import type { Line, Question, RoomInfo } from "./protocol.gen.ts";
import type { AppState } from "./app/store.ts";

export interface KeptWords {
  readonly chat: string;
  readonly questions: string;
  readonly attendance: string;
}

export interface Kept {
  readonly room: Pick<RoomInfo, "title"> | undefined;
  readonly chat: readonly Line[];
  readonly questions: readonly Question[];
  readonly siteName: string;
  readonly attended: AppState["attended"];
}

/** `clock` writes a moment, ms of the wall clock; windows end lines with CRLF everywhere. */
export function keptText(kept: Kept, words: KeptWords, clock: (at: number) => string): string {
  const { room, chat, questions, siteName, attended } = kept;
  const lines = [room?.title ?? ""];
  if (attended) {
    const to = attended.to === undefined ? "" : clock(attended.to);
    lines.push("", words.attendance, `${siteName}  ${clock(attended.from)} – ${to}`.trim());
  }
  if (questions.length > 0) lines.push("", words.questions, ...questions.flatMap((one) => asked(one, clock)));
  if (chat.length > 0) lines.push("", words.chat, ...chat.map((line) => said(line, clock)));
  return lines.map((line) => `${line}\r\n`).join("");
}

const said = ({ at, name, text }: Line, clock: (at: number) => string): string =>
  `${clock(at * 1000)}  ${name}: ${text.replaceAll("\n", "\r\n    ")}`;

function asked({ at, name, text, answer }: Question, clock: (at: number) => string): string[] {
  const question = said({ id: "", site: "", at, name, text }, clock);
  return answer === "" ? [question] : [question, `    → ${answer.replaceAll("\n", "\r\n    ")}`];
}

/** Hands a file to the person. The mark at its start tells old editors that it is UTF-8. */
export function saveText(name: string, text: string, type = "text/plain"): void {
  const marked = text.startsWith("\uFEFF") ? text : `\uFEFF${text}`;
  const address = URL.createObjectURL(new Blob([marked], { type: `${type};charset=utf-8` }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1_000);
}
