/** How loud a track is: from an AnalyserNode's samples to a level that a person can read. */

/** Quietest level shown, dB of full scale: below it is the hum of a room. */
const FLOOR_DB = -60;

/** 0 (silence) to 1 (full scale) of samples in [-1, 1], even to the ear. */
export function levelOf(samples: Float32Array): number {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  return perceived(Math.sqrt(power / Math.max(samples.length, 1)));
}

/** 0 to 1 on a scale of decibels, from a linear amplitude of 0 to 1 as in RTCStats' `audioLevel`. */
export function perceived(amplitude: number): number {
  if (amplitude <= 0) return 0;
  return Math.min(1, Math.max(0, 1 - (20 * Math.log10(amplitude)) / FLOOR_DB));
}

/** Measures one track until it is closed. */
export class LevelMeter {
  readonly #context = new AudioContext();
  readonly #analyser = this.#context.createAnalyser();
  readonly #samples = new Float32Array(1024);

  constructor(track: MediaStreamTrack) {
    this.#analyser.fftSize = this.#samples.length;
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(this.#analyser);
    this.wake();
  }

  /** After a gesture: before the first one a browser may keep it still. */
  wake(): void {
    if (this.#context.state === "suspended") void this.#context.resume();
  }

  read(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return levelOf(this.#samples);
  }

  close(): void {
    void this.#context.close();
  }
}
