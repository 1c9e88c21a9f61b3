// What is wrong with the directions of imports: the rules of .dependency-cruiser.cjs that are broken, and what no
// rule says: permissions that nobody uses, folders that no table has, rooms without a door, modules nobody looked at.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import rooms from './rooms.cjs';

export { rooms };

/** @returns problems of a report (JSON of dependency-cruiser), of which `files` are all modules */
export function judgeDirections(report, files) {
  return [
    ...report.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
    ...findUnseen(report.modules, files),
    ...findUnused(report.modules, 'src', rooms.src),
    ...findUnused(report.modules, 'src/dag', rooms.dag),
    ...findUnused(report.modules, 'src/steer', rooms.steer),
    ...findUnused(report.modules, 'kernel', rooms.kernel),
    ...compareFolders(files, 'src', [...Object.keys(rooms.src), rooms.wiring]),
    ...compareFolders(files, 'src/dag', Object.keys(rooms.dag)),
    ...compareFolders(files, 'src/steer', Object.keys(rooms.steer)),
    ...compareFolders(files, 'kernel', Object.keys(rooms.kernel)),
    ...findDoorless(files),
  ];
}

/** @returns the modules that dependency-cruiser has to see */
export function listModules(root) {
  return ['src', 'kernel'].flatMap((part) =>
    readdirSync(join(root, part), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${part}/${name}`),
  );
}

/** With a TypeScript that it does not know, dependency-cruiser looks at nothing and is content. */
function findUnseen(modules, files) {
  const seen = new Set(modules.map(({ source }) => source));
  const unseen = files.filter((file) => !seen.has(file));
  return unseen.length === 0
    ? []
    : [`${unseen.length} modules were not looked at: ${unseen.slice(0, 3).join(', ')}`];
}

function findUnused(modules, part, table) {
  const roomOf = (path) => new RegExp(`^${part}/([^/]+)/`).exec(path)?.[1];
  const used = new Set(
    modules.flatMap(({ source, dependencies }) =>
      dependencies.map(({ resolved }) => `${roomOf(source)} → ${roomOf(resolved)}`),
    ),
  );
  return Object.entries(table)
    .flatMap(([room, allowed]) => allowed.map((other) => `${room} → ${other}`))
    .filter((permission) => !used.has(permission))
    .map(
      (permission) => `nobody uses the permission ${permission} of ${part}; see scripts/directions/rooms.cjs`,
    );
}

function compareFolders(files, part, names) {
  const inside = files
    .filter((file) => file.startsWith(`${part}/`))
    .map((file) => file.slice(part.length + 1));
  const folders = new Set(inside.filter((path) => path.includes('/')).map((path) => path.split('/')[0]));
  return [
    ...[...folders]
      .filter((name) => !names.includes(name))
      .map((name) => `${part}/${name} is in no table of rooms`),
    ...names.filter((name) => !folders.has(name)).map((name) => `there is no room ${part}/${name}`),
  ];
}

function findDoorless(files) {
  const parts = ['dag', 'steer'].flatMap((room) => Object.keys(rooms[room]).map((part) => `${room}/${part}`));
  const names = [...Object.keys(rooms.src), ...parts, ...rooms.innerDoors];
  const doors = names.map((room) => `src/${room}/index.ts`);
  return doors.filter((door) => !files.includes(door)).map((door) => `a room has no door: ${door}`);
}
