// External triggers of Prophesee's files: rows of {p, t, id}. They are not merged with the events: those of the whole file
// are given with the first batches.
import { eventDataError } from '../model/index.ts';
import type { ReadCounts, TriggerSlot } from '../model/index.ts';
import { fillTimes } from './fill-columns.ts';
import type { ColumnBytes, TimeScale } from './fill-columns.ts';
import type { NumberType } from './file/datatype.ts';
import { readNumber } from './file/numbers.ts';
import { rowBytesOf, datasetRows } from './hdf5-file.ts';
import type { Dataset } from './hdf5-file.ts';

const PIECE_ROWS = 16_384;

/** The triggers of a file. */
export class TriggerRows {
  readonly #path: string;
  readonly #dataset: Dataset;
  readonly #scale: TimeScale;
  readonly #fields: ReadonlyMap<string, { readonly offset: number; readonly type: NumberType }>;
  #row = 0;

  /** @throws RuvectorError `ERR_EVENTS_DATA` where the rows are no triggers */
  constructor(path: string, dataset: Dataset, scale: TimeScale) {
    this.#path = path;
    this.#dataset = dataset;
    this.#scale = scale;
    const fields = dataset.type.kind === 'compound' ? dataset.type.fields : [];
    this.#fields = new Map(
      fields.flatMap(({ name, offset, type }) =>
        type.kind === 'integer' ? [[name, { offset, type }] as const] : [],
      ),
    );
    if (['t', 'p', 'id'].every((name) => this.#fields.has(name))) return;
    const state = `"${dataset.path}" has not the fields p, t and id`;
    throw eventDataError(path, { byte: 0 }, state, 'record the file again');
  }

  get isLeft(): boolean {
    return this.#row < datasetRows(this.#dataset);
  }

  /** Appends as many as there is room for; counts all at once where nobody wants them. */
  async fill(triggers: TriggerSlot | undefined, counts: ReadCounts): Promise<void> {
    if (!this.isLeft) return;
    const left = datasetRows(this.#dataset) - this.#row;
    if (!triggers) {
      this.#row += left;
      counts.triggers += left;
      return;
    }
    const count = Math.min(left, triggers.capacity - triggers.length, PIECE_ROWS);
    if (count === 0) return;
    const bytes = await this.#dataset.readRows(this.#row, count);
    this.#copy(bytes, count, triggers);
    this.#row += count;
    counts.triggers += count;
  }

  #copy(bytes: Uint8Array, count: number, triggers: TriggerSlot): void {
    const stride = rowBytesOf(this.#dataset);
    const { id, p, t } = Object.fromEntries(this.#fields) as Record<
      string,
      { offset: number; type: NumberType }
    >;
    const column: ColumnBytes = {
      bytes,
      stride,
      ...t!,
      firstRow: this.#row,
      source: this.#path,
      dataset: this.#dataset.path,
    };
    fillTimes(column, triggers, count, this.#scale);
    for (let i = 0; i < count; i++) {
      triggers.id[triggers.length + i] = readNumber(id!.type, bytes, i * stride + id!.offset);
      triggers.value[triggers.length + i] = readNumber(p!.type, bytes, i * stride + p!.offset) > 0 ? 1 : 0;
    }
    triggers.length += count;
  }
}
