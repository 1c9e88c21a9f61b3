// What `name?` shows of a value: what it is, what it can be called with, what it holds.
import { inspectedText } from '../display/mime-bundle.ts';
import { describeValue } from './magic-commands.ts';
import { Object, String } from '../primordials.ts';

/** Longest source that `name?` shows of a function; `name??` shows all. */
const SHORT_LINES = 12;

/** The help on a value. @param wantsSource all of a function's source */
export function describeForHelp(subject: string, value: unknown, wantsSource: boolean): string {
  const [type, size] = describeValue(value);
  const head = `${subject}: ${type}${size ? `, ${size}` : ''}`;
  const parts = [head, inspectedText(value)];
  if (typeof value === 'function') parts.push(wantsSource ? String(value) : shorten(String(value)));
  else if (typeof value === 'object' && value !== null) parts.push(listMethods(value));
  return parts.filter((part) => part !== '').join('\n');
}

function shorten(source: string): string {
  const lines = source.split('\n');
  if (lines.length <= SHORT_LINES) return source;
  return [...lines.slice(0, SHORT_LINES), '… (name?? shows all)'].join('\n');
}

/** Methods of its class, which its own text does not show; no getter is run. */
function listMethods(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== 'object' || prototype === null || prototype === Object.prototype) return '';
  const methods = Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value: held }]) => typeof held === 'function' && name !== 'constructor')
    .map(([name]) => `${name}()`);
  return methods.length > 0 ? `methods: ${methods.join(', ')}` : '';
}
