/** How many columns, and how large the tiles: the largest pictures that fit, without one being cut. */

export interface Layout {
  readonly columns: number;
  readonly width: number;
  readonly height: number;
}

/** Cameras and monitors are 16:9; a narrow tile may be taller, so that its words have room. */
const WIDE = 16 / 9;
const TALL = 4 / 3;
/** Below this width a tile may be as tall as `TALL`, CSS px: a phone with two columns. */
const NARROW = 260;

export function layoutOf(count: number, width: number, height: number, gap: number): Layout {
  let best: Layout = { columns: 1, width: 0, height: 0 };
  for (let columns = 1; columns <= Math.max(count, 1); columns++) {
    const one = fit(columns, Math.ceil(count / columns), width, height, gap);
    if (one.width * one.height > best.width * best.height) best = one;
  }
  return best;
}

function fit(columns: number, rows: number, width: number, height: number, gap: number): Layout {
  const cellWidth = (width - gap * (columns - 1)) / columns;
  const cellHeight = (height - gap * (rows - 1)) / Math.max(rows, 1);
  const tile = Math.floor(Math.min(cellWidth, cellHeight * WIDE));
  const tallest = tile / (tile < NARROW ? TALL : WIDE);
  return { columns, width: tile, height: Math.floor(Math.min(cellHeight, tallest)) };
}
