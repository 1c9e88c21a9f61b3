// Checks of the options of healing: one sentence a mistake, which names who got it.
import { healingOptionError } from './errors.ts';

/** What an option has to be. */
interface Range {
  readonly from: number;
  readonly to?: number;
  /** True for counts. */
  readonly isWhole?: boolean;
}

/** Refuses a number that is out of its range. @throws RuvectorError `ERR_DAG_HEALING_OPTION` */
export function checkOption(of: string, option: string, value: number, range: Range): void {
  const { from, to = Infinity, isWhole = false } = range;
  const fits = Number.isFinite(value) && value >= from && value <= to;
  if (fits && (!isWhole || Number.isInteger(value))) return;
  const kind = isWhole ? 'a whole number' : 'a finite number';
  const bounds = to === Infinity ? `from ${from} on` : `from ${from} to ${to}`;
  throw healingOptionError(of, option, value, `${kind} ${bounds}`);
}
