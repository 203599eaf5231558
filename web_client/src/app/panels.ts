/**
 * Which panel is open beside the pictures, and what waits to be read in the others.
 *
 * Pure; the controller keeps the outcome in the store, the bar and the panels draw it.
 */
import { may } from "../session/rights.ts";
import { unread, type AppState, type Panel } from "./store.ts";

/** The state with another panel open, or none; the one that is open already closes. What was open has been read. */
export function opened(state: AppState, name: Panel | undefined): AppState {
  const seen = state.panel === "chat" || name === "chat" ? lastLine(state) : state.seenUntil;
  return { ...state, panel: name === state.panel ? undefined : name, seenUntil: seen };
}

const lastLine = ({ session, seenUntil }: AppState): number => session?.chat.at(-1)?.at ?? seenUntil;

/** What each panel has for this site that it has not seen, or that it should do. */
export function marksOf(
  state: AppState,
): Readonly<Record<"chat" | "questions" | "audience" | "sites", number>> {
  const { session } = state;
  const stage = may(session?.role, "stage");
  return {
    chat: unread(state),
    questions: stage ? (session?.questions.filter((question) => question.state === "open").length ?? 0) : 0,
    audience: stage ? (session?.hands.length ?? 0) : 0,
    sites: session?.desk.waiting.length ?? 0,
  };
}
