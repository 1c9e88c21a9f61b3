// Lines for the reader beside the results; standard output holds results only.

/** Says what a benchmark does, skips or saw. */
export function note(text: string): void {
  process.stderr.write(`  ${text}\n`);
}

/** A length or count that the environment may override, for example RUVECTOR_BENCH_IDLE_S=300. */
export function readSetting(name: string, fallback: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`Cannot use ${name} "${text}": it is no number of 0 or more; unset it for ${fallback}`);
}
