// Globals as they were before the first cell. Cells may replace any of them (`Promise = require("bluebird")`,
// `delete globalThis.Map`): the kernel's own code in the user's thread takes them from here.
// test/unit/kernel/primordials.test.ts finds code that does not.
const world = globalThis;

export const {
  Array,
  Atomics,
  Boolean,
  Buffer,
  Error,
  Int32Array,
  JSON,
  Map,
  Math,
  Number,
  Object,
  Promise,
  Proxy,
  Reflect,
  RegExp,
  Set,
  String,
  Symbol,
  SyntaxError,
  TextDecoder,
  TypeError,
  URL,
  Uint8Array,
  WeakMap,
  clearImmediate,
  clearTimeout,
  performance,
  process,
  setImmediate,
  setTimeout,
} = world;

export type Array<T> = globalThis.Array<T>;
export type Buffer = globalThis.Buffer;
export type Error = globalThis.Error;
export type Int32Array = globalThis.Int32Array;
export type Map<K, V> = globalThis.Map<K, V>;
export type Promise<T> = globalThis.Promise<T>;
export type RegExp = globalThis.RegExp;
export type Set<T> = globalThis.Set<T>;
export type Uint8Array = globalThis.Uint8Array;
export type URL = globalThis.URL;
