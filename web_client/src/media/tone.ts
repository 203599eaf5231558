/** A tone by which a person hears that a loudspeaker is the right one. */

/** An ear finds it at once, and it is no alarm of a ward's monitor, Hz. */
const PITCH_HZ = 440;
const SECONDS = 0.8;
/** Half as loud as a voice that fills the scale: a loudspeaker may be turned up. */
const LOUDNESS = 0.25;

/** Plays it on the speaker with that id; empty is the browser's own choice. */
export async function playTone(speaker: string): Promise<void> {
  const context = new AudioContext();
  const [tone, gain] = [context.createOscillator(), context.createGain()];
  const end = context.createMediaStreamDestination();
  tone.frequency.value = PITCH_HZ;
  gain.gain.setValueAtTime(0, context.currentTime);
  gain.gain.linearRampToValueAtTime(LOUDNESS, context.currentTime + 0.05);
  gain.gain.linearRampToValueAtTime(0, context.currentTime + SECONDS);
  tone.connect(gain).connect(end);
  const audio = new Audio();
  audio.srcObject = end.stream;
  if ("setSinkId" in audio) await audio.setSinkId(speaker);
  await audio.play();
  tone.start();
  tone.stop(context.currentTime + SECONDS);
  await new Promise((resolve) => (tone.onended = resolve));
  audio.pause();
  await context.close();
}
