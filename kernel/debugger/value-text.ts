// Values of V8's inspector → what a debugger's list shows of them: one line, and how many parts there are. Pure.
import type { Runtime } from 'node:inspector';
import { restoreNames } from '../runtime/shadowed-names.ts';

type RemoteObject = Runtime.RemoteObject;
type Preview = Runtime.ObjectPreview;

const MOST_CHARACTERS = 1000;
/** Elements of an array that its line shows. */
const MOST_ITEMS = 20;

/** A value in one line. */
export function textOfValue(value: RemoteObject): string {
  return restoreNames(cut(textOf(value)));
}

/** The type that is shown beside a value. */
export function typeOfValue({ type, subtype, className }: RemoteObject): string {
  if (subtype === 'null') return 'null';
  if (subtype === 'proxy') return 'Proxy';
  return type === 'object' ? (className ?? 'Object') : type;
}

/** How many elements an array, a map or a set has; 0 of everything else. */
export function countElements({ subtype, description }: RemoteObject): number {
  if (!/^(?:array|typedarray|map|set)$/.test(subtype ?? '')) return 0;
  return Number(/\((\d+)\)$/.exec(description ?? '')?.[1] ?? 0);
}

function textOf({ type, subtype, value, unserializableValue, description, preview }: RemoteObject): string {
  if (type === 'undefined' || subtype === 'null') return String(value);
  if (type === 'string') return JSON.stringify(value);
  if (type === 'function') return textOfFunction(description ?? '');
  if (type !== 'object') return unserializableValue ?? description ?? String(value);
  if (/^(?:error|date|regexp)$/.test(subtype ?? '')) return firstLine(description ?? '');
  return preview && subtype !== 'proxy' ? textOfPreview(preview) : (description ?? 'Object');
}

function textOfFunction(source: string): string {
  const head = /^(?:class\s+[\w$]*|(?:async\s+)?(?:function\b\s*\*?\s*)?[\w$]*\s*\([^()\n]*\))/.exec(
    source,
  )?.[0];
  if (head === undefined) return firstLine(source);
  return head.startsWith('class') ? head.trim() : `ƒ ${head.replace(/\bfunction\b\s*/, '')}`;
}

function textOfPreview({ subtype, description = 'Object', overflow, properties, entries }: Preview): string {
  const rest = overflow ? ['…'] : [];
  if (subtype === 'array' || subtype === 'typedarray') {
    const elements = properties.filter(({ name }) => /^\d+$/.test(name));
    const own = subtype === 'array' ? properties.filter(({ name }) => !/^\d+$/.test(name)) : [];
    const items = [...elements.map(textOfPart), ...own.map((one) => `${one.name}: ${textOfPart(one)}`)];
    const more = items.length > MOST_ITEMS ? ['…'] : rest;
    return `${description} [${[...items.slice(0, MOST_ITEMS), ...more].join(', ')}]`;
  }
  if (entries) {
    const items = entries.map(
      ({ key, value }) => (key ? `${textOfNested(key)} → ` : '') + textOfNested(value),
    );
    return `${description} {${[...items, ...rest].join(', ')}}`;
  }
  const items = properties.map((one) => `${one.name}: ${textOfPart(one)}`);
  const braces = `{${[...items, ...rest].join(', ')}}`;
  return description === 'Object' ? braces : `${description} ${braces}`;
}

function textOfPart({ type, subtype, value, valuePreview }: Runtime.PropertyPreview): string {
  if (type === 'accessor') return '(…)';
  if (type === 'string') return JSON.stringify(value);
  if (type === 'function') return 'ƒ';
  if (valuePreview) return textOfNested(valuePreview);
  return subtype === 'null' ? 'null' : (value ?? type);
}

const textOfNested = ({ type, description = '' }: Preview): string =>
  type === 'string' ? JSON.stringify(description) : firstLine(description);

const firstLine = (text: string): string => text.split('\n', 1)[0]!;

const cut = (text: string): string =>
  text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
