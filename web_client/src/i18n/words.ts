/** From codes to words: what is, why, and what to do. */
import { msg, str } from "@lit/localize";
import type { ErrorCode, LeaveReason, Source } from "../protocol.gen.ts";
import type { DeviceKind, Trouble } from "../media/devices.ts";
import type { MediaAddress, MediaTrouble, News, Refusal } from "../session/state.ts";

export interface Words {
  readonly title: string;
  readonly advice: string;
}

export function troubleWords(kind: DeviceKind, trouble: Trouble): Words {
  return kind === "video" ? cameraWords(trouble) : microphoneWords(trouble);
}

function cameraWords(trouble: Trouble): Words {
  switch (trouble) {
    case "denied":
      return {
        title: msg("The browser does not let this page use the camera"),
        advice: msg("Press the camera sign in the address bar, choose “Allow”, then try again."),
      };
    case "absent":
      return {
        title: msg("No camera was found"),
        advice: msg("Plug one in or switch it on, then try again."),
      };
    case "busy":
      return {
        title: msg("The camera is in use by another program"),
        advice: msg("Close the other program or tab, then try again."),
      };
    case "insecure":
      return insecureWords();
    case "unknown":
      return {
        title: msg("The camera did not start"),
        advice: msg("Choose another one, or unplug it and plug it in again."),
      };
  }
}

function microphoneWords(trouble: Trouble): Words {
  switch (trouble) {
    case "denied":
      return {
        title: msg("The browser does not let this page use the microphone"),
        advice: msg("Press the microphone sign in the address bar, choose “Allow”, then try again."),
      };
    case "absent":
      return {
        title: msg("No microphone was found"),
        advice: msg("Plug one in or switch it on, then try again."),
      };
    case "busy":
      return {
        title: msg("The microphone is in use by another program"),
        advice: msg("Close the other program or tab, then try again."),
      };
    case "insecure":
      return insecureWords();
    case "unknown":
      return {
        title: msg("The microphone did not start"),
        advice: msg("Choose another one, or unplug it and plug it in again."),
      };
  }
}

const insecureWords = (): Words => ({
  title: msg("Camera and microphone need a secure address"),
  advice: msg("Open the link with https in front, or ask the support desk of the hospital that invited you."),
});

/** Why neither picture nor sound comes, though the server answers. */
export function mediaWords({ reached }: MediaTrouble, address: MediaAddress | undefined): Words {
  if (reached) {
    return {
      title: msg("Pictures and sound broke off"),
      advice: msg("This page sets them up again by itself."),
    };
  }
  return {
    title: msg("Pictures and sound do not get through this network"),
    advice: address
      ? msg(
          str`The server was reached, its media port was not. Ask the network's administrator to allow UDP to ${address.host}, port ${address.port}. This page goes on trying.`,
        )
      : msg(
          "The server was reached, its media port was not. Ask the network's administrator to allow UDP to the server. This page goes on trying.",
        ),
  };
}

export function refusalWords(code: Refusal["code"]): Words {
  const askForLink = msg("Ask the person who invited you for a new link.");
  switch (code) {
    case "no-token":
      return {
        title: msg("This link is not complete"),
        advice: msg("Open the whole link that your hospital was sent, with everything behind the # sign."),
      };
    case "token-expired":
      return { title: msg("This link has expired"), advice: askForLink };
    case "token-invalid":
      return { title: msg("This link is not valid here"), advice: askForLink };
    case "room-unknown":
      return {
        title: msg("This consultation does not exist any more"),
        advice: msg("Ask the organiser whether it was moved."),
      };
    case "room-full":
      return {
        title: msg("The consultation is full"),
        advice: msg("Wait until a site has left, or ask the organiser."),
      };
    case "version":
      return {
        title: msg("This page is out of date"),
        advice: msg("Load it again. If that does not help, update the browser."),
      };
    case "replaced":
      return {
        title: msg("You are in this consultation in another window"),
        advice: msg("Go on there, or join again here."),
      };
    case "too-many":
      return {
        title: msg("This page sent more than the server takes"),
        advice: msg("Join again. If it happens again, tell the support desk the code below."),
      };
    default:
      return {
        title: msg("The server did not let this site in"),
        advice: msg("Try again. If it happens again, tell the support desk the code below."),
      };
  }
}

/** Whether another try with the same link may end differently. */
export const worthAnotherTry = (code: Refusal["code"]): boolean =>
  !["no-token", "token-expired", "token-invalid", "room-unknown"].includes(code);

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

/** What a source is called when its site gave it no name. */
export function sourceLabel(source: Source): string {
  if (source.label !== "") return source.label;
  return source.id === "camera" ? msg("Camera") : source.id;
}

/**
 * One or two characters for a tile without a picture: a Chinese name's first two, a Latin one's first letters. Of a
 * name in both, the part in the reader's language.
 */
export function initials(name: string, inChinese: boolean): string {
  const chinese = /\p{Script=Han}{1,2}/u.exec(name)?.[0];
  const words = name.match(/\p{Script=Latin}+/gu) ?? [];
  if (chinese && (inChinese || words.length === 0)) return chinese;
  return words
    .slice(0, 2)
    .map((word) => word.charAt(0).toUpperCase())
    .join("");
}
