/** From codes to words: what is, why, and what to do. */
import { msg, str } from "@lit/localize";
import type { Source } from "../protocol.gen.ts";
import type { DeviceKind, Trouble } from "../media/devices.ts";
import type { MediaAddress, MediaTrouble, Refusal } from "../session/state.ts";

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
    advice: `${blockedAdvice(address)} ${msg("This page goes on trying.")}`,
  };
}

/** Whom to ask, and for what. */
export const blockedAdvice = (address: MediaAddress | undefined): string =>
  address
    ? msg(
        str`The server was reached, its media port was not. Ask the network's administrator to allow UDP to ${address.host}, port ${address.port}.`,
      )
    : msg(
        "The server was reached, its media port was not. Ask the network's administrator to allow UDP to the server.",
      );

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
    case "token-revoked":
      return { title: msg("This link was withdrawn"), advice: askForLink };
    case "room-ended":
      return {
        title: msg("This meeting has ended"),
        advice: msg("Ask the organiser whether there is another one."),
      };
    case "room-locked":
      return {
        title: msg("The room is locked"),
        advice: msg("Call the chair: once the room is open again, try again."),
      };
    case "removed":
      return {
        title: msg("The chair has sent this site out"),
        advice: msg("If this was a mistake, call the hospital that invited you."),
      };
    case "server-full":
      return {
        title: msg("The server carries as many sites as it can"),
        advice: msg("Try again in a few minutes. If it happens again, tell the support desk."),
      };
    case "room-unknown":
      return {
        title: msg("This meeting does not exist any more"),
        advice: msg("Ask the organiser whether it was moved."),
      };
    case "room-full":
      return {
        title: msg("The meeting is full"),
        advice: msg("Wait until a site has left, or ask the organiser."),
      };
    case "version":
      return {
        title: msg("This page is out of date"),
        advice: msg("Load it again. If that does not help, update the browser."),
      };
    case "replaced":
      return {
        title: msg("You are in this meeting in another window"),
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
  !["no-token", "token-expired", "token-invalid", "token-revoked", "room-unknown"].includes(code);

/** What a source is called when its site gave it no name. */
export function sourceLabel(source: Source): string {
  if (source.label !== "") return source.label;
  const [, kind, number] = /^(camera|sound|screen)(?:-(\d+))?$/.exec(source.id) ?? [];
  switch (kind) {
    case "camera":
      return number === undefined ? msg("Camera") : msg(str`Camera ${number}`);
    case "sound":
      return msg("Sound device");
    case "screen":
      return msg("Screen");
    default:
      return source.id;
  }
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
