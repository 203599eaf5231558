/**
 * All that the page shows, as one value, and who is told when it changes.
 *
 * State flows one way: happenings change the store in controller.ts, components draw it and send events up. The
 * session in it is rebuilt by the server; the rest is this device's own.
 */
import type { Link } from "../link.ts";
import { nothingMeasured, type Measured, type Sent } from "../media/statistics.ts";
import type { Description, Extra } from "../media/extras.ts";
import { PROFILE } from "../media/ladder.ts";
import type { OwnDevice } from "../media/own.ts";
import type { Choice, DeviceKind } from "../media/devices.ts";
import type { Finding } from "../session/probe.ts";
import { may } from "../session/rights.ts";
import type { News, Session } from "../session/state.ts";

export interface Told {
  readonly id: number;
  readonly news: News;
  readonly at: number;
}

/** `blocked`: the browser wants a gesture first. */
export type Sound = "on" | "off" | "blocked";

export type Panel = "chat" | "questions" | "audience" | "sites" | "more" | "keys";

export interface AppState {
  /** Absent on the start page. */
  readonly link?: Link | undefined;
  readonly session?: Session | undefined;
  readonly own: Readonly<Record<DeviceKind, OwnDevice>>;
  /** What the camera is called and for. */
  readonly about: Description;
  /** What this site sends beside its camera and microphone. */
  readonly extras: readonly Extra[];
  readonly measured: Measured;
  /** What leaves this site; absent while it sends no picture. */
  readonly sent?: Sent | undefined;
  readonly sound: Sound;
  /** Where the others are heard: an id of `speakers`; empty is the browser's own choice. */
  readonly speaker: string;
  readonly speakers: readonly Choice[];
  /** What the test at the door found; absent before it began. */
  readonly finding?: Finding | undefined;
  /** What is open beside the pictures. */
  readonly panel?: Panel | undefined;
  /** When one was let in and when that ended, ms of the wall clock: for one's own attendance. */
  readonly attended?: { readonly from: number; readonly to?: number } | undefined;
  readonly told: readonly Told[];
  /** Lines of the chat up to this time have been seen, seconds since 1970. */
  readonly seenUntil: number;
  /** The clock that tiles count by, ms. */
  readonly now: number;
}

/** Who is not seen and heard opens no device. Before the server let one in, the link says who that is. */
export function watchesOnly({ link, session }: Pick<AppState, "link" | "session">): boolean {
  return session?.role ? !may(session.role, "publish") : (link?.watchesOnly ?? false);
}

const noDevice: OwnDevice = { wanted: true, choices: [], opening: false };

export const emptyState: AppState = {
  own: { audio: noDevice, video: noDevice },
  about: { label: "", profile: PROFILE },
  extras: [],
  measured: nothingMeasured,
  sound: "on",
  speaker: "",
  speakers: [],
  told: [],
  seenUntil: 0,
  now: 0,
};

export const isSharing = ({ extras }: AppState): boolean => extras.some((extra) => extra.what === "screen");

/** A phone's browser shares no screen; without a secure context there are no devices at all. */
export const canShare = (state: AppState): boolean =>
  !watchesOnly(state) && (navigator.mediaDevices as MediaDevices | undefined)?.getDisplayMedia !== undefined;

/** Lines of chat that came since one last looked; one's own are known. */
export function unread({ session, panel, seenUntil }: AppState): number {
  if (panel === "chat") return 0;
  const lines = session?.chat ?? [];
  return lines.filter((line) => line.at > seenUntil && line.site !== session?.site).length;
}

/** How long a piece of news stays to be read, ms. */
const NEWS_MS = 6_000;

export function tell(state: AppState, news: News): AppState {
  const id = (state.told.at(-1)?.id ?? 0) + 1;
  return { ...state, told: [...state.told, { id, news, at: state.now }].slice(-3) };
}

/** The clock went on: old news go. */
export function tick(state: AppState, now: number): AppState {
  return { ...state, now, told: state.told.filter((item) => now - item.at < NEWS_MS) };
}

export class Store {
  #state: AppState = emptyState;
  readonly #listeners = new Set<() => void>();

  get state(): AppState {
    return this.#state;
  }

  set(state: AppState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` after each change, until the function that it gives back is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
