// Options as TypeScript names them → parameters as the bridge names them.

/** `sampleIntervalMs` → `sample_interval_ms`; options that are undefined are left out. */
export function toWireNames(options: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  );
}
