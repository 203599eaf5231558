/**
 * What this site wants to send: sources, each with a picture, a voice or both. The up connection follows it.
 *
 * Before this module are the devices (own.ts, extras.ts); after it, up.ts, which has an m-line for each line.
 */
import type { Profile } from "../protocol.gen.ts";
import type { DeviceKind } from "./devices.ts";

/** One m-line: there while the source has that kind, with or without a track. */
export interface Line {
  readonly track: MediaStreamTrack | null;
  /** Nothing of it is to be seen or heard by the others. */
  readonly muted: boolean;
}

export interface Feed {
  readonly source: string;
  readonly label: string;
  readonly profile: Profile;
  readonly lines: Readonly<Partial<Record<DeviceKind, Line>>>;
}

/** Id of the source that each site begins with: its camera and microphone. */
export const MAIN = "camera";

/** One looks at oneself as in a mirror; a monitor's left stays left. */
export const isMirror = (source: string, profile: Profile): boolean =>
  source === MAIN && (profile === "talk" || profile === "consult");

export const KINDS: readonly DeviceKind[] = ["audio", "video"];

export const laneKey = (source: string, kind: DeviceKind): string => `${source}/${kind}`;

/** What the server is told of feeds by an offer: while it is the same, nothing need be offered. */
export const offerOf = (feeds: readonly Feed[]): string =>
  JSON.stringify(
    feeds.map(({ source, label, profile, lines }) => [source, label, profile, KINDS.filter((k) => lines[k])]),
  );
