// What a project says about how its TypeScript compiles, as far as that changes what runs: `compilerOptions` of the
// tsconfig.json or deno.json of the notebook's folder or the nearest one above it, with what it extends.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';
import type { SyntaxNode } from './free-names.ts';

/** How elements of JSX compile. */
export type JsxSettings =
  | { readonly runtime: 'automatic'; readonly importSource: string }
  | { readonly runtime: 'classic'; readonly factory: string; readonly fragment: string };

/** Settings of a folder. */
export interface CompilerSettings {
  /** Decorators are TypeScript's legacy ones (`experimentalDecorators`), not those of the standard. */
  readonly isLegacy: boolean;
  /** `emitDecoratorMetadata`, which only legacy decorators have. */
  readonly hasMetadata: boolean;
  /** Null: the project says nothing. */
  readonly jsx: JsxSettings | null;
}

export const defaultSettings: CompilerSettings = { isLegacy: false, hasMetadata: false, jsx: null };

/** Reads the settings of a folder anew: they may have been edited. */
export function readCompilerSettings(folder: string): CompilerSettings {
  for (let at = folder; ; at = dirname(at)) {
    const deno = readOptions(join(at, 'deno.json')) ?? readOptions(join(at, 'deno.jsonc'));
    const options = readOptions(join(at, 'tsconfig.json'));
    if (deno ?? options) return settingsOf({ ...deno, ...options });
    if (dirname(at) === at) return defaultSettings;
  }
}

type Options = Readonly<Record<string, unknown>>;

function settingsOf(options: Options): CompilerSettings {
  return {
    isLegacy: options['experimentalDecorators'] === true,
    hasMetadata: options['emitDecoratorMetadata'] === true,
    jsx: jsxOf(options),
  };
}

function jsxOf(options: Options): JsxSettings | null {
  const textOf = (name: string): string | undefined => {
    const value = options[name];
    return typeof value === 'string' ? value : undefined;
  };
  const [mode, importSource, factory] = [textOf('jsx'), textOf('jsxImportSource'), textOf('jsxFactory')];
  if (importSource !== undefined || mode?.startsWith('react-jsx') === true || mode === 'precompile') {
    return { runtime: 'automatic', importSource: importSource ?? 'react' };
  }
  if (factory === undefined && mode !== 'react') return null;
  return classicJsx(factory ?? 'React.createElement', textOf('jsxFragmentFactory'));
}

/** Elements that are calls of a function; without a fragment, that of React is taken. */
export const classicJsx = (factory: string, fragment = 'React.Fragment'): JsxSettings => ({
  runtime: 'classic',
  factory,
  fragment,
});

/** A chain that is longer leads back to itself. */
const MOST_EXTENDED = 20;

/** The compiler's options of a file with those it extends; null when there is no such file, or none that parses. */
function readOptions(path: string, depth = 0): Options | null {
  const config = readConfig(path);
  if (config === null || depth > MOST_EXTENDED) return null;
  const { compilerOptions, extends: bases = [] } = config;
  const inherited = [bases].flat().map((base) => {
    const found = typeof base === 'string' ? findBase(base, path) : null;
    return found === null ? null : readOptions(found, depth + 1);
  });
  return Object.assign({}, ...inherited, compilerOptions) as Options;
}

function findBase(base: string, path: string): string | null {
  if (/^\.{0,2}\//.test(base)) return resolve(dirname(path), base.endsWith('.json') ? base : `${base}.json`);
  const require = createRequire(path);
  for (const name of [base, `${base}.json`, `${base}/tsconfig.json`]) {
    try {
      return require.resolve(name);
    } catch {
      // The next spelling.
    }
  }
  return null;
}

/** JSON with comments and trailing commas, which is JavaScript's own syntax for values. */
function readConfig(path: string): Options | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return null;
  }
  const { program, errors } = parseSync('config.js', `(${text.replace(/^\uFEFF/, '')}\n)`, { lang: 'js' });
  const [statement] = program.body as unknown as SyntaxNode[];
  if (errors.length > 0 || statement?.type !== 'ExpressionStatement') return null;
  const value = valueOf(statement['expression'] as SyntaxNode);
  return typeof value === 'object' && value !== null ? (value as Options) : null;
}

function valueOf(node: SyntaxNode): unknown {
  switch (node.type) {
    case 'ParenthesizedExpression':
      return valueOf(node['expression'] as SyntaxNode);
    case 'ArrayExpression':
      return (node['elements'] as SyntaxNode[]).map(valueOf);
    case 'ObjectExpression':
      return Object.fromEntries(
        (node['properties'] as SyntaxNode[]).map((property) => {
          const { value: key, name } = property['key'] as { value?: unknown; name?: unknown };
          return [key ?? name, valueOf(property['value'] as SyntaxNode)];
        }),
      );
    default:
      return node['value'];
  }
}
