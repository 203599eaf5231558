/** What roles, kinds of rooms and profiles are called. */
import { msg } from "@lit/localize";
import type { Profile, Role, RoomKind } from "../protocol.gen.ts";

export function roleWords(role: Role): string {
  switch (role) {
    case "organiser":
      return msg("Organiser");
    case "chair":
      return msg("Chair");
    case "member":
      return msg("Member");
    case "guest":
      return msg("Guest (waits to be admitted)");
    case "presenter":
      return msg("Presenter");
    case "moderator":
      return msg("Moderator");
    case "audience":
      return msg("Audience");
    case "encoder":
      return msg("Encoder (sends only)");
    case "recorder":
      return msg("Recorder");
    case "admin":
      return msg("Administrator");
  }
}

export function kindWords(kind: RoomKind): string {
  return kind === "broadcast" ? msg("Broadcast") : msg("Consultation");
}

export function profileWords(profile: Profile): string {
  switch (profile) {
    case "talk":
      return msg("People, small");
    case "consult":
      return msg("People");
    case "ultrasound":
      return msg("Ultrasound");
    case "surgery":
      return msg("Surgery, endoscopy");
    case "still":
      return msg("X-ray, record, still picture");
    case "stethoscope":
      return msg("Stethoscope");
    case "screen":
      return msg("Screen");
  }
}
