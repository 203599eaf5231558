/**
 * Reads the time code that a bot burns into its picture; layout and thresholds are those of
 * `src/telepresence/bots/timecode.py`, whose tests hold this reader against it.
 *
 * Plain script, no module: `page.add_script_tag(path=...)` puts `readTimecode` on `window`, and Node can `require` it.
 */
(function (root) {
  "use strict";

  const COLUMNS = 40;
  const ROWS = 2;
  const STRIP_HEIGHT = 4 / 45;
  const POINTS = [0.3125, 0.4375, 0.5625, 0.6875];
  const ZERO_UP_TO = 96;
  const ONE_FROM = 160;

  /** One cell's mean luma (BT.601 weights; cells are grey, so any weights would do). */
  function meanLuma({ data, width }, pictureHeight, row, column) {
    let sum = 0;
    for (const fy of POINTS) {
      const y = Math.floor(((row + fy) * pictureHeight * STRIP_HEIGHT) / ROWS);
      for (const fx of POINTS) {
        const x = Math.floor(((column + fx) * width) / COLUMNS);
        const at = (y * width + x) * 4;
        sum += 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
      }
    }
    return sum / (POINTS.length * POINTS.length);
  }

  /** The strip's ten bytes, or null if a cell is neither dark nor bright. */
  function readStrip(imageData, pictureHeight) {
    const strip = new Uint8Array((ROWS * COLUMNS) / 8);
    for (let bit = 0; bit < ROWS * COLUMNS; bit += 1) {
      const luma = meanLuma(imageData, pictureHeight, Math.floor(bit / COLUMNS), bit % COLUMNS);
      if (luma >= ONE_FROM) strip[bit >> 3] |= 0x80 >> (bit & 7);
      else if (luma > ZERO_UP_TO) return null;
    }
    return strip;
  }

  /** CRC-16/CCITT-FALSE. */
  function crc16(bytes) {
    let crc = 0xffff;
    for (const byte of bytes) {
      crc ^= byte << 8;
      for (let i = 0; i < 8; i += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
    }
    return crc;
  }

  /**
   * @param {{data: Uint8ClampedArray, width: number, height: number}} imageData the picture, or only its top rows
   * @param {number} [pictureHeight] height of the whole picture, if `imageData` holds only its top (stripRows of it)
   * @returns {{ms: number, source: number, frame: number} | null}
   */
  function readTimecode(imageData, pictureHeight = imageData.height) {
    const strip = readStrip(imageData, pictureHeight);
    if (strip === null || crc16(strip.subarray(0, 8)) !== ((strip[8] << 8) | strip[9])) return null;
    // 42 bits of milliseconds do not fit into the 32 that JavaScript shifts: five bytes and two bits.
    const upper = strip[0] * 2 ** 24 + strip[1] * 2 ** 16 + strip[2] * 2 ** 8 + strip[3];
    const ms = upper * 2 ** 10 + strip[4] * 4 + (strip[5] >> 6);
    return { ms, source: strip[5] & 63, frame: (strip[6] << 8) | strip[7] };
  }

  /** Rows of pixels that hold the strip: all that a caller needs to copy from a picture of this height. */
  function stripRows(pictureHeight) {
    return Math.ceil(pictureHeight * STRIP_HEIGHT);
  }

  root.readTimecode = readTimecode;
  root.stripRows = stripRows;
  if (typeof module !== "undefined") module.exports = { readTimecode, stripRows };
})(typeof window === "undefined" ? globalThis : window);
