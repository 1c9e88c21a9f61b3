// Decimal numbers as integers of a unit, exactly: digits are moved, never computed with as floats.

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,6}))?$/i;
/** Digits of the largest 64-bit integer. */
const MOST_DIGITS = 19;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** What a text is when it is no number that fits. */
export type NumberFlaw = 'no number' | 'too large' | 'not whole';

/**
 * The number times ten to the power of `shift`, rounded to an integer, halves away from zero.
 * @param isWhole the result has to be whole without rounding
 */
export function parseDecimal(text: string, shift: number, isWhole: boolean): bigint | NumberFlaw {
  const match = NUMBER.exec(text);
  if (!match) return 'no number';
  const [, sign, integer = '', fraction = '', exponent = '0'] = match;
  if (integer === '' && fraction === '') return 'no number';
  const all = integer + fraction;
  const digits = all.replace(/^0+/, '');
  // Digits before the point once it has moved.
  const point = digits.length - fraction.length + Number(exponent) + shift;
  if (digits === '') return 0n;
  if (point > MOST_DIGITS) return 'too large';
  const rest = point < 0 ? digits : digits.slice(point);
  if (isWhole && /[1-9]/.test(rest)) return 'not whole';
  const magnitude = point < 0 ? 0n : roundedMagnitude(digits, point);
  const value = sign === '-' ? -magnitude : magnitude;
  return value > MAX_INT64 || value < MIN_INT64 ? 'too large' : value;
}

function roundedMagnitude(digits: string, point: number): bigint {
  const kept = digits.slice(0, point).padEnd(point, '0');
  const isUp = (digits[point] ?? '0') >= '5';
  return BigInt(kept === '' ? '0' : kept) + (isUp ? 1n : 0n);
}
