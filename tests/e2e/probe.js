/**
 * What a test reads from a tile as a viewer would: the time code from decoded pixels, the tone from decoded sound.
 * Plain script beside `timecode.js`; `site.py` adds both to the page.
 */
(function (root) {
  "use strict";

  const TONE_FFT = 8192; // 5.9 Hz a bin at 48 kHz: tones of the tests are 100 Hz apart
  const TONE_SETTLE_MS = 400; // two FFT windows and the analyser's smoothing

  let audio = null;
  const analysers = new WeakMap();

  /** Media elements of a tile, through open shadow roots. */
  function mediaOf(node) {
    const found = [];
    const walk = (at) => {
      if (at instanceof HTMLMediaElement) found.push(at);
      if (at.shadowRoot) walk(at.shadowRoot);
      for (const child of at.children ?? []) walk(child);
    };
    walk(node);
    return found;
  }

  /** The tile's picture. */
  function videoOf(tile) {
    return mediaOf(tile).find((element) => element instanceof HTMLVideoElement);
  }

  /** The rows of a decoded frame that hold the time code. */
  function strip(frame, canvas) {
    const [width, rows] = [frame.displayWidth, root.stripRows(frame.displayHeight)];
    if (canvas.width !== width || canvas.height !== rows) [canvas.width, canvas.height] = [width, rows];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(frame, 0, 0, width, rows, 0, 0, width, rows);
    return context.getImageData(0, 0, width, rows);
  }

  /**
   * Reads the time code of every frame that is decoded for a tile. Drawing the <video> instead would show whichever frame
   * is current by then: some twice, some never.
   */
  async function readCodes(track, until, each) {
    const frames = new MediaStreamTrackProcessor({ track: track.clone() }).readable.getReader();
    const canvas = new OffscreenCanvas(1, 1);
    const over = new Promise((resolve) => setTimeout(resolve, until - performance.now(), { done: true }));
    for (;;) {
      const { done, value: frame } = await Promise.race([frames.read(), over]);
      if (done) break;
      each(root.readTimecode(strip(frame, canvas), frame.displayHeight));
      frame.close();
    }
    await frames.cancel();
  }

  /** Counts the frames that a video presents, and the longest time between two. */
  function countPresented(video, until) {
    let [first, last, longestGapMs, lastAt, callback] = [null, 0, 0, performance.now(), 0];
    const onFrame = (now, { presentedFrames }) => {
      first ??= presentedFrames - 1;
      last = presentedFrames;
      longestGapMs = Math.max(longestGapMs, now - lastAt);
      lastAt = now;
      callback = video.requestVideoFrameCallback(onFrame);
    };
    callback = video.requestVideoFrameCallback(onFrame);
    return new Promise((resolve) => {
      setTimeout(() => {
        video.cancelVideoFrameCallback(callback);
        resolve({ presented: last - (first ?? 0), longestGapMs: Math.max(longestGapMs, performance.now() - lastAt) });
      }, until - performance.now());
    });
  }

  /**
   * Watches a tile's picture for a while.
   * @returns frames presented a second, how often the time code changed a second (a camera's file goes round, so codes come
   *          again), the sources named, the longest gap between presented frames in ms, the median delay in ms between the
   *          code's clock and now, and the picture's size
   */
  async function watchPicture(tile, forMs) {
    const video = videoOf(tile);
    const track = video?.srcObject?.getVideoTracks()[0];
    if (!track) return { why: "the tile has no <video> with a track" };
    const [startedAt, sources, delays] = [performance.now(), new Set(), []];
    let [changes, lastCode] = [0, ""];
    const reading = readCodes(track, startedAt + forMs, (code) => {
      if (!code) return;
      const text = `${code.ms}/${code.frame}`;
      changes += text !== lastCode;
      lastCode = text;
      sources.add(code.source);
      delays.push(Date.now() - code.ms);
    });
    const [{ presented, longestGapMs }] = await Promise.all([countPresented(video, startedAt + forMs), reading]);
    const seconds = (performance.now() - startedAt) / 1000;
    delays.sort((a, b) => a - b);
    return {
      fps: presented / seconds,
      changesPerSecond: changes / seconds,
      sources: [...sources],
      longestGapMs,
      delayMs: delays.length ? delays[delays.length >> 1] : null,
      width: video.videoWidth,
      height: video.videoHeight,
    };
  }

  /** An analyser on the tile's sound. The stream's clone leaves what the page plays as it is. */
  function analyserOf(tile) {
    const stream = mediaOf(tile)
      .map((element) => element.srcObject)
      .find((candidate) => candidate instanceof MediaStream && candidate.getAudioTracks().length > 0);
    if (!stream) return null;
    const track = stream.getAudioTracks()[0];
    if (!analysers.has(track)) {
      audio ??= new AudioContext();
      const analyser = audio.createAnalyser();
      analyser.fftSize = TONE_FFT;
      analyser.smoothingTimeConstant = 0.2;
      audio.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      analysers.set(track, analyser);
    }
    return analysers.get(track);
  }

  /** The loudest frequency of the tile's sound in Hz, and its level in dBFS (root mean square of the signal). */
  async function hearTone(tile) {
    const analyser = analyserOf(tile);
    if (!analyser) return { hz: 0, dbfs: -Infinity, why: "the tile has no sound" };
    await audio.resume();
    await new Promise((resolve) => setTimeout(resolve, TONE_SETTLE_MS));
    const spectrum = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(spectrum);
    const loudest = spectrum.reduce((best, level, bin) => (level > spectrum[best] ? bin : best), 0);
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    return { hz: (loudest * audio.sampleRate) / analyser.fftSize, dbfs: 10 * Math.log10(power + 1e-12), state: audio.state };
  }

  root.probe = { watchPicture, hearTone, videoOf, mediaOf };
})(window);
