// Rooms, files and lines; how long files and functions are. Lines are those that are not blank.
import { roomParts } from './tree.mjs';

/** @returns files and lines of each room, and of the largest flat folder inside it */
export function measureRooms(files) {
  return roomParts.flatMap((part) => {
    const rooms = Map.groupBy(ownFiles(files, part), ({ room }) => room);
    return [...rooms].map(([room, members]) => ({
      part,
      room,
      files: members.length,
      lines: members.reduce((sum, { lines }) => sum + lines, 0),
      folders: countFolders(members),
    }));
  });
}

/** @returns [{folder, files}]: how many files lie directly in each folder, the fullest first */
function countFolders(members) {
  const folders = Map.groupBy(members, ({ folder }) => folder);
  return [...folders]
    .map(([folder, inside]) => ({ folder, files: inside.length }))
    .toSorted((a, b) => b.files - a.files || (a.folder < b.folder ? -1 : 1));
}

/** @returns median, 90th percentile and greatest length of files and functions, by part */
export function measureLengths(files) {
  return [...roomParts, 'test'].map((part) => {
    const own = ownFiles(files, part);
    const functions = own.flatMap((file) => file.functions.map((each) => ({ ...each, path: file.path })));
    return { part, files: spread(own), functions: spread(functions) };
  });
}

/** Every file directly in a folder of rooms and tests, the fullest folders first. */
export function measureFolders(files) {
  return [...roomParts, 'test'].flatMap((part) => countFolders(ownFiles(files, part)));
}

function ownFiles(files, part) {
  return files.filter((file) => file.part === part && !file.isGenerated);
}

function spread(items) {
  const sorted = items.toSorted((a, b) => a.lines - b.lines);
  const at = (share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]?.lines ?? 0;
  const longest = sorted.at(-1);
  return {
    count: items.length,
    median: at(0.5),
    p90: at(0.9),
    max: at(1),
    longest: longest ? placeOf(longest) : '',
  };
}

function placeOf({ path, name, line }) {
  return name === undefined ? path : `${path}:${line} ${name}`;
}
