/**
 * All that the page shows, as one value, and who is told when it changes.
 *
 * State flows one way: happenings change the store in controller.ts, components draw it and send events up. The
 * session in it is rebuilt by the server; the rest is this device's own.
 */
import type { Link } from "../link.ts";
import { nothingMeasured, type Measured, type Sent } from "../media/statistics.ts";
import type { OwnDevice } from "../media/own.ts";
import type { DeviceKind } from "../media/devices.ts";
import { may } from "../session/rights.ts";
import type { News, Session } from "../session/state.ts";
import type { PanelName } from "./panels.ts";

export interface Told {
  readonly id: number;
  readonly news: News;
  readonly at: number;
}

/** `blocked`: the browser wants a gesture first. */
export type Sound = "on" | "off" | "blocked";

export interface AppState {
  /** Absent on the start page. */
  readonly link?: Link | undefined;
  readonly session?: Session | undefined;
  readonly own: Readonly<Record<DeviceKind, OwnDevice>>;
  readonly measured: Measured;
  /** What leaves this site; absent while it sends no picture. */
  readonly sent?: Sent | undefined;
  readonly sound: Sound;
  readonly told: readonly Told[];
  /** Open beside the pictures; absent when none is. */
  readonly panel?: PanelName | undefined;
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
  measured: nothingMeasured,
  sound: "on",
  told: [],
  seenUntil: 0,
  now: 0,
};

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
