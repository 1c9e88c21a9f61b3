// Events of a short time as a picture of characters: each is two pixels, one above the other, in the colours of what
// happened there. Pure.
import type { EventColumns, Geometry } from '../../events/index.ts';

/** How a picture is drawn. */
export interface PictureSize {
  /** Characters. */
  readonly columns: number;
  readonly rows: number;
}

/** What a pixel shows: nothing, mostly on, mostly off, both. */
type Tone = 0 | 1 | 2 | 3;

const colours = [16, 231, 33, 141] as const;
const letters = [' ', '+', '-', '*'] as const;
/** A pixel with less than so many times the mean is noise, where a picture is full of events. */
const CLEAR = 2;

/** Collects events and draws them. */
export class TerminalPicture {
  readonly #geometry: Geometry;
  readonly #columns: number;
  readonly #rows: number;
  /** Events by pixel, two rows of them a row of characters. */
  readonly #on: Uint32Array;
  readonly #off: Uint32Array;

  /** It keeps the shape of the sensor; a character is twice as high as it is wide. */
  constructor(geometry: Geometry, { columns, rows }: PictureSize) {
    this.#geometry = geometry;
    const scale = Math.min(columns / geometry.width, (rows * 2) / geometry.height);
    this.#columns = Math.max(1, Math.floor(geometry.width * scale));
    this.#rows = Math.max(1, Math.ceil((geometry.height * scale) / 2));
    this.#on = new Uint32Array(this.#columns * this.#rows * 2);
    this.#off = new Uint32Array(this.#on.length);
  }

  /** Events outside the geometry are not drawn. */
  add({ x, y, p, length }: EventColumns): void {
    const { width, height } = this.#geometry;
    const [byX, byY] = [this.#columns / width, (this.#rows * 2) / height];
    for (let i = 0; i < length; i++) {
      if (x[i]! >= width || y[i]! >= height) continue;
      const at = Math.floor(y[i]! * byY) * this.#columns + Math.floor(x[i]! * byX);
      (p[i]! > 0 ? this.#on : this.#off)[at]!++;
    }
  }

  /** With colours, for a terminal; the picture is empty behind it. */
  drawColours(): string {
    const lines = this.#drawRows((above, below) => `\x1b[38;5;${colours[above]};48;5;${colours[below]}m▀`);
    return lines.map((line) => `${line}\x1b[0m\x1b[K`).join('\n');
  }

  /** With + for on, - for off and * for both; the picture is empty behind it. */
  drawLetters(): string {
    return this.#drawRows((above, below) => letters[(above | below) as Tone]).join('\n');
  }

  #drawRows(draw: (above: Tone, below: Tone) => string): string[] {
    const tones = this.#measureTones();
    const lines = Array.from({ length: this.#rows }, (_row, row) => {
      const above = row * 2 * this.#columns;
      const texts = Array.from({ length: this.#columns }, (_column, column) =>
        draw(tones[above + column]!, tones[above + this.#columns + column]!),
      );
      return texts.join('');
    });
    this.#on.fill(0);
    this.#off.fill(0);
    return lines;
  }

  #measureTones(): Tone[] {
    let events = 0;
    for (let i = 0; i < this.#on.length; i++) events += this.#on[i]! + this.#off[i]!;
    const least = Math.max(1, (CLEAR * events) / this.#on.length);
    return Array.from(this.#on, (on, i): Tone => {
      const off = this.#off[i]!;
      if (on + off < least) return 0;
      if (on >= 2 * off) return 1;
      return off >= 2 * on ? 2 : 3;
    });
  }
}
