// Which events of a recording are wanted, as a filter.
import { planFilter } from '../filter/index.ts';
import type { EventFilterOptions } from '../filter/index.ts';
import type { SourceOptions } from './source-options.ts';

/**
 * The filter that the options ask for; null for all events.
 * @throws RuvectorError `ERR_EVENTS_OPTIONS`, before anything is opened
 */
export function planSelection(options: SourceOptions): EventFilterOptions | null {
  const { timeWindow, region, keep, hotPixels, refractoryPeriod, backgroundPeriod } = options;
  const wanted: EventFilterOptions = {
    ...(timeWindow?.from !== undefined && { from: BigInt(timeWindow.from) }),
    ...(timeWindow?.to !== undefined && { to: BigInt(timeWindow.to) }),
    ...(region && { region }),
    ...(keep && { polarity: keep }),
    ...(hotPixels && hotPixels.length > 0 && { hotPixels }),
    ...(refractoryPeriod !== undefined && { refractoryPeriod }),
    ...(backgroundPeriod !== undefined && { backgroundPeriod }),
  };
  if (Object.keys(wanted).length === 0) return null;
  // A geometry that only the file knows: all else is checked now.
  planFilter({ ...wanted, geometry: options.geometry ?? { width: 1, height: 1 } });
  return wanted;
}

/** True where each event is judged by itself: workers may do it, each for its blocks. */
export const isByEvent = ({ hotPixels, refractoryPeriod, backgroundPeriod }: EventFilterOptions): boolean =>
  (hotPixels ?? refractoryPeriod ?? backgroundPeriod) === undefined;
