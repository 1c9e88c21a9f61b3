// Filters by kernels: the same events stay as with the TypeScript filter. Slots outside of the kernels' memory are copied
// in and out, block by block.
import { createScriptFilter, markPixels, planFilter } from '../filter/index.ts';
import type { EventFilter, EventFilterOptions, FilterPlan } from '../filter/index.ts';
import type { EventSlot } from '../model/index.ts';
import { findKernelObstacle } from './decoders.ts';
import { KernelMemory, TABLES_AT } from './kernel-memory.ts';

const BOUNCE_EVENTS = 16_384;
const RULE_BYTES = 64;
const SMALLEST_TIME = -(2n ** 63n);
const LARGEST_TIME = 2n ** 63n - 1n;

/** Filters the events of a slot in the kernels' memory. @returns how many stay */
type Pass = (t: number, x: number, y: number, p: number, length: number) => number;

/** A filter by kernels where they work, else in TypeScript. @throws RuvectorError `ERR_EVENTS_OPTIONS` */
export function createEventFilter(
  options: EventFilterOptions,
  memory: KernelMemory | null = findKernelObstacle() === null ? new KernelMemory() : null,
): EventFilter {
  return memory ? new KernelFilter(memory, planFilter(options)) : createScriptFilter(options);
}

/** Filters by the kernels of `memory`. */
class KernelFilter implements EventFilter {
  readonly engine = 'wasm';
  readonly #memory: KernelMemory;
  readonly #passes: readonly Pass[];
  #bounce: EventSlot | undefined;

  constructor(memory: KernelMemory, plan: FilterPlan) {
    this.#memory = memory;
    this.#passes = [
      ...(plan.isSimple ? [simplePass(memory, plan)] : []),
      ...(plan.hotPixels.length > 0 ? [hotPass(memory, plan)] : []),
      ...(plan.refractoryPeriod === undefined
        ? []
        : [pixelPass(memory, plan, 'dropRefractory', plan.refractoryPeriod)]),
      ...(plan.backgroundPeriod === undefined
        ? []
        : [pixelPass(memory, plan, 'dropIsolated', plan.backgroundPeriod)]),
    ];
  }

  apply(events: EventSlot): void {
    if (this.#memory.holds(events.t)) {
      this.#run(events);
      return;
    }
    const bounce = (this.#bounce ??= this.#memory.allocateSlot(BOUNCE_EVENTS));
    let n = 0;
    for (let at = 0; at < events.length; at += BOUNCE_EVENTS) {
      const end = Math.min(events.length, at + BOUNCE_EVENTS);
      copyIn(bounce, events, at, end);
      this.#run(bounce);
      copyOut(events, n, bounce);
      n += bounce.length;
    }
    events.length = n;
  }

  #run(events: EventSlot): void {
    const { t, x, y, p } = events;
    for (const pass of this.#passes) {
      events.length = pass(t.byteOffset, x.byteOffset, y.byteOffset, p.byteOffset, events.length);
    }
  }
}

function copyIn(target: EventSlot, { t, x, y, p }: EventSlot, start: number, end: number): void {
  target.t.set(t.subarray(start, end));
  target.x.set(x.subarray(start, end));
  target.y.set(y.subarray(start, end));
  target.p.set(p.subarray(start, end));
  target.length = end - start;
}

function copyOut(target: EventSlot, at: number, { t, x, y, p, length }: EventSlot): void {
  target.t.set(t.subarray(0, length), at);
  target.x.set(x.subarray(0, length), at);
  target.y.set(y.subarray(0, length), at);
  target.p.set(p.subarray(0, length), at);
}

const POLARITIES = { on: 1, off: 2 } as const;

/** The rules as assembly/keep-events.ts has them. */
function simplePass(memory: KernelMemory, plan: FilterPlan): Pass {
  const at = memory.allocate(RULE_BYTES);
  const words = new Uint32Array(memory.buffer, at, RULE_BYTES / 4);
  const times = new BigInt64Array(memory.buffer, at, RULE_BYTES / 8);
  words[0] = plan.region.x;
  words[1] = plan.region.width - 1;
  words[2] = plan.region.y;
  words[3] = plan.region.height - 1;
  words[4] = plan.polarity === undefined ? 0 : POLARITIES[plan.polarity];
  words[5] = plan.from === undefined && plan.to === undefined ? 0 : 1;
  times[3] = plan.from ?? SMALLEST_TIME;
  times[4] = plan.to ?? LARGEST_TIME;
  words[10] = TABLES_AT;
  return (...columns) => memory.kernels.keepEvents(at, ...columns);
}

/** Writes the addresses of t, x, y and p to where kernels of pixels find them. @returns their address */
function writeColumns(memory: KernelMemory): (events: Parameters<Pass>) => number {
  const at = memory.allocate(16);
  const words = new Uint32Array(memory.buffer, at, 4);
  return ([t, x, y, p]) => {
    words.set([t, x, y, p]);
    return at;
  };
}

function hotPass(memory: KernelMemory, plan: FilterPlan): Pass {
  const marks = memory.allocateBytes(plan.width * plan.height);
  marks.set(markPixels(plan));
  const at = marks.byteOffset;
  const columns = writeColumns(memory);
  return (...events) => memory.kernels.dropPixels(at, plan.width, plan.height, columns(events), events[4]);
}

function pixelPass(
  memory: KernelMemory,
  plan: FilterPlan,
  kernel: 'dropRefractory' | 'dropIsolated',
  period: number,
): Pass {
  const { width, height } = plan;
  const at = memory.allocate(width * height * 8);
  memory.kernels.forgetPixels(at, width * height);
  const drop = memory.kernels[kernel];
  const periodOfTime = BigInt(period);
  const columns = writeColumns(memory);
  return (...events) => drop(at, width, height, columns(events), events[4], periodOfTime);
}
