// The hot pixels of a recording that is read through for them.
import { eventOptionsError, HotPixelFinder, openEvents } from '../../events/index.ts';
import type { OpenEventsOptions } from '../../events/index.ts';

/** Pixels with more than so many events a second. @throws RuvectorError `ERR_EVENTS_OPTIONS` for a pipe or without a geometry */
export async function findHotPixelsOf(
  path: string,
  options: OpenEventsOptions,
  frequencyHz: number,
): Promise<(readonly [number, number])[]> {
  await using reading = await openEvents(path, { ...options, reuseMemory: true });
  const { geometry, sizeBytes, timeUnit } = reading.info;
  if (sizeBytes === null)
    throw eventOptionsError(
      '--hot-pixels',
      frequencyHz,
      `"${path}" is a pipe, and is read twice for that`,
      'name a file',
    );
  if (geometry === null)
    throw eventOptionsError('--hot-pixels', frequencyHz, `"${path}" says no geometry`, 'give --geometry');
  const finder = new HotPixelFinder(geometry);
  for await (const { events } of reading) finder.add(events);
  return finder.find(frequencyHz, timeUnit === 'ns' ? 1e9 : 1e6);
}
