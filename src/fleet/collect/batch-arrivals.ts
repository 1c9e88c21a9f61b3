// What came from which host, by the numbers that hosts give their batches: which did not come, and which names several
// hosts send under. Pure.
import type { RuvectorError } from '../../core/index.ts';
import { missingBatchesError, sharedNameError } from '../errors.ts';
import type { BatchId } from '../subjects.ts';
import { SequenceRanges } from './sequence-ranges.ts';
import type { Stretch } from './sequence-ranges.ts';

/** Batches of one host, epoch and kind. */
interface Line {
  readonly id: Omit<BatchId, 'sequence'>;
  readonly ranges: SequenceRanges;
  /** Newest time of its rows. */
  lastMs: number;
  /** Whether what a lake had of it before is in `ranges`. */
  isJoined: boolean;
  /** First number that was missing when it was looked at last, or null: what has not come since then is not just late. */
  gap: number | null;
  isTold: boolean;
}

/** Of a host's kind: which epoch sends, and how often an earlier one came back with newer rows. */
interface Turns {
  epoch: string;
  lastMs: number;
  returns: number;
}

/** One that was restarted sends what an earlier epoch left, but nothing newer; a clock that was set may look so once. */
const RETURNS = 3;

/** Batches that came, from all hosts. */
export class BatchArrivals {
  readonly #lines = new Map<string, Line>();
  readonly #turns = new Map<string, Turns>();
  readonly #shared = new Set<string>();
  readonly #toldShared = new Set<string>();

  /** Batches between those that came that did not. */
  get missing(): number {
    return [...this.#lines.values()].reduce((sum, { ranges }) => sum + ranges.missing, 0);
  }

  /** Names under which several hosts send. */
  get sharedNames(): string[] {
    return [...this.#shared];
  }

  /** @param lastMs newest time of its rows */
  note({ sequence, ...id }: BatchId, lastMs: number): void {
    const key = `${id.host}.${id.epoch}.${id.kind}`;
    const line = this.#lines.get(key);
    if (!line) {
      const ranges = new SequenceRanges();
      ranges.add(sequence);
      this.#lines.set(key, { id, ranges, lastMs, isJoined: false, gap: null, isTold: false });
    } else {
      const isNew = !line.ranges.has(sequence);
      line.ranges.add(sequence);
      line.lastMs = Math.max(line.lastMs, lastMs);
      if (!isNew) return;
    }
    this.#noteTurn(id, lastMs, line !== undefined);
  }

  #noteTurn({ host, epoch, kind }: Line['id'], lastMs: number, isKnown: boolean): void {
    const turns = this.#turns.get(`${host}.${kind}`);
    if (!turns) {
      this.#turns.set(`${host}.${kind}`, { epoch, lastMs, returns: 0 });
      return;
    }
    const isNewer = lastMs > turns.lastMs;
    if (turns.epoch !== epoch && isKnown && isNewer) turns.returns++;
    if (turns.returns >= RETURNS) this.#shared.add(host);
    turns.epoch = epoch;
    turns.lastMs = Math.max(turns.lastMs, lastMs);
  }

  /**
   * Takes in what a lake had before: what came earlier than this collector is not missing, what came neither then nor
   * since is.
   * @param readHighest highest sequence that the lake has of an epoch; null when it knows nothing of the host
   */
  async join(readHighest: (id: Line['id'], first: number) => Promise<number | null>): Promise<void> {
    for (const line of this.#lines.values()) {
      if (line.isJoined) continue;
      const first = line.ranges.stretches[0]!.first;
      const highest = await readHighest(line.id, first);
      line.isJoined = true;
      if (highest === null) continue;
      // Numbers count from 1; those up to the highest were judged when they came.
      line.ranges.add(Math.min(first, highest), highest);
    }
  }

  /** What is to be said and was not: of batches, those that did not come since the last time this was asked either. */
  takeProblems(isEnd: boolean): RuvectorError[] {
    const problems: RuvectorError[] = [];
    for (const line of this.#lines.values()) {
      const { missing } = line.ranges;
      const gap = missing > 0 ? firstGap(line.ranges) : null;
      const isLost = gap !== null && (isEnd || gap.first === line.gap);
      if (isLost && !line.isTold) problems.push(missingBatchesError(line.id, missing, gap));
      line.gap = gap?.first ?? null;
      line.isTold = gap !== null && (line.isTold || isLost);
    }
    for (const host of this.#shared) {
      if (!this.#toldShared.has(host)) problems.push(sharedNameError(host));
      this.#toldShared.add(host);
    }
    return problems;
  }
}

function firstGap({ stretches }: SequenceRanges): Stretch {
  return { first: stretches[0]!.last + 1, last: stretches[1]!.first - 1 };
}
