// Columns of tables as text: numbers of a column with as many decimals as the one that needs most, as pandas writes
// them, so that points stand below points; no digit before the point is lost, and of those behind it six are shown.
import { cellText } from './html-text.ts';
import { Math, Number, String } from '../primordials.ts';

/** As pandas shows. */
const MOST_DECIMALS = 6;

/** A column's values as the texts of its cells. */
export interface ColumnText {
  readonly texts: readonly string[];
  readonly isNumeric: boolean;
}

/** Writes the values of a column; missing ones are `null`. */
export function writeColumn(values: readonly unknown[]): ColumnText {
  const held = values.filter((value) => value !== null && value !== undefined);
  const isNumeric =
    held.length > 0 && held.every((value) => typeof value === 'number' || typeof value === 'bigint');
  const fractions = held.filter(
    (value): value is number => Number.isFinite(value) && !Number.isInteger(value),
  );
  if (!isNumeric || fractions.length === 0) return { texts: values.map(cellText), isNumeric };
  const write = writerOf(fractions);
  const texts = values.map((value) => (Number.isFinite(value) ? write(value as number) : cellText(value)));
  return { texts, isNumeric };
}

function writerOf(fractions: readonly number[]): (value: number) => string {
  const isTiny = fractions.some((value) => Math.abs(value) < 10 ** -MOST_DECIMALS);
  if (isTiny) return (value) => value.toExponential(MOST_DECIMALS);
  const decimals = Math.min(MOST_DECIMALS, Math.max(...fractions.map(countDecimals)));
  // Rounding may leave zeros that none of them needs: 0.1 of 32 bits.
  const needed = Math.max(1, ...fractions.map((value) => countDecimals(Number(value.toFixed(decimals)))));
  return (value) => value.toFixed(needed);
}

const countDecimals = (value: number): number => String(value).split('.')[1]?.length ?? 0;
