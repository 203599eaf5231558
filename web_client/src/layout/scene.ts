/**
 * What is large and what stands beside it.
 *
 * Pure: from the places, what the viewer chose and the chair's spotlight to a scene, which boxes.ts gives its room on
 * the screen. The viewer's pin comes before the chair's spotlight, and both before what the page does by itself.
 */
import type { Profile, SourceName } from "../protocol.gen.ts";
import type { Place } from "../session/places.ts";

/**
 * `grid`: all alike. `pinned`: one large, by the viewer or the chair. `dual`: what is looked at beside the people.
 */
export interface Scene {
  readonly kind: "grid" | "pinned" | "dual";
  readonly large: readonly Place[];
  readonly rest: readonly Place[];
  /** The own picture in a corner, in a room's display. */
  readonly corner?: Place;
  /** The chair's spotlight made it, not this viewer. */
  readonly spotlit: boolean;
}

/** What this viewer chose. It is the device's own and is not kept. */
export interface Choice {
  /** Key of a place. */
  readonly pinned?: string | undefined;
  /** People and content alike, though content is there. */
  readonly alike: boolean;
  /** Share of the stage that the large part has, once somebody moved the edge. */
  readonly share?: number | undefined;
  readonly page: number;
}

export const nothingChosen: Choice = { alike: false, page: 0 };

/** Pictures that are looked at, rather than people who look. Source: domain.md, "What to protect". */
const CONTENT: ReadonlySet<Profile> = new Set<Profile>(["screen", "ultrasound", "surgery", "still"]);

/** One's own content stays small: a screen within a screen helps nobody. */
export const isContent = ({ source, own }: Place): boolean =>
  !own && source?.video?.muted === false && CONTENT.has(source.profile);

export interface Viewer {
  readonly choice: Choice;
  readonly spotlight: SourceName | null | undefined;
  /** A wall screen: the own picture is small, in a corner. */
  readonly wall: boolean;
}

export function sceneOf(places: readonly Place[], { choice, spotlight, wall }: Viewer): Scene {
  const pinned = places.find((place) => place.key === choice.pinned);
  if (pinned) return beside("pinned", [pinned], places, wall);
  const lit = places.find((place) => !place.own && isNamed(place, spotlight));
  if (lit) return { ...beside("pinned", [lit], places, wall), spotlit: true };
  const content = choice.alike ? [] : places.filter(isContent);
  if (content.length > 0) return beside("dual", content, places, wall);
  return beside("grid", [], places, wall);
}

const isNamed = ({ member, source }: Place, name: SourceName | null | undefined): boolean =>
  name != null && member.participant === name.participant && source?.id === name.source;

function beside(
  kind: Scene["kind"],
  large: readonly Place[],
  places: readonly Place[],
  wall: boolean,
): Scene {
  const others = places.filter((place) => !large.includes(place));
  const corner = wall && others.length + large.length > 1 ? others.find((place) => place.own) : undefined;
  const rest = others.filter((place) => place !== corner);
  return { kind, large, rest, spotlit: false, ...(corner && { corner }) };
}
