// Options as TypeScript names them → parameters as the bridge names them.
import { toWireName } from '../core/index.ts';

/** `sampleIntervalMs` → `sample_interval_ms`; options that are undefined are left out. */
export function toWireNames(options: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [toWireName(name), name === 'window' ? toWireNames(value as object) : value]),
  );
}
