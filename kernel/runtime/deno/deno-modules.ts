// `npm:` and `jsr:` specifiers of notebooks written for Deno: the package of that name as the notebook's folder
// has it installed, whatever version the specifier asks for. Nothing is downloaded: `%install` does that.
import { registerHooks } from 'node:module';
import { decodeURIComponent, encodeURIComponent, withOriginals } from '../primordials.ts';

/** Before what a cell imports, whose specifier is encoded: see importer.ts. */
const FROM_CELL = /^(ruvector-cell:)(.*)$/s;
const SPECIFIER = /^(?:npm|jsr):\/?((?:@[^/@]+\/)?[^/@]+)(?:@[^/]*)?(\/.*)?$/s;

/** `npm:d3@7/dist/x.js` → `d3/dist/x.js`; null for other specifiers. */
export function packageOf(specifier: string): string | null {
  const match = SPECIFIER.exec(specifier);
  return match ? `${match[1]}${match[2] ?? ''}` : null;
}

/** Makes the specifiers importable. Call after the importer has installed its own hooks: the last come first. */
export function provideDenoModules(): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      next(
        withOriginals(() => withoutOrigin(specifier)),
        context,
      ),
  });
}

function withoutOrigin(specifier: string): string {
  const cell = FROM_CELL.exec(specifier);
  if (!cell) return packageOf(specifier) ?? specifier;
  const wanted = packageOf(decodeURIComponent(cell[2]!));
  return wanted === null ? specifier : `${cell[1]}${encodeURIComponent(wanted)}`;
}
