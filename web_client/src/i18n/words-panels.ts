/** Words of the panels beside the pictures. */
import { msg } from "@lit/localize";
import type { Panel } from "../app/store.ts";
import type { QuestionState } from "../protocol.gen.ts";
import { language } from "./language.ts";

export function panelWords(name: Panel): string {
  switch (name) {
    case "chat":
      return msg("Chat");
    case "questions":
      return msg("Questions");
    case "audience":
      return msg("Audience");
    case "sites":
      return msg("Sites");
    case "more":
      return msg("More");
    case "keys":
      return msg("Keys");
  }
}

export function questionWords(state: QuestionState): string {
  switch (state) {
    case "open":
      return msg("Waiting");
    case "answering":
      return msg("Being answered now");
    case "answered":
      return msg("Answered");
    case "dismissed":
      return msg("Not taken");
  }
}

/** When it was said: 24 h, by the reader's locale. */
export const clockWords = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleTimeString(language().tag, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
