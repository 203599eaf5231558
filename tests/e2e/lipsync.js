/**
 * When a chart's square flashes and when its beep sounds, both as a viewer has them: the flash by the frames that the
 * browser presents, the beep by the samples that it plays, in milliseconds of `Date`'s clock.
 */
(function (root) {
  "use strict";

  // The middle of the square, as shares of the picture; source: telepresence/bots/chart.py, `_draw_flash`.
  const SQUARE = { x: 588 / 640, y: 308 / 360 };
  const BRIGHT = 160;
  const LOUD = 0.03; // -30 dBFS; the tests' beep is at -18
  const QUIET_S = 0.3; // a beep lasts 0.1 s, and the next begins 0.9 s after its end

  const WORKLET = `
    registerProcessor("beeps", class extends AudioWorkletProcessor {
      #quiet = 0;
      process([[samples]]) {
        if (!samples) return true;
        const loud = samples.some((sample) => Math.abs(sample) > ${LOUD});
        if (loud && this.#quiet > ${QUIET_S}) this.port.postMessage(Date.now());
        this.#quiet = loud ? 0 : this.#quiet + samples.length / sampleRate;
        return true;
      }
    });`;

  let audio = null;

  /** The page's audio context, with the worklet in it. */
  async function context() {
    if (!audio) {
      audio = new AudioContext({ latencyHint: "interactive" });
      await audio.audioWorklet.addModule(URL.createObjectURL(new Blob([WORKLET], { type: "text/javascript" })));
    }
    await audio.resume();
    return audio;
  }

  /** When beeps began in a stream, for so long. */
  async function beeps(stream, forMs) {
    const at = [];
    const source = (await context()).createMediaStreamSource(new MediaStream(stream.getAudioTracks()));
    const listener = new AudioWorkletNode(audio, "beeps", { numberOfOutputs: 0 });
    listener.port.onmessage = ({ data }) => at.push(data);
    source.connect(listener);
    await new Promise((resolve) => setTimeout(resolve, forMs));
    source.disconnect();
    return at;
  }

  /** When flashes began in a video, for so long. */
  async function flashes(video, forMs) {
    const at = [];
    const drawing = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    let [wasBright, callback] = [true, 0];
    const onFrame = (_now, { presentationTime }) => {
      const [x, y] = [video.videoWidth * SQUARE.x, video.videoHeight * SQUARE.y];
      drawing.drawImage(video, x, y, 4, 4, 0, 0, 1, 1);
      const isBright = drawing.getImageData(0, 0, 1, 1).data[1] > BRIGHT;
      if (isBright && !wasBright) at.push(performance.timeOrigin + presentationTime);
      wasBright = isBright;
      callback = video.requestVideoFrameCallback(onFrame);
    };
    callback = video.requestVideoFrameCallback(onFrame);
    await new Promise((resolve) => setTimeout(resolve, forMs));
    video.cancelVideoFrameCallback(callback);
    return at;
  }

  /** Playout times of a slot's sound and picture in ms of the sender's clock, every 200 ms. Source: W3C webrtc-stats. */
  async function playouts(index, forMs) {
    const found = [];
    for (const until = performance.now() + forMs; performance.now() < until; ) {
      const stats = await root.bare.stats("inbound-rtp", "mid");
      const [sound, picture] = [stats[`a${index}`], stats[`v${index}`]].map((entry) => entry?.estimatedPlayoutTimestamp);
      if (sound && picture) found.push([sound, picture]);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return found;
  }

  /** All three of a slot, at the same time. */
  async function watch(index, forMs) {
    const { video, stream } = root.bare.slots.get(index);
    const [heard, seen, playing] = await Promise.all([beeps(stream, forMs), flashes(video, forMs), playouts(index, forMs)]);
    return { heard, seen, playing };
  }

  root.lipsync = { watch };
})(window);
