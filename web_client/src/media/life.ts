/**
 * The life of a peer connection as the browser tells it: it wavers, or it is dead.
 *
 * up.ts and down.ts hang on it; session/machine.ts decides what is done.
 */

/** A connection without packets for so long gets a new way, ms; a shorter gap is a lost packet or two. */
export const WAVER_MS = 2_000;

/** After so long without a better way another is tried, ms: the first restart may have been lost with the network. */
export const AGAIN_MS = 5_000;

export interface Life {
  wavers(): void;
  failed(): void;
}

/** Watches a connection until the function that it gives back is called. */
export function watchLife(pc: RTCPeerConnection, life: Life): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waver = () => {
    timer = setTimeout(waver, AGAIN_MS);
    life.wavers();
  };
  pc.onconnectionstatechange = () => {
    const state = pc.connectionState;
    if (state === "connecting") return; // A restart under way is no end of the trouble.
    clearTimeout(timer);
    if (state === "disconnected") timer = setTimeout(waver, WAVER_MS);
    if (state === "failed") life.failed();
  };
  return () => {
    clearTimeout(timer);
    pc.onconnectionstatechange = null;
  };
}
