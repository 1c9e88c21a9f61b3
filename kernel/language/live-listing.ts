// The code that lists names of live values. It is sent as text into the user's thread, where it stays under a
// symbol; nothing here runs in this thread.

/** Where it stays. */
const SLOT = "globalThis[Symbol.for('ruvector.kernel.listing')]";

/** Makes the functions; once is enough. */
export const installListing = `${SLOT} ??= (() => {
  const MOST = 5000;
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
  const members = (value) => {
    const columns = columnsOf(value);
    const names = new Map(columns.map((name) => [name, 'column']));
    for (let at = columns.length > 0 ? Object.getPrototypeOf(value) : Object(value); at !== null; at = Object.getPrototypeOf(at)) {
      let own = {};
      try { own = Object.getOwnPropertyDescriptors(at); } catch { continue; }
      for (const name of Object.keys(own)) {
        if (!names.has(name)) names.set(name, !own[name].get && typeof own[name].value === 'function' ? 'function' : 'property');
      }
      if (names.size > MOST) break;
    }
    return [...names];
  };
  const keys = (value) => {
    const columns = columnsOf(value);
    return (columns.length > 0 ? columns.map((name) => [name, 'column'])
      : Object.keys(Object(value)).map((name) => [name, 'property'])).slice(0, MOST);
  };
  const columns = (value) => columnsOf(value).map((name) => [name, 'column']);
  const lists = { members, keys, columns };
  // Follows a path without calling a getter of the user's; null where there is one.
  const follow = (rootName, root, path) => {
    if (Object.getOwnPropertyDescriptor(globalThis, rootName)?.get) return null;
    let value = root();
    for (const name of path) {
      let at = Object(value), found;
      while (at !== null && !(found = Object.getOwnPropertyDescriptor(at, name))) at = Object.getPrototypeOf(at);
      if (!found) return { value: undefined };
      if (found.get) return null;
      value = found.value;
    }
    return { value };
  };
  return {
    lists,
    at: (list, rootName, root, path) => {
      const found = follow(rootName, root, path);
      if (found === null) return null;
      return found.value === undefined || found.value === null ? [] : lists[list](found.value);
    },
  };
})()`;

export type ListName = 'members' | 'keys' | 'columns';

/** The expression that lists along a path without calling getters; null when it is more than a path of names. */
export function buildListing(list: ListName, expression: string): string | null {
  if (!PATH.test(expression)) return null;
  const [root, ...path] = [...expression.matchAll(STEP)].map(
    ([, name, index, text]) => name ?? index ?? text!.slice(1, -1),
  );
  return `${SLOT}.at('${list}', ${JSON.stringify(root)}, () => ${root}, ${JSON.stringify(path)})`;
}

/** The function that lists a value that an inspector holds. */
export const listingOf = (list: ListName): string => `function () { return ${SLOT}.lists.${list}(this); }`;

const NAME = String.raw`[\p{ID_Start}$_][\p{ID_Continue}$]*`;
const INDEX = String.raw`\[(?:(\d+)|("[^"\\\n]*"|'[^'\\\n]*'))\]`;
const PATH = new RegExp(String.raw`^${NAME}(?:\.${NAME}|${INDEX})*$`, 'u');
const STEP = new RegExp(String.raw`(${NAME})|${INDEX}`, 'gu');
