// The code that lists names of live values. It is sent as text into the user's thread, where it stays under a
// symbol; nothing here runs in this thread.

/** Where it stays. */
const SLOT = "globalThis[Symbol.for('ruvector.kernel.listing')]";

/** Makes the functions; once is enough. */
export const installListing = `${SLOT} ??= (() => {
  const MOST = 5000;
  const { isProxy } = process.getBuiltinModule('node:util').types;
  const tagOf = (value) => Object.prototype.toString.call(value);
  // Polars frames are proxies that throw on foreign names; Arrow tables know their schema.
  const columnsOf = (value) => {
    try {
      const tag = tagOf(value);
      const names = tag === '[object DataFrame]' || tag === '[object LazyDataFrame]' ? value.columns
        : tag === '[object Table]' || tag === '[object RecordBatch]' ? value.schema.fields.map((one) => one.name) : [];
      return Array.isArray(names) ? names.map(String) : [];
    } catch { return []; }
  };
  const kindOf = (at, name) => {
    const own = Object.getOwnPropertyDescriptor(at, name);
    return own && !own.get && typeof own.value === 'function' ? 'function' : 'property';
  };
  const members = (value, prefix) => {
    const columns = columnsOf(value);
    const names = new Map(columns.map((name) => [name, 'column']));
    for (let at = Object(value); at !== null && !isProxy(at); at = Object.getPrototypeOf(at)) {
      for (const name of Object.getOwnPropertyNames(at)) {
        if (names.size > MOST) return [...names];
        if (name.startsWith(prefix) && !names.has(name)) names.set(name, kindOf(at, name));
      }
    }
    return [...names];
  };
  const keys = (value, prefix) => {
    const columns = columnsOf(value);
    return columns.length > 0 ? columns.map((name) => [name, 'column'])
      : Object.keys(Object(value)).filter((name) => name.startsWith(prefix)).slice(0, MOST).map((name) => [name, 'property']);
  };
  const columns = (value) => columnsOf(value).map((name) => [name, 'column']);
  const lists = { members, keys, columns };
  // Follows a path without calling a getter or a trap of the user's; null where there is one.
  const follow = (rootName, root, path) => {
    if (Object.getOwnPropertyDescriptor(globalThis, rootName)?.get) return null;
    let value = root();
    for (const name of path) {
      let at = Object(value), found;
      while (at !== null && !isProxy(at) && !(found = Object.getOwnPropertyDescriptor(at, name))) at = Object.getPrototypeOf(at);
      if (isProxy(at)) return null;
      if (!found) return { value: undefined };
      if (found.get) return null;
      value = found.value;
    }
    return isProxy(value) ? null : { value };
  };
  return {
    lists,
    at: (list, prefix, rootName, root, path) => {
      const found = follow(rootName, root, path);
      if (found === null) return null;
      return found.value === undefined || found.value === null ? [] : lists[list](found.value, prefix);
    },
  };
})()`;

export type ListName = 'members' | 'keys' | 'columns';

/** The expression that lists along a path without calling getters or traps; null when it is more than a path of names. */
export function buildListing(list: ListName, expression: string, prefix: string = ''): string | null {
  if (!PATH.test(expression)) return null;
  const [root, ...path] = [...expression.matchAll(STEP)].map(
    ([, name, index, text]) => name ?? index ?? text!.slice(1, -1),
  );
  return `${SLOT}.at('${list}', ${JSON.stringify(prefix)}, ${JSON.stringify(root)}, () => ${root}, ${JSON.stringify(path)})`;
}

/** The function that lists a value that an inspector holds and that is no proxy. */
export const listingOf = (list: ListName, prefix: string): string =>
  `function () { return ${SLOT}.lists.${list}(this, ${JSON.stringify(prefix)}); }`;

const NAME = String.raw`[\p{ID_Start}$_][\p{ID_Continue}$]*`;
const INDEX = String.raw`\[(?:(\d+)|("[^"\\\n]*"|'[^'\\\n]*'))\]`;
const PATH = new RegExp(String.raw`^${NAME}(?:\.${NAME}|${INDEX})*$`, 'u');
const STEP = new RegExp(String.raw`(${NAME})|${INDEX}`, 'gu');
