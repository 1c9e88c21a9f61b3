// JSX in cells: which cells have any, and what its elements compile to. As in Deno, a pragma holds for later cells too.
import { parseSync } from 'oxc-parser';
import type { TransformOptions } from 'oxc-transform';
import { classicJsx } from './compiler-settings.ts';
import type { JsxSettings } from './compiler-settings.ts';

/** TypeScript with JSX or without: type assertions (`<T>x`) are elements to the other. */
export type Language = 'ts' | 'tsx';

/** Whether it is worth while to parse a text with JSX that does not parse without. */
export const mayHaveJsx = (code: string): boolean => /<[\p{ID_Start}$_>]/u.test(code);

/** Whether a text that parses neither way was meant to have elements. */
export const looksLikeJsx = (code: string): boolean => /<\/|\/>/.test(code);

/** The language of a text, which may be half typed: with JSX only where it does not parse without. */
export function readLanguage(code: string): Language {
  if (!mayHaveJsx(code)) return 'ts';
  const parses = (lang: Language): boolean =>
    parseSync(`cell.${lang}`, code, { lang, sourceType: 'module' }).errors.length === 0;
  return !parses('ts') && (parses('tsx') || looksLikeJsx(code)) ? 'tsx' : 'ts';
}

/** What stands before the first statement of a file, where the compiler looks for pragmas. */
const HEAD = /^(?:\s|\/\/[^\n]*(?:\n|$)|\/\*[^]*?\*\/)*/;

/** What the pragmas of a text say; null when it has none. */
export function readJsxPragma(code: string): JsxSettings | null {
  if (!code.includes('@jsx')) return null;
  const head = HEAD.exec(code)![0];
  const find = (name: string): string | undefined =>
    new RegExp(String.raw`@${name}[ \t]+([\w$.@/:-]+)`).exec(head)?.[1];
  const importSource = find('jsxImportSource');
  if (importSource !== undefined) return { runtime: 'automatic', importSource };
  if (find('jsxRuntime') === 'automatic') return { runtime: 'automatic', importSource: 'react' };
  const factory = find('jsx');
  if (factory === undefined) return null;
  return classicJsx(factory, find('jsxFrag') ?? (factory === 'h' ? 'Fragment' : undefined));
}

/**
 * What elements compile to where neither a pragma nor the project says so: calls of what the notebook has imported
 * (`React`, or the `h` of Preact and its like), else of React's runtime.
 */
export function chooseJsx(isName: (name: string) => boolean): JsxSettings {
  if (isName('React')) return classicJsx('React.createElement');
  if (isName('h')) return classicJsx('h', 'Fragment');
  return { runtime: 'automatic', importSource: 'react' };
}

/** Options of oxc-transform. */
export function jsxOptions(jsx: JsxSettings): Pick<TransformOptions, 'jsx'> {
  return {
    jsx:
      jsx.runtime === 'automatic'
        ? { runtime: 'automatic', importSource: jsx.importSource }
        : { runtime: 'classic', pragma: jsx.factory, pragmaFrag: jsx.fragment },
  };
}
