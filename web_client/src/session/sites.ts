/** Who is in the room, site by site, and who was invited and is not: what the panel of sites draws. Pure. */
import type { InvitedSite, Member } from "../protocol.gen.ts";
import type { Session } from "./state.ts";

export interface SiteGroup {
  readonly site: string;
  readonly name: string;
  /** Its devices. */
  readonly members: readonly Member[];
}

/** Sites in the order in which they came; one's own site first. */
export function sitesIn(session: Session): SiteGroup[] {
  const groups = new Map<string, Member[]>();
  for (const member of session.members) {
    groups.set(member.site, [...(groups.get(member.site) ?? []), member]);
  }
  const own = session.members.find((member) => member.participant === session.participant)?.site;
  return [...groups]
    .map(([site, members]) => ({ site, name: members[0]?.name ?? site, members }))
    .toSorted((a, b) => Number(b.site === own) - Number(a.site === own));
}

/** Invited, and neither here nor waiting nor removed. */
export function missing({ desk, members }: Session): InvitedSite[] {
  const there = new Set([...members, ...desk.waiting, ...desk.removed].map(({ site }) => site));
  return desk.sites.filter(({ site, role }) => !there.has(site) && role !== "audience");
}
