// Shortest decimal text of a 32-bit float, as serde_json writes it (crate ryu, pretty): the document's
// writer is Rust, and its files are matched byte for byte. No I/O.

/**
 * Formats a finite float32: the fewest digits that read back as the same float32, always with a point
 * or an exponent (`12.0`, `0.001`, `1e-7`, `1.5e16`).
 */
export function float32Text(value: number): string {
  const single = Math.fround(value);
  if (single === 0) return Object.is(single, -0) ? '-0.0' : '0.0';
  const [mantissa, exponentText] = shortestExponential(Math.abs(single)).split('e') as [string, string];
  const digits = mantissa.replace('.', '');
  const sign = single < 0 ? '-' : '';
  return sign + placePoint(digits, Number(exponentText) + 1);
}

/** Digits and exponent as `d.ddde±x`. Nine digits always identify a float32. */
function shortestExponential(single: number): string {
  for (let digits = 0; digits < 8; digits++) {
    const text = single.toExponential(digits);
    if (Math.fround(Number(text)) === single) return roundToEven(single, text, digits);
    const wider = neighbour(text, digits, single);
    if (wider !== null) return wider;
  }
  return single.toExponential(8);
}

/** `toExponential` rounds a tie up, ryu to the even digit. */
function roundToEven(single: number, text: string, digits: number): string {
  const unit = 10 ** (Number(text.split('e')[1]) - digits);
  if (Math.abs(single - Number(text)) < 0.49 * unit) return text; // not near a tie
  const [mantissa, exponent] = single.toExponential(20).split('e') as [string, string];
  const exact = mantissa.replace('.', '').replace(/0+$/, '');
  const isTie = exact.length === digits + 2 && exact.endsWith('5');
  if (!isTie || Number(exact[digits]) % 2 === 1) return text;
  return `${exact[0]}${digits > 0 ? '.' : ''}${exact.slice(1, digits + 1)}e${exponent}`;
}

/** At a power of two the floats above are farther apart than below: the next decimal up may read back where the nearest does not. */
function neighbour(text: string, digits: number, single: number): string | null {
  const [mantissa, exponent] = text.split('e') as [string, string];
  const up = (Number(mantissa) + 10 ** -digits).toFixed(digits);
  const candidate = Number(`${up}e${exponent}`);
  return Math.fround(candidate) === single ? candidate.toExponential(digits) : null;
}

/** @param point how many digits stand before the decimal point */
function placePoint(digits: string, point: number): string {
  if (point >= digits.length && point <= 13) return `${digits.padEnd(point, '0')}.0`;
  if (point > 0 && point <= 13) return `${digits.slice(0, point)}.${digits.slice(point)}`;
  if (point > -6 && point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${digits[0]}${fraction}e${point - 1}`;
}
