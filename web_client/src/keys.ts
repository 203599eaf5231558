/**
 * What single keys do in a meeting. Pure: a key and where it was pressed give the deed; meeting.ts does it.
 *
 * Digits, arrows and Escape over the pictures are the grid's own.
 */
export type Deed =
  | "microphone"
  | "camera"
  | "hand"
  | "chat"
  | "questions"
  | "audience"
  | "sites"
  | "share"
  | "more"
  | "keys"
  | "bar"
  | "close"
  | "talk";

export interface Press {
  readonly key: string;
  /** With Ctrl, Alt or Meta, which are the browser's. */
  readonly modified: boolean;
  /** One writes. */
  readonly typing: boolean;
  /** On a button or a choice, which Space presses. */
  readonly onControl: boolean;
  readonly repeated: boolean;
}

/** One letter each; the list of keys is drawn from it, too. */
export const KEYS: readonly (readonly [string, Deed])[] = [
  ["m", "microphone"],
  ["c", "camera"],
  ["h", "hand"],
  ["t", "chat"],
  ["q", "questions"],
  ["a", "audience"],
  ["s", "sites"],
  ["x", "share"],
  ["o", "more"],
  ["?", "keys"],
];

export function deedOf({ key, modified, typing, onControl, repeated }: Press): Deed | undefined {
  if (modified || repeated) return undefined;
  // Also out of a field: the way back to the bar.
  if (key === "F6") return "bar";
  if (key === "Escape") return "close";
  if (typing) return undefined;
  if (key === " ") return onControl ? undefined : "talk";
  return KEYS.find(([letter]) => letter === key.toLowerCase())?.[1];
}
