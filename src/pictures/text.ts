// Figures and names as text of a page: escaped, rounded, with their unit and a real minus sign.

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
};

/** Text of a value that may stand in HTML and in attributes. */
export const escapeText = (value: unknown): string =>
  String(value).replace(/[&<>"']/g, (found) => entities[found]!);

/** Rules in words, as the gate of the daemon calls them. */
const ruleNames: Readonly<Record<string, string>> = {
  majority: 'always the most frequent label',
  usageThreshold: 'a threshold on used memory',
  persistence: 'persistence (the last seconds go on)',
  trend: 'the trend of the last seconds',
};

/** Words for a baseline; its own name when there are none. */
export const nameOfRule = (key: string): string => ruleNames[key] ?? key;

const withMinus = (text: string): string => text.replaceAll('-', '−');

/** Three decimals, or three significant digits above 10; a dash for what is unknown. */
export function figure(value: number | null | undefined): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  return withMinus(value.toFixed(size < 10 ? 3 : Math.max(0, 2 - Math.floor(Math.log10(size)))));
}

/** Figure with its sign, zero without one. */
export const signedFigure = (value: number | null | undefined): string =>
  typeof value === 'number' && value > 0 ? `+${figure(value)}` : figure(value);

/** By hand: the engine in which Python draws has no Intl. */
const withCommas = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ',');

/** Count with thousands apart. */
export const whole = (value: number): string => withMinus(withCommas(value.toFixed(0)));

/** At most four significant digits, for axes. */
export const brief = (value: number): string =>
  Math.abs(value) >= 1000 ? whole(value) : withMinus(String(Number(value.toPrecision(4))));

/** `0.71 to 0.82`; empty when it is not known. */
export function intervalText(interval: readonly number[] | null | undefined, isSigned = false): string {
  if (interval?.length !== 2) return '';
  const write = isSigned ? signedFigure : figure;
  return `${write(interval[0])} to ${write(interval[1])}`;
}
