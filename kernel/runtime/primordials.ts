// Globals as they were before the first cell. Cells may replace any of them (`Promise = require("bluebird")`,
// `delete globalThis.Map`, `Array.prototype.map = …`): the kernel's own code in the user's thread takes them from
// here, and what it calls of libraries runs while they are put back.
// test/unit/kernel/primordials.test.ts finds code that does not.

export const {
  Array,
  ArrayBuffer,
  AsyncDisposableStack,
  Atomics,
  BigInt,
  BigInt64Array,
  BigUint64Array,
  Buffer,
  Date,
  Error,
  FinalizationRegistry,
  Float16Array,
  Float32Array,
  Float64Array,
  Int16Array,
  Int32Array,
  Int8Array,
  JSON,
  Map,
  Math,
  Number,
  Object,
  Promise,
  RangeError,
  Reflect,
  RegExp,
  Set,
  SharedArrayBuffer,
  String,
  SuppressedError,
  Symbol,
  SyntaxError,
  TextDecoder,
  TypeError,
  URL,
  Uint16Array,
  Uint32Array,
  Uint8Array,
  Uint8ClampedArray,
  WeakMap,
  clearImmediate,
  clearTimeout,
  console,
  decodeURIComponent,
  encodeURIComponent,
  performance,
  process,
  setTimeout,
} = globalThis;

export type Array<T> = globalThis.Array<T>;
export type ArrayBuffer = globalThis.ArrayBuffer;
export type AsyncDisposableStack = globalThis.AsyncDisposableStack;
export type Buffer = globalThis.Buffer;
export type Date = globalThis.Date;
export type Error = globalThis.Error;
export type FinalizationRegistry<T> = globalThis.FinalizationRegistry<T>;
export type Int32Array = globalThis.Int32Array;
export type Map<K, V> = globalThis.Map<K, V>;
export type Promise<T> = globalThis.Promise<T>;
export type RegExp = globalThis.RegExp;
export type Set<T> = globalThis.Set<T>;
export type SharedArrayBuffer = globalThis.SharedArrayBuffer;
export type URL = globalThis.URL;
export type Uint8Array = globalThis.Uint8Array;
export type WeakMap<K extends WeakKey, V> = globalThis.WeakMap<K, V>;

/** Sets and maps with methods of their own, for code that waits and so cannot run within {@link withOriginals}. */
export class OwnSet<T> extends globalThis.Set<T> {}
export class OwnMap<K, V> extends globalThis.Map<K, V> {}
for (const [own, original] of [
  [OwnSet, globalThis.Set],
  [OwnMap, globalThis.Map],
] as const) {
  const { constructor: _, ...methods } = globalThis.Object.getOwnPropertyDescriptors(original.prototype);
  globalThis.Object.defineProperties(own.prototype, methods);
}

/** One property that cells might replace. */
interface Original {
  readonly holder: object;
  readonly key: PropertyKey;
  readonly value: unknown;
}

const { defineProperty, deleteProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;

/** The kernel puts its own into their place: timers, and how stacks are written. */
const KERNELS = /^(?:set(?:Immediate|Interval|Timeout)|prepareStackTrace)$/;

/**
 * Node loads these when somebody looks, with a hundred modules behind them: 40 ms of each kernel's start. Neither the
 * kernel nor its libraries use them.
 */
const LOADED_LATE =
  /Stream|Strategy$|^(?:Performance|Crypto)|^(?:FormData|Headers|Request|Response|MessageEvent|CloseEvent|EventSource|WebSocket|SubtleCrypto|File|Navigator)$/;

/** Globals, what they hold, and the methods of what they make: data properties that can be replaced. */
const originals: readonly Original[] = listOriginals();

function listOriginals(): Original[] {
  const listed = (holder: object): Original[] =>
    ownKeys(holder).flatMap((key) => {
      if (holder === globalThis && LOADED_LATE.test(String(key))) return [];
      const property = getOwnPropertyDescriptor(holder, key)!;
      const isKept = property.configurable === true && property.writable === true && key !== 'constructor';
      return isKept && typeof property.value === 'function'
        ? [{ holder, key, value: property.value as unknown }]
        : [];
    });
  const library = [
    Array,
    Boolean,
    Error,
    Function,
    Map,
    Number,
    Object,
    Promise,
    RegExp,
    Set,
    String,
    Symbol,
    WeakMap,
    WeakSet,
  ];
  const iterators = [
    [].values(),
    new Map().values(),
    new Set().values(),
    ''[Symbol.iterator](),
    ''.matchAll(/./g),
  ];
  const values = ['Atomics', 'Buffer', 'JSON', 'Math', 'Reflect', 'process', 'globalThis', 'global'] as const;
  return [
    ...listed(globalThis),
    ...values.map((key) => ({ holder: globalThis, key, value: globalThis[key] as unknown })),
    ...[JSON, Math, Reflect, ...library].flatMap(listed),
    ...library.flatMap((one) => listed(one.prototype as object)),
    ...iterators.flatMap((one) => listed(Reflect.getPrototypeOf(one)!)),
  ].filter(({ key }) => !KERNELS.test(String(key)));
}

/** What cells had replaced when {@link noticeReplaced} looked. */
let replaced: readonly Original[] = [];
/** Whether all of it is put back at the moment. */
let isRestored = false;

/** Looks at what cells have replaced: some hundred properties, a few microseconds. */
export function noticeReplaced(): void {
  const found: Original[] = [];
  for (let at = 0; at < originals.length; at++) {
    const one = originals[at]!;
    if ((one.holder as Record<PropertyKey, unknown>)[one.key] !== one.value) found[found.length] = one;
  }
  // Within withOriginals nothing is; a flag that a terminated cell left behind is not to be believed.
  if (isRestored && found.length === 0) return;
  isRestored = false;
  replaced = found;
}

/**
 * Runs the kernel's code, and that of its libraries, with what was replaced put back. Not for code that waits: cells
 * would see it too.
 */
export function withOriginals<T>(run: () => T): T {
  if (replaced.length === 0 || isRestored) return run();
  const theirs: { readonly one: Original; readonly property: PropertyDescriptor | undefined }[] = [];
  for (let at = 0; at < replaced.length; at++) {
    const one = replaced[at]!;
    theirs[at] = { one, property: getOwnPropertyDescriptor(one.holder, one.key) };
    defineProperty(one.holder, one.key, { value: one.value, writable: true, configurable: true });
  }
  isRestored = true;
  try {
    return run();
  } finally {
    isRestored = false;
    for (let at = 0; at < theirs.length; at++) {
      const { one, property } = theirs[at]!;
      if (property) defineProperty(one.holder, one.key, property);
      else deleteProperty(one.holder, one.key);
    }
  }
}
