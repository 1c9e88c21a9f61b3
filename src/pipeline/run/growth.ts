// How batches grow from stage to stage, learned from those that went before, so that memory is leased for what will be
// made of a batch before the batch is read.

/** A smaller ratio is taken over by this share: a batch that grew little says less than one that grew much. */
const FORGET_SHARE = 0.05;

interface Ratio {
  /** Bytes of the result, and those of them that were newly allocated, for each byte that came in. */
  size: number;
  fresh: number;
}

/** What the transforms of a run make of a batch. */
export class Growth {
  readonly #ratios: readonly Ratio[];

  constructor(stages: number) {
    this.#ratios = Array.from({ length: stages }, () => ({ size: 1, fresh: 1 }));
  }

  /** Learns from one batch. */
  observe(stage: number, { inBytes, outBytes, freshBytes }: { inBytes: number; outBytes: number; freshBytes: number }): void {
    const ratio = this.#ratios[stage]!;
    const input = Math.max(1, inBytes);
    ratio.size = learn(ratio.size, outBytes / input);
    ratio.fresh = learn(ratio.fresh, freshBytes / input);
  }

  /**
   * Most bytes that a batch will ever take at once from here on, beside the source's: a stage has what it gets and what
   * it makes.
   * @param stage the next one
   * @param ownBytes what it takes now
   */
  needOf(stage: number, batchBytes: number, ownBytes: number): number {
    let [need, held, size] = [ownBytes, ownBytes, batchBytes];
    for (const ratio of this.#ratios.slice(stage)) {
      const fresh = size * ratio.fresh;
      need = Math.max(need, held + fresh);
      held = fresh;
      size *= ratio.size;
    }
    return Math.ceil(need);
  }
}

function learn(known: number, seen: number): number {
  return seen > known ? seen : known + (seen - known) * FORGET_SHARE;
}
