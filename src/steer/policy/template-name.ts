// The template in the name of a query, as public workloads name them.

const forms = [
  // query013_spj_4, q12-7: what stands behind the last separator tells parameters.
  /^(.+?)[_\-.#:]+[^_\-.#:]+$/,
  // 10a, 10b: a letter tells parameters.
  /^(.*\d)[A-Za-z]+$/,
  // 1a7, 2b103: a number behind a letter does.
  /^(.*\d[A-Za-z]+)\d+$/,
];

/** The template of each query by number, and their names in the order they come up. */
export function nameTemplates(
  queries: readonly string[],
  pattern?: RegExp,
): { readonly templateOf: Int32Array; readonly templates: readonly string[] } {
  const numbers = new Map<string, number>();
  const templateOf = Int32Array.from(queries, (query) => {
    const name = findTemplate(query, pattern ? [pattern] : forms);
    if (!numbers.has(name)) numbers.set(name, numbers.size);
    return numbers.get(name)!;
  });
  return { templateOf, templates: [...numbers.keys()] };
}

/** A query of a name that says nothing is a template of its own. */
function findTemplate(query: string, patterns: readonly RegExp[]): string {
  const stem = query.replace(/\.(?:sql|json|txt|pkl)$/i, '');
  for (const form of patterns) {
    const found = form.exec(stem)?.[1];
    if (found !== undefined && found !== '') return found;
  }
  return stem;
}
