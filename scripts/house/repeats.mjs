// Runs of lines that stand in more than one place. Comments, blank lines, import lists and white space do not count.

/** The shortest run that is told. */
export const MIN_LINES = 6;

/**
 * @param files with `plain`: [line number, text] of each line that counts
 * @returns one entry a text: its lines, and every place it stands in; no entry lies inside another one's places
 */
export function findRepeats(files) {
  const texts = new Map();
  for (const places of placesByWindow(files).values()) {
    for (const [one, other] of pairs(places)) noteRun(files, one, other, texts);
  }
  const runs = [...texts.values()].map(({ lines, places }) => ({ lines, places: [...places.values()] }));
  return runs
    .map(({ lines, places }) => ({
      lines,
      places: places.map((place) => describePlace(files, place, lines)),
    }))
    .toSorted((a, b) => b.lines - a.lines || (a.places[0].path < b.places[0].path ? -1 : 1));
}

/** Every place of each window of MIN_LINES that stands in more than one. */
function placesByWindow(files) {
  const windows = new Map();
  for (const [file, { plain }] of files.entries()) {
    for (let at = 0; at + MIN_LINES <= plain.length; at++) {
      const text = textAt(plain, at, MIN_LINES);
      if (!windows.has(text)) windows.set(text, []);
      windows.get(text).push({ file, at });
    }
  }
  return windows;
}

function pairs(places) {
  return places.flatMap((one, index) => places.slice(index + 1).map((other) => [one, other]));
}

/** Notes the run that begins at both places, if it does not begin earlier. */
function noteRun(files, one, other, texts) {
  const a = files[one.file].plain;
  const b = files[other.file].plain;
  if (one.at > 0 && other.at > 0 && a[one.at - 1][1] === b[other.at - 1][1]) return;
  // A run does not repeat itself: in one file it ends where the other place begins.
  const most = one.file === other.file ? other.at - one.at : Infinity;
  let lines = 0;
  while (lines < most && lines + one.at < a.length && lines + other.at < b.length) {
    if (a[one.at + lines][1] !== b[other.at + lines][1]) break;
    lines++;
  }
  if (lines < MIN_LINES) return;
  const text = textAt(a, one.at, lines);
  if (!texts.has(text)) texts.set(text, { lines, places: new Map() });
  for (const place of [one, other]) texts.get(text).places.set(`${place.file} ${place.at}`, place);
}

function textAt(plain, at, lines) {
  return plain
    .slice(at, at + lines)
    .map(([, text]) => text)
    .join('\n');
}

function describePlace(files, { file, at }, lines) {
  const { path, plain } = files[file];
  return { path, from: plain[at][0], to: plain[at + lines - 1][0] };
}
