/**
 * Cameras and microphones: asking for them, and why they could not be had.
 *
 * Before this module there are choices; after it, tracks. What goes wrong comes back as a value, for a site may always
 * join without: by ear.
 */
import type { Profile } from "../protocol.gen.ts";

export type DeviceKind = "audio" | "video";
export type Trouble = "denied" | "absent" | "busy" | "insecure" | "unknown";

/** What a device gave: a track, or the reason for none. */
export type Got = { readonly track: MediaStreamTrack } | { readonly trouble: Trouble };

export interface Choice {
  readonly id: string;
  readonly label: string;
}

/** The picture asked for: 720p at 30, what a face and a wound need. Source: domain.md's consult profile. */
const VIDEO: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30 },
};

/** A voice is cleaned; what a stethoscope hears is left as it is, for the cleaning takes it for noise. */
const sound = (profile?: Profile): MediaTrackConstraints => {
  const isVoice = profile !== "stethoscope";
  return { echoCancellation: isVoice, noiseSuppression: isVoice, autoGainControl: isVoice };
};

/** The whole screen as it is: text is read from it. */
const SCREEN: DisplayMediaStreamOptions = {
  video: { frameRate: { ideal: 30 } },
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
};

/** Camera and microphone at once, so that the browser asks once; one that fails does not take the other along. */
export async function openBoth(
  cameraId?: string,
  microphoneId?: string,
  profile?: Profile,
): Promise<Record<DeviceKind, Got>> {
  if (!isSecureContext) return { audio: { trouble: "insecure" }, video: { trouble: "insecure" } };
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: exact(sound(profile), microphoneId),
      video: exact(VIDEO, cameraId),
    });
    return { audio: first(stream.getAudioTracks()), video: first(stream.getVideoTracks()) };
  } catch {
    const video = await openOne("video", cameraId);
    return { audio: await openOne("audio", microphoneId, profile), video };
  }
}

export async function openOne(kind: DeviceKind, id?: string, profile?: Profile): Promise<Got> {
  if (!isSecureContext) return { trouble: "insecure" };
  const wish = exact(kind === "video" ? VIDEO : sound(profile), id);
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ [kind]: wish });
    return first(stream.getTracks());
  } catch (error) {
    if (id !== undefined && troubleOf(error) === "absent") return openOne(kind, undefined, profile);
    return { trouble: troubleOf(error) };
  }
}

/** A screen with its sound, where the person gives it. */
export async function openScreen(): Promise<
  | { readonly video: MediaStreamTrack; readonly audio: MediaStreamTrack | undefined }
  | { readonly trouble: Trouble }
> {
  if (!isSecureContext) return { trouble: "insecure" };
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia(SCREEN);
    const [video] = stream.getVideoTracks();
    return video ? { video, audio: stream.getAudioTracks()[0] } : { trouble: "absent" };
  } catch (error) {
    return { trouble: troubleOf(error) };
  }
}

const exact = (wish: MediaTrackConstraints, id?: string): MediaTrackConstraints =>
  id === undefined ? wish : { ...wish, deviceId: { exact: id } };

function first(tracks: readonly MediaStreamTrack[]): Got {
  const track = tracks[0];
  return track ? { track } : { trouble: "absent" };
}

/** Source: Media Capture and Streams, getUserMedia, and what Firefox calls the same. */
const TROUBLES: Readonly<Record<string, Trouble>> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "absent",
  OverconstrainedError: "absent",
  NotReadableError: "busy",
  AbortError: "busy",
};

export const troubleOf = (error: unknown): Trouble =>
  (error instanceof Error && TROUBLES[error.name]) || "unknown";

/** The devices to choose from; labels are there only once a device was allowed. */
export const choices = (kind: DeviceKind): Promise<Choice[]> =>
  list(kind === "video" ? "videoinput" : "audioinput");

/** Where the others may be heard; none where the browser does not let a page choose. */
export const speakers = (): Promise<Choice[]> =>
  "setSinkId" in HTMLMediaElement.prototype ? list("audiooutput") : Promise.resolve([]);

async function list(wanted: MediaDeviceKind): Promise<Choice[]> {
  if (!isSecureContext) return [];
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices
    .filter((device) => device.kind === wanted && device.deviceId !== "")
    .map((device) => ({ id: device.deviceId, label: device.label }));
}
