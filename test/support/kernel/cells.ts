// Generated cells with the names they declare.
import * as fc from 'fast-check';

const name = fc.stringMatching(/^[a-z][a-zA-Z0-9_]{3,8}Q$/);
const declarations: readonly ((name: string) => string)[] = [
  (id) => `const ${id}: number = 1;`,
  (id) => `let ${id} = [1,\n  2];`,
  (id) => `var ${id} = 'x';`,
  (id) => `function ${id}(a: number): number {\n  return a;\n}`,
  (id) => `async function* ${id}() {}`,
  (id) => `class ${id} {\n  x = 1;\n}`,
  (id) => `const { a: ${id} } = { a: 1 };`,
  (id) => `const [, ...${id}] = [1, 2];`,
  (id) => `export const ${id} = 2;`,
  (id) => `import ${id} from 'node:os';`,
  (id) => `import { cpus as ${id} } from 'node:os';`,
];
const declaration = fc.constantFrom(...declarations);
export const cells = fc
  .uniqueArray(name, { minLength: 1, maxLength: 8 })
  .chain((names) =>
    fc
      .array(declaration, { minLength: names.length, maxLength: names.length })
      .map((builders) => ({ names, source: names.map((id, i) => builders[i]!(id)).join('\n') })),
  );
