/** What is told beside the pictures, for some seconds and to a screen reader. */
import { msg, str } from "@lit/localize";
import type { DeviceKind, Trouble } from "../media/devices.ts";
import type { ErrorCode, LeaveReason } from "../protocol.gen.ts";
import type { AppState } from "../app/store.ts";
import type { News, Plea } from "../session/state.ts";

export function newsWords(news: News): string {
  switch (news.type) {
    case "came":
      return msg(str`${news.name} has joined`);
    case "went":
      return wentWords(news.name, news.reason);
    case "back":
      return msg("Connected again");
    case "not-sent":
      return notSentWords(news.code);
    case "not-shared":
      return notSharedWords(news.trouble);
    case "not-done":
      return notDoneWords(news.code);
    case "waits":
      return msg(str`${news.name} waits to be let in`);
    case "hand-up":
      return msg(str`${news.name} has raised the hand`);
    case "said":
      return msg(str`${news.name} has written in the chat`);
    case "asks":
      return msg(str`${news.name} has asked a question`);
    case "muted-by":
      return mutedWords(news.kind, news.by);
    case "records":
      return news.recording
        ? msg(str`${news.name} records this meeting`)
        : msg(str`${news.name} has stopped recording`);
    case "chair":
      return news.own ? msg("You are the chair now") : msg(str`${news.name} is the chair now`);
    case "locked":
      return news.locked
        ? msg("The room is locked: nobody new gets in")
        : msg("The room is open again");
    case "staged":
      return news.onStage
        ? msg("You are on the stage: you can be seen and heard")
        : msg("You are back in the audience: nobody sees or hears you");
  }
}

function wentWords(name: string, reason: LeaveReason): string {
  switch (reason) {
    case "lost":
      return msg(str`${name} has lost the connection`);
    case "removed":
      return msg(str`${name} was sent out`);
    case "demoted":
      return msg(str`${name} has gone back to the audience`);
    case "left":
      return msg(str`${name} has left`);
  }
}

function mutedWords(kind: DeviceKind, by: string): string {
  if (kind === "video") {
    return by
      ? msg(str`${by} has switched your camera off. Only you can switch it on again.`)
      : msg("The chair has switched your camera off. Only you can switch it on again.");
  }
  return by
    ? msg(str`${by} has switched your microphone off. Only you can switch it on again.`)
    : msg("The chair has switched your microphone off. Only you can switch it on again.");
}

const notSharedWords = (trouble: Trouble): string =>
  trouble === "insecure"
    ? msg("A screen can only be shared from a secure address (https).")
    : msg("The screen could not be shared. Try again, or choose another window.");

function notDoneWords(code: ErrorCode): string {
  switch (code) {
    case "not-kept":
      return msg("The server could not keep that. Try again in a moment.");
    case "too-many":
      return msg("That was too much at once. Wait a second, then try again.");
    case "forbidden":
      return msg("Your role does not allow that.");
    case "participant-unknown":
      return msg("That site is not here any more.");
    default:
      return msg(str`The server did not do that (${code}).`);
  }
}

const notSentWords = (code: ErrorCode): string =>
  msg(str`Your picture and voice cannot be sent (${code}). You can watch and listen.`);


/** What one is asked, in a sentence; `by` is empty when it was asked before the page was loaded. */
export function pleaWords({ wish, by }: { wish: Exclude<Plea["wish"], "stage">; by: string }): string {
  const who = by === "" ? msg("The chair") : by;
  switch (wish) {
    case "microphone":
      return msg(str`${who} asks you to open your microphone`);
    case "camera":
      return msg(str`${who} asks you to open your camera`);
    case "chair":
      return msg(str`${who} asks for the chair`);
  }
}

/** What a screen reader says of the pictures themselves: who speaks, and what is paused. */
export function spokenOf({ session }: Pick<AppState, "session">): string {
  if (!session) return "";
  const nameOf = (participant: string | null | undefined): string | undefined =>
    session.members.find((member) => member.participant === participant)?.name;
  const speaker = session.speaker?.participant;
  const name = speaker === session.participant ? undefined : nameOf(speaker);
  const paused = session.slots
    .filter((slot) => session.paused.includes(slot.index))
    .flatMap((slot) => nameOf(slot.participant) ?? []);
  return [
    ...(name === undefined ? [] : [msg(str`${name} speaks`)]),
    ...(paused.length === 0 ? [] : [msg(str`Paused by your link: ${[...new Set(paused)].join(", ")}`)]),
  ].join(". ");
}
