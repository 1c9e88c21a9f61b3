// The source files of a tree, by part and room. Nothing of the layout is known here but the few folders that sources
// may stand in, so that an older checkout can be read beside a newer one.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** Where sources stand. `test` says that repetition is no fault there. */
const folders = [
  { folder: 'src', part: 'src' },
  { folder: 'kernel', part: 'kernel' },
  { folder: 'python/src/ruvector', part: 'python' },
  { folder: 'scripts', part: 'scripts' },
  { folder: 'bin', part: 'scripts' },
  { folder: 'test', part: 'test' },
  { folder: 'python/tests', part: 'test' },
];
/** The parts that have rooms. */
export const roomParts = ['src', 'kernel', 'python'];

const IGNORED_FOLDERS = /^(node_modules|dist|__pycache__|\.[\w-]+)$/;
/** What a generator wrote is no one's style. */
const GENERATED = /\/generated\/|_pb2\.py$/;

/**
 * Reads every TypeScript, JavaScript and Python file.
 * @returns path from the root with slashes, part, room (the folder below the part; '.' for a file directly in it)
 */
export function readTree(root) {
  return folders.flatMap(({ folder, part }) =>
    listFiles(join(root, folder)).map((file) => {
      const inside = relative(join(root, folder), file).split(sep);
      const path = `${folder}/${inside.join('/')}`;
      return {
        path,
        part,
        room: inside.length > 1 ? inside[0] : '.',
        folder: path.slice(0, path.lastIndexOf('/')),
        language: path.endsWith('.py') ? 'python' : 'typescript',
        isGenerated: GENERATED.test(path),
        text: readFileSync(file, 'utf8'),
      };
    }),
  );
}

function listFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return IGNORED_FOLDERS.test(entry.name) ? [] : listFiles(path);
      return /\.(ts|mjs|py)$/.test(entry.name) ? [path] : [];
    });
}
