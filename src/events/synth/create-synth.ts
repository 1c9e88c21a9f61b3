// Made-up recordings of any size: edges of things that move, noise, hot pixels and triggers, in the order of time.
// They are for tests, benches and trying out; no camera is simulated.
import { createSeededRandom } from '../../core/index.ts';
import type { EventSlot, Geometry, Polarity, TriggerSlot } from '../model/index.ts';
import { createMovingObjects } from './moving-objects.ts';
import type { EdgePoint, MovingObject } from './moving-objects.ts';
import { planSynth } from './synth-options.ts';
import type { SynthOptions, SynthPlan } from './synth-options.ts';

/** A recording that is made as it is asked for; it does not depend on how it is cut. */
export interface Synth {
  readonly geometry: Geometry;
  readonly totalEvents: number;
  /** Events given so far. */
  readonly events: number;
  /**
   * Appends events, and the triggers before them, until a slot is full or all are given.
   * @returns false when nothing is left
   */
  fill(events: EventSlot, triggers?: TriggerSlot): boolean;
}

/** @throws RuvectorError `ERR_EVENTS_OPTIONS` */
export function createSynth(
  options: SynthOptions = {},
  { polarity = 'signed' }: { readonly polarity?: Polarity } = {},
): Synth {
  return new SeededSynth(planSynth(options), polarity === 'signed' ? -1 : 0);
}

/** An edge that no try puts into the picture becomes noise. */
const TRIES = 4;
const LANE = 2 ** 32;

class SeededSynth implements Synth {
  readonly #plan: SynthPlan;
  readonly #off: number;
  readonly #random: () => number;
  readonly #objects: readonly MovingObject[];
  readonly #hot: readonly EdgePoint[];
  readonly #point: EdgePoint = { x: 0, y: 0, p: 0 };
  #given = 0;
  /** µs since the start, with fractions. */
  #clockUs = 0;
  #triggers = 0;

  constructor(plan: SynthPlan, off: number) {
    this.#plan = plan;
    this.#off = off;
    const random = createSeededRandom(plan.seed);
    this.#random = random;
    this.#objects = createMovingObjects(plan.objects, plan.width, plan.height, random);
    this.#hot = Array.from({ length: plan.hotPixels }, () => ({
      x: Math.floor(random() * plan.width),
      y: Math.floor(random() * plan.height),
      p: random() < 0.8 ? 1 : 0,
    }));
  }

  get geometry(): Geometry {
    return { width: this.#plan.width, height: this.#plan.height };
  }

  get totalEvents(): number {
    return this.#plan.events;
  }

  get events(): number {
    return this.#given;
  }

  fill(events: EventSlot, triggers?: TriggerSlot): boolean {
    const { lanes, x, y, p, capacity } = events;
    const { events: total, startUs } = this.#plan;
    let at = events.length;
    for (; at < capacity && this.#given < total; at++) {
      const t = startUs + Math.floor(this.#clockUs);
      if (!this.#giveTriggers(t, triggers)) break;
      this.#place();
      lanes[at * 2] = t;
      lanes[at * 2 + 1] = Math.floor(t / LANE);
      x[at] = this.#point.x;
      y[at] = this.#point.y;
      p[at] = this.#point.p === 1 ? 1 : this.#off;
      this.#given++;
      // Gaps of a Poisson process would be exponential; even ones of the same mean cost no logarithm.
      this.#clockUs += (this.#random() * 2e6) / this.#plan.rate;
    }
    events.length = at;
    return this.#given < total;
  }

  /** Gives the edges up to a moment; false when there is no room for them. */
  #giveTriggers(t: number, triggers: TriggerSlot | undefined): boolean {
    const { triggerHz, startUs } = this.#plan;
    if (triggerHz === 0) return true;
    for (;;) {
      const atUs = startUs + Math.floor((this.#triggers * 1e6) / triggerHz);
      if (atUs > t) return true;
      if (triggers) {
        if (triggers.length === triggers.capacity) return false;
        const at = triggers.length++;
        triggers.lanes[at * 2] = atUs;
        triggers.lanes[at * 2 + 1] = Math.floor(atUs / LANE);
        triggers.id[at] = 0;
        triggers.value[at] = 1 - (this.#triggers % 2);
      }
      this.#triggers++;
    }
  }

  #place(): void {
    const { noise, hotShare } = this.#plan;
    const kind = this.#random();
    if (kind < noise) this.#placeNoise();
    else if (kind < noise + hotShare) this.#placeHot();
    else this.#placeEdge();
  }

  #placeEdge(): void {
    const random = this.#random;
    const { width, height } = this.#plan;
    const point = this.#point;
    const seconds = this.#clockUs / 1e6;
    for (let tries = 0; tries < TRIES && this.#objects.length > 0; tries++) {
      this.#objects[Math.floor(random() * this.#objects.length)]!(seconds, random, point);
      if (point.x >= 0 && point.x < width && point.y >= 0 && point.y < height) return;
    }
    this.#placeNoise();
  }

  #placeHot(): void {
    const hot = this.#hot[Math.floor(this.#random() * this.#hot.length)];
    if (!hot) {
      this.#placeNoise();
      return;
    }
    this.#point.x = hot.x;
    this.#point.y = hot.y;
    this.#point.p = hot.p;
  }

  #placeNoise(): void {
    const point = this.#point;
    point.x = Math.floor(this.#random() * this.#plan.width);
    point.y = Math.floor(this.#random() * this.#plan.height);
    point.p = this.#random() < 0.5 ? 1 : 0;
  }
}
