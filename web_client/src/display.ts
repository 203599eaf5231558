/**
 * The size of things: a desk's, or a room's with a wall screen three metres away.
 *
 * `?display=room` in the address or the switch sets it; the device keeps it, since a wall stays one. The stylesheet
 * goes by `data-display` of the root element.
 */

const KEY = "telepresence.display";

type Kept = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** What the address says, else what the device kept. */
export function startDisplay(search: string, keep: Kept, root: HTMLElement): void {
  const wanted = new URLSearchParams(search).get("display");
  if (wanted !== null) return setWall(wanted === "room", keep, root);
  show(keep.getItem(KEY) === "room", root);
}

export function setWall(wall: boolean, keep: Kept, root: HTMLElement): void {
  if (wall) keep.setItem(KEY, "room");
  else keep.removeItem(KEY);
  show(wall, root);
}

export const isWall = (root: HTMLElement = document.documentElement): boolean =>
  root.dataset["display"] === "room";

function show(wall: boolean, root: HTMLElement): void {
  if (wall) root.dataset["display"] = "room";
  else delete root.dataset["display"];
}
