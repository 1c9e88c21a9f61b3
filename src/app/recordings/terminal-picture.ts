// Events of a short time as a picture of characters: each is two pixels, one above the other, in the colours of what
// happened there. Pure.
import type { EventColumns, Geometry } from '../../events/index.ts';

/** How a picture is drawn. */
export interface PictureSize {
  /** Characters. */
  readonly columns: number;
  readonly rows: number;
}

const [DARK, ON, OFF, BOTH] = [16, 231, 33, 141] as const;
const colours = [DARK, ON, OFF, BOTH] as const;
const letters = [' ', '+', '-', '*'] as const;

/** Collects events and draws them. */
export class TerminalPicture {
  readonly #geometry: Geometry;
  readonly #columns: number;
  readonly #rows: number;
  /** Bit 0 for on, bit 1 for off, two rows of them a row of characters. */
  readonly #cells: Uint8Array;

  /** It keeps the shape of the sensor; a character is twice as high as it is wide. */
  constructor(geometry: Geometry, { columns, rows }: PictureSize) {
    this.#geometry = geometry;
    const scale = Math.min(columns / geometry.width, (rows * 2) / geometry.height);
    this.#columns = Math.max(1, Math.floor(geometry.width * scale));
    this.#rows = Math.max(1, Math.ceil((geometry.height * scale) / 2));
    this.#cells = new Uint8Array(this.#columns * this.#rows * 2);
  }

  /** Events outside the geometry are not drawn. */
  add({ x, y, p, length }: EventColumns): void {
    const { width, height } = this.#geometry;
    const [byX, byY] = [this.#columns / width, (this.#rows * 2) / height];
    for (let i = 0; i < length; i++) {
      if (x[i]! >= width || y[i]! >= height) continue;
      const at = Math.floor(y[i]! * byY) * this.#columns + Math.floor(x[i]! * byX);
      this.#cells[at]! |= p[i]! > 0 ? 1 : 2;
    }
  }

  /** With colours, for a terminal; the cells are empty behind it. */
  drawColours(): string {
    const lines = this.#drawRows((above, below) => `\x1b[38;5;${colours[above]};48;5;${colours[below]}m▀`);
    return lines.map((line) => `${line}\x1b[0m\x1b[K`).join('\n');
  }

  /** With + for on, - for off and * for both; the cells are empty behind it. */
  drawLetters(): string {
    return this.#drawRows((above, below) => letters[above | below]!).join('\n');
  }

  #drawRows(draw: (above: 0 | 1 | 2 | 3, below: 0 | 1 | 2 | 3) => string): string[] {
    const cells = this.#cells as unknown as (0 | 1 | 2 | 3)[];
    const lines = Array.from({ length: this.#rows }, (_row, row) => {
      const above = row * 2 * this.#columns;
      const texts = Array.from({ length: this.#columns }, (_column, column) =>
        draw(cells[above + column]!, cells[above + this.#columns + column]!),
      );
      return texts.join('');
    });
    this.#cells.fill(0);
    return lines;
  }
}
