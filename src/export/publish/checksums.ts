// checksums.sha256 as coreutils writes and reads it: `<hex>  <path>`, sorted. https://www.gnu.org/software/coreutils/sha2

/** Name of the list itself. */
export const checksumsName = 'checksums.sha256';

/** Renders the list, sorted by path in code unit order. */
export function renderChecksums(
  files: readonly { readonly path: string; readonly sha256: string }[],
): string {
  return files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, sha256 }) => `${sha256}  ${path}\n`)
    .join('');
}

/**
 * Parses a list.
 * @throws TypeError for a line that is no checksum, a path that leaves the tree, or one named twice
 */
export function parseChecksums(text: string): Map<string, string> {
  const entries = new Map<string, string>();
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const line of lines) {
    const [, sha256, path] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
    if (sha256 === undefined || path === undefined) throw new TypeError(`"${line}" is not a checksum`);
    if (!isInside(path)) throw new TypeError(`"${path}" leaves the dataset`);
    if (entries.has(path)) throw new TypeError(`"${path}" is listed twice`);
    entries.set(path, sha256);
  }
  return entries;
}

/** True for a relative path that stays below where it starts. */
export function isInside(path: string): boolean {
  return (
    !path.startsWith('/') &&
    !path.includes('\\') &&
    path.split('/').every((part) => !['', '.', '..'].includes(part))
  );
}
