// What `npm test -- <names>` runs: static checks and kinds of tests by their names, and the rooms whose tests they are.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Vitest's projects. Those that are measured lie among integration and conformance tests. */
export const vitestKinds = ['unit', 'measured', 'integration', 'conformance', 'scenario'];
const vitestFolders = ['unit', 'integration', 'conformance', 'scenario'];
/** Stories of minutes, which run where they, their room or everything is asked for. */
const ONLY_ASKED = 'scenario';
const EVERYTHING = 'all';
/** Rooms whose Python side is a package of another name, or a module. */
const pythonTwins = {
  core: ['exceptions'],
  docs: ['test_readme.py'],
  kernel: ['python_cell', 'test_papermill.py'],
  // What is about both sides lies in test/conformance/python.
  python: ['.'],
  train: ['training', 'trainer'],
};

/** Names that choose nothing, told with those that there are. */
export class ChoiceError extends Error {}

/**
 * @param names of static checks and of kinds of tests
 * @returns `--help`, or the names of all that is to run and the rooms; no rooms means all of them
 */
export function parseChoice(args, root, staticNames) {
  if (args.includes('--help') || args.includes('-h')) return { isHelp: true };
  const kinds = [...vitestKinds, 'python'];
  const everything = [...staticNames, ...kinds];
  const names = args.filter((arg) => arg !== '--static' && arg !== EVERYTHING);
  const rooms = listRooms(root);
  const unknown = names.filter((name) => ![...staticNames, ...kinds, ...rooms].includes(name));
  if (unknown.length > 0) {
    throw new ChoiceError(
      `Cannot test "${unknown.join('", "')}": no room, kind or check has this name; choose one of\n` +
        describeNames(root, staticNames),
    );
  }
  if (args.includes(EVERYTHING)) return { steps: everything, rooms: [] };
  if (args.length === 0) return { steps: everything.filter((name) => name !== ONLY_ASKED), rooms: [] };
  // Beside a room, `python` is the kind of its tests.
  const isRoom = (name) =>
    rooms.includes(name) &&
    !(kinds.includes(name) && names.some((other) => rooms.includes(other) && other !== name));
  const chosenRooms = names.filter(isRoom);
  const steps = args.includes('--static') ? staticNames : names.filter((name) => !isRoom(name));
  const wantsKind = steps.some((name) => kinds.includes(name));
  return { steps: chosenRooms.length > 0 && !wantsKind ? [...steps, ...kinds] : steps, rooms: chosenRooms };
}

export function describeNames(root, staticNames) {
  return [
    `rooms:  ${listRooms(root).join(' ')}`,
    `kinds:  ${[...vitestKinds, 'python'].join(' ')}`,
    `checks: ${staticNames.map((name) => (name.includes(' ') ? `"${name}"` : name)).join(' ')}`,
  ].join('\n');
}

export function describeUsage(root, staticNames) {
  return `npm test [-- <name> …]
Runs every check and every test but the scenarios, which take minutes each, or those named: a room's tests of all
kinds (npm test -- stream), one kind (npm test -- unit), one kind of a room (npm test -- kernel integration), one
check (npm test -- types).
all       runs the scenarios too, as the continuous integration does
--static  runs the checks alone, as npm run check does
--help    says this
${describeNames(root, staticNames)}`;
}

/** Every folder that groups tests: rooms of src, what has no room there, packages of Python. */
function listRooms(root) {
  const foldersOf = (path) =>
    readdirSync(join(root, path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^[_.]/.test(entry.name))
      .map((entry) => entry.name);
  const folders = [...vitestFolders.map((kind) => join('test', kind)), join('python', 'tests')];
  return [...new Set(folders.flatMap(foldersOf))].sort();
}

/** Folders of `rooms` that hold tests of a Vitest project; Vitest takes their paths as filters. */
export function vitestPaths(kind, rooms, root) {
  const folders = kind === 'measured' ? ['integration', 'conformance'] : [kind];
  return rooms
    .flatMap((room) => folders.map((folder) => join('test', folder, room)))
    .filter((path) => existsSync(join(root, path)))
    .map((path) => `${path}/`);
}

/** Folders and files of `rooms` for pytest, from python/. */
export function pytestPaths(rooms, root) {
  return rooms
    .flatMap((room) => [room, ...(pythonTwins[room] ?? [])])
    .map((name) => join('tests', name))
    .filter((path) => existsSync(join(root, 'python', path)));
}
