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

  /** Rows of the frame that the video shows now, drawn for reading. */
  function drawStrip(video, canvas) {
    const rows = root.stripRows(video.videoHeight);
    canvas.width = video.videoWidth;
    canvas.height = rows;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(video, 0, 0, video.videoWidth, rows, 0, 0, video.videoWidth, rows);
    return context.getImageData(0, 0, video.videoWidth, rows);
  }

  /**
   * Watches a tile's picture for a while, on each frame that is presented.
   * @returns frames presented, frames with a readable code, how often the code changed (a camera's file goes round, so codes
   *          come again), the sources named, the longest gap in ms,
   *          the median delay in ms between the code's clock and now, and the picture's size
   */
  function watchPicture(tile, forMs) {
    const video = videoOf(tile);
    if (!video) return Promise.resolve({ why: "the tile has no <video>" });
    const canvas = document.createElement("canvas");
    const sources = new Set();
    const delays = [];
    let [frames, read, changes, lastCode, longestGapMs] = [0, 0, 0, "", 0];
    const startedAt = performance.now();
    let [lastAt, presentedBefore, presented] = [startedAt, null, 0];
    const counters = video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;
    return new Promise((resolve) => {
      let callback = 0;
      const onFrame = (now, metadata) => {
        frames += 1;
        presentedBefore ??= metadata.presentedFrames - 1;
        presented = metadata.presentedFrames - presentedBefore;
        longestGapMs = Math.max(longestGapMs, now - lastAt);
        lastAt = now;
        const code = root.readTimecode(drawStrip(video, canvas), video.videoHeight);
        if (code) {
          read += 1;
          const text = `${code.ms}/${code.frame}`;
          changes += text !== lastCode;
          lastCode = text;
          sources.add(code.source);
          delays.push(Date.now() - code.ms);
        }
        callback = video.requestVideoFrameCallback(onFrame);
      };
      callback = video.requestVideoFrameCallback(onFrame);
      setTimeout(() => {
        video.cancelVideoFrameCallback(callback);
        const seconds = (performance.now() - startedAt) / 1000;
        delays.sort((a, b) => a - b);
        resolve({
          frames,
          read,
          fps: presented / seconds,
          readFps: read / seconds,
          changesPerSecond: changes / seconds,
          sources: [...sources],
          longestGapMs,
          delayMs: delays.length ? delays[delays.length >> 1] : null,
          width: video.videoWidth,
          height: video.videoHeight,
          decoded: (video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0) - counters,
        });
      }, forMs);
    });
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
