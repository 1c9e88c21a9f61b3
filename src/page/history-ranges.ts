// Ranges of the history as a page draws them, at one fixed cost: buckets narrower than a minute are computed from the
// rows of the few segments they lie in, wider ones from a summary of minutes of the whole history, which is kept in a file
// of the home and grows by what is sealed. What was computed of a sealed segment is kept: a segment never changes.
import { createHash } from 'node:crypto';
import type { DataFrame, LazyDataFrame } from 'nodejs-polars';
import type { HistoryPartition, PartitionReader } from '../core/index.ts';
import { pageFields } from './page-fields.ts';
import type { PageField } from './page-fields.ts';
import { joinFrames, planBuckets, planWider, readBuckets } from './range-plan.ts';
import type { FieldBuckets, Span } from './range-plan.ts';
import { SUMMARY_STEP_MS, floorTo, stepOf } from './range-steps.ts';
import { createSummaryFile } from './summary-file.ts';
import type { SummaryFile } from './summary-file.ts';

/** What a range is answered. */
export interface RangeAnswer {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  /** Starts of the buckets. */
  readonly times: readonly number[];
  readonly fields: Readonly<Record<string, FieldBuckets>>;
}

/** What is asked for. */
export interface RangeQuestion {
  readonly fromMs: number;
  readonly toMs: number;
  /** At most so many buckets. */
  readonly pixels: number;
  readonly fields: readonly PageField[];
}

/** Reads ranges. */
export interface HistoryRanges {
  read(question: RangeQuestion): Promise<RangeAnswer>;
  /** Summarises what was sealed since; reads take from it what is there. Never rejects. */
  summarise(): Promise<void>;
}

/** Options of {@link createHistoryRanges}. */
export interface HistoryRangesOptions {
  readonly history: PartitionReader;
  /** Where the summary is kept; made with the first one. */
  readonly folder: string;
  /** Time between two samples. */
  readonly intervalMs: number;
  /** Told of a summary that could not be kept. Must not throw. */
  readonly onProblem: (error: unknown) => void;
}

/** Segments that one plan summarises: more would take more memory at once. */
const SEGMENTS_AT_ONCE = 6;
/** Pieces of narrow buckets that are kept: a screen of hours in both directions, at three widths. */
const MAX_PIECES = 192;

/** A part of the history whose rows follow each other, with the one before it. */
interface Part {
  readonly partition: HistoryPartition;
  readonly before: HistoryPartition | null;
  /** Null while it may still change. */
  readonly key: string | null;
}

/** Creates the reader; Polars is loaded with the first read. */
export function createHistoryRanges(options: HistoryRangesOptions): HistoryRanges {
  return new Ranges(options);
}

class Ranges implements HistoryRanges {
  readonly #options: HistoryRangesOptions;
  readonly #summary: SummaryFile;
  readonly #pieces = new Map<string, Promise<DataFrame>>();
  #summarising: Promise<void> | null = null;

  constructor(options: HistoryRangesOptions) {
    this.#options = options;
    this.#summary = createSummaryFile(options.folder, options.onProblem);
  }

  async read({ fromMs, toMs, pixels, fields }: RangeQuestion): Promise<RangeAnswer> {
    const stepMs = stepOf(toMs - fromMs, pixels, this.#options.intervalMs);
    const startMs = floorTo(fromMs, stepMs);
    const range = { fromMs: startMs, toMs: floorTo(toMs - 1, stepMs) + stepMs };
    const length = Math.round((range.toMs - startMs) / stepMs);
    const grid = { fromMs: startMs, stepMs, length };
    const frame = await this.#collect(range, fields, stepMs);
    return {
      ...range,
      stepMs,
      times: Array.from({ length }, (_, i) => startMs + i * stepMs),
      fields: frame === null ? emptyOf(fields, length) : readBuckets(frame, fields, grid),
    };
  }

  async #collect(range: Span, fields: readonly PageField[], stepMs: number): Promise<DataFrame | null> {
    const widen = async (buckets: readonly LazyDataFrame[]): Promise<DataFrame | null> =>
      buckets.length === 0 ? null : planWider(joinFrames(buckets), fields, stepMs, range).collect();
    if (stepMs < SUMMARY_STEP_MS) return widen(await this.#narrow(range, fields, stepMs));
    try {
      return await widen(await this.#fromSummary(range, fields));
    } catch (error) {
      // Damaged on the disk: it is made again.
      if (!this.#summary.forget()) throw error;
      this.#options.onProblem(error);
      return widen(await this.#fromSummary(range, fields));
    }
  }

  summarise(): Promise<void> {
    this.#summarising ??= this.#summariseAll()
      .catch((error: unknown) => this.#options.onProblem(error))
      .finally(() => (this.#summarising = null));
    return this.#summarising;
  }

  async #summariseAll(): Promise<void> {
    await this.#summary.load();
    const sealed = (await this.#parts()).filter(({ key }) => key !== null);
    const missing = sealed.filter(({ key }) => !this.#summary.has(key!));
    const all = [...pageFields.values()];
    for (const run of runsOf(missing)) {
      const frame = await (await planParts(run, all, SUMMARY_STEP_MS)).collect();
      this.#summary.add(
        frame,
        run.map(({ key }) => key!),
      );
    }
    await this.#summary.save(
      sealed[0]?.partition.fromMs ?? 0,
      sealed.map(({ key }) => key!),
    );
  }

  /** Buckets of a minute: those of sealed segments from the summary, the rest from the rows. */
  async #fromSummary(range: Span, fields: readonly PageField[]): Promise<LazyDataFrame[]> {
    const wanted = (await this.#parts()).filter(({ partition }) => isWithin(partition, range));
    if (wanted.length === 0) return [];
    const isMissing = ({ key }: Part): boolean => key !== null && !this.#summary.has(key);
    await this.#summary.load();
    if (wanted.some(isMissing)) await this.summarise();
    const rest = wanted.filter((part) => part.key === null || isMissing(part));
    const fromRows = rest.length === 0 ? [] : [await planParts(rest, fields, SUMMARY_STEP_MS)];
    const firstMs = floorTo(wanted[0]!.partition.fromMs, SUMMARY_STEP_MS);
    return [
      ...this.#summary.frames(fields, { ...range, fromMs: Math.max(range.fromMs, firstMs) }),
      ...fromRows,
    ];
  }

  async #narrow(range: Span, fields: readonly PageField[], stepMs: number): Promise<LazyDataFrame[]> {
    const wanted = (await this.#parts()).filter(({ partition }) => isWithin(partition, range));
    const frames = await Promise.all(wanted.map((part) => this.#piece(part, fields, stepMs)));
    return frames.map((frame) => frame.lazy());
  }

  /** The buckets of one part; computed once where it cannot change. */
  async #piece(part: Part, fields: readonly PageField[], stepMs: number): Promise<DataFrame> {
    const compute = async (): Promise<DataFrame> => (await planParts([part], fields, stepMs)).collect();
    if (part.key === null) return compute();
    const key = `${part.key} ${stepMs} ${fields.map(({ name }) => name).join()}`;
    const piece = this.#pieces.get(key) ?? compute();
    // The one used last comes last.
    this.#pieces.delete(key);
    this.#pieces.set(key, piece);
    piece.catch(() => this.#pieces.delete(key));
    for (const oldest of this.#pieces.keys()) {
      if (this.#pieces.size <= MAX_PIECES) break;
      this.#pieces.delete(oldest);
    }
    return piece;
  }

  async #parts(): Promise<Part[]> {
    const partitions = await this.#options.history.partitions('memory');
    return partitions.map((partition, i) => ({
      partition,
      before: partitions[i - 1] ?? null,
      key: keyOf(partition, partitions[i - 1] ?? null),
    }));
  }
}

/** The first rate of a part depends on the last row of the part before it. */
function keyOf({ files, fromMs, toMs }: HistoryPartition, before: HistoryPartition | null): string | null {
  if (files === null) return null;
  const text = JSON.stringify([files, fromMs, toMs, before?.files ?? null, before?.toMs ?? null]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

const isWithin = ({ fromMs, toMs }: HistoryPartition, range: Span): boolean =>
  fromMs < range.toMs && toMs > range.fromMs;

/** Parts that follow each other without another one between them, so many at a time. */
function runsOf(parts: readonly Part[]): Part[][] {
  const runs: Part[][] = [];
  for (const part of parts) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run && last!.partition === part.before && run.length < SEGMENTS_AT_ONCE) run.push(part);
    else runs.push([part]);
  }
  return runs;
}

/** One plan over parts that follow each other. */
async function planParts(
  parts: readonly Part[],
  fields: readonly PageField[],
  stepMs: number,
): Promise<LazyDataFrame> {
  const [first] = parts as [Part, ...Part[]];
  const before = first.before === null ? null : (await first.before.open()).tail(1);
  const frames: LazyDataFrame[] = [];
  for (const { partition } of parts) frames.push(await partition.open());
  return planBuckets(joinFrames(frames), before, fields, stepMs);
}

function emptyOf(fields: readonly PageField[], length: number): Record<string, FieldBuckets> {
  const none = (): null[] => Array.from({ length }, () => null);
  return Object.fromEntries(fields.map(({ name }) => [name, { min: none(), max: none(), mean: none() }]));
}
