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

/** Side by side is how people sit: more columns win over pictures that are hardly larger. */
const NEARLY = 0.85;

const area = ({ width, height }: Layout): number => width * height;

export function layoutOf(count: number, width: number, height: number, gap: number): Layout {
  const all = Array.from({ length: Math.max(count, 1) }, (_, index) => {
    const columns = index + 1;
    return fit(columns, Math.ceil(count / columns), width, height, gap);
  });
  const largest = Math.max(...all.map(area));
  return all.findLast((one) => area(one) >= largest * NEARLY) ?? { columns: 1, width: 0, height: 0 };
}

function fit(columns: number, rows: number, width: number, height: number, gap: number): Layout {
  const cellWidth = (width - gap * (columns - 1)) / columns;
  const cellHeight = (height - gap * (rows - 1)) / Math.max(rows, 1);
  const tile = Math.floor(Math.min(cellWidth, cellHeight * WIDE));
  const tallest = tile / (tile < NARROW ? TALL : WIDE);
  return { columns, width: tile, height: Math.floor(Math.min(cellHeight, tallest)) };
}
