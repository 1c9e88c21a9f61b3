// What a made-up recording looks like: options with their defaults, checked in one place.
import { eventOptionsError } from '../model/index.ts';

/** Options of {@link createSynth}. */
export interface SynthOptions {
  /** How many events. @default 1_000_000 */
  readonly events?: number;
  /** @default 1280 */
  readonly width?: number;
  /** @default 720 */
  readonly height?: number;
  /** Events a second, on average. @default 10_000_000 */
  readonly rate?: number;
  /** The same seed gives the same recording. @default 1 */
  readonly seed?: number;
  /** Time of the first events in µs. @default 0 */
  readonly startUs?: number;
  /** Bars, discs and rods that move through the picture. @default 6 */
  readonly objects?: number;
  /** Share of events that are noise: any pixel, either polarity. @default 0.05 */
  readonly noise?: number;
  /** Pixels that fire without a cause. @default 8 */
  readonly hotPixels?: number;
  /** Share of events that come from hot pixels. @default 0.02, and 0 without such pixels */
  readonly hotShare?: number;
  /** Edges a second of trigger input 0, rising and falling in turn; 0 for none. @default 100 */
  readonly triggerHz?: number;
}

/** All options, with defaults. */
export type SynthPlan = Required<SynthOptions>;

interface Range {
  readonly least: number;
  readonly most: number;
  readonly isWhole: boolean;
}

const whole = (least: number, most: number): Range => ({ least, most, isWhole: true });
const share: Range = { least: 0, most: 1, isWhole: false };

const ranges: Readonly<Record<keyof SynthOptions, Range>> = {
  events: whole(0, Number.MAX_SAFE_INTEGER),
  width: whole(1, 2048),
  height: whole(1, 2048),
  rate: { least: 1, most: 1e9, isWhole: false },
  seed: whole(0, 2 ** 32 - 1),
  startUs: whole(0, 2 ** 52),
  objects: whole(0, 1000),
  noise: share,
  hotPixels: whole(0, 10_000),
  hotShare: share,
  triggerHz: { least: 0, most: 1_000_000, isWhole: false },
};

/** Fills in the defaults. @throws RuvectorError `ERR_EVENTS_OPTIONS` */
export function planSynth(options: SynthOptions): SynthPlan {
  const hotPixels = options.hotPixels ?? 8;
  const plan: SynthPlan = {
    events: 1_000_000,
    width: 1280,
    height: 720,
    rate: 10_000_000,
    seed: 1,
    startUs: 0,
    objects: 6,
    noise: 0.05,
    hotShare: hotPixels === 0 ? 0 : 0.02,
    triggerHz: 100,
    ...options,
    hotPixels,
  };
  for (const [name, { least, most, isWhole }] of Object.entries(ranges)) {
    const value = plan[name as keyof SynthPlan];
    const isIn = value >= least && value <= most && (!isWhole || Number.isSafeInteger(value));
    if (isIn) continue;
    const what = isWhole ? 'a whole number' : 'a number';
    throw eventOptionsError(
      name,
      value,
      'no recording can be made with it',
      `give ${what} from ${least} to ${most}`,
    );
  }
  if (plan.noise + plan.hotShare > 1) {
    throw eventOptionsError(
      'noise',
      plan.noise,
      `with hotShare ${plan.hotShare} it is more than all events`,
      'lower one of them',
    );
  }
  return plan;
}
