// The measurements as a page of Markdown.

const percent = (share) => `${(share * 100).toFixed(1)} %`;

/** @returns the page */
export function renderReport(house) {
  return [
    '# The house',
    'Lines are those that are not blank. Generated files do not count.',
    ...renderRooms(house),
    ...renderFolders(house),
    ...renderLengths(house),
    ...renderCodecs(house.codecs),
    ...renderCircles(house.circles),
    ...renderRepeats(house.repeats),
    ...renderTwins(house.twins),
    ...renderQuestions(house.questions),
  ].join('\n\n');
}

function renderRooms({ rooms }) {
  const rows = rooms.map(({ part, room, files, lines, folders }) => [
    room === '.' ? `${part} (directly)` : `${part}/${room}`,
    files,
    lines,
    folders[0].files,
  ]);
  return ['## Rooms', table(['room', 'files', 'lines', 'files in its fullest folder'], rows)];
}

const FOLDERS_SHOWN = 12;

function renderFolders({ folders }) {
  const fullest = folders.toSorted((a, b) => b.files - a.files).slice(0, FOLDERS_SHOWN);
  const rows = fullest.map(({ folder, files }) => [folder, files]);
  return [`## The ${FOLDERS_SHOWN} fullest folders`, table(['folder', 'files directly in it'], rows)];
}

function renderLengths({ lengths }) {
  const row = (part, what, { count, median, p90, max, longest }) => [
    part,
    what,
    count,
    median,
    p90,
    max,
    longest,
  ];
  const rows = lengths.flatMap(({ part, files, functions }) => [
    row(part, 'files', files),
    row(part, 'functions', functions),
  ]);
  return [
    '## Lengths in lines',
    table(['part', 'of', 'number', 'median', 'p90', 'max', 'the longest'], rows),
  ];
}

function renderCodecs({ share, codecs }) {
  const rows = codecs.map((codec) => [codec.path, codec.codeLines, codec.commentLines, percent(codec.share)]);
  return [
    `## Codecs: ${percent(share)} of ${codecs.length} files is comment`,
    'Comment lines / (comment + code lines). A line with both is counted as both.',
    table(['codec', 'code', 'comment', 'share'], rows),
  ];
}

function renderCircles(circles) {
  return Object.entries({
    'TypeScript, types included': circles.typescript,
    'TypeScript, only through import()': circles.typescriptDeferred,
    Python: circles.python,
    'Python, only through imports in functions or for types': circles.pythonDeferred,
  }).flatMap(([name, found]) => [
    `## Import circles, ${name}: ${found.length}`,
    ...(found.length === 0
      ? []
      : [found.map((circle) => `- ${[...circle, circle[0]].join(' → ')}`).join('\n')]),
  ]);
}

function renderRepeats({ minLines, runs, lines }) {
  const list = runs.map(({ lines: length, places }) => {
    const where = places.map(({ path, from, to }) => `${path}:${from}-${to}`);
    return `- ${length} lines: ${where.join(', ')}`;
  });
  return [
    `## Repeated runs of ${minLines} lines or more outside tests: ${runs.length} (${lines} lines too many)`,
    'Comments, blank lines, import lists and white space do not count.',
    ...(list.length === 0 ? [] : [list.join('\n')]),
  ];
}

function renderTwins(twins) {
  const list = twins.map(({ name, paths }) => `- ${name}: ${paths.join(', ')}`);
  return [
    `## Exported names declared in more than one file: ${twins.length}`,
    'Of src and kernel together, and of the Python package; scripts/house/twins.mjs says which may stand.',
    ...(list.length === 0 ? [] : [list.join('\n')]),
  ];
}

function renderQuestions(questions) {
  const rows = questions.map(({ ask, files }) => [
    ask,
    files.length,
    files.length === 0 ? 'nowhere' : files.join(', '),
  ]);
  const answered = questions.filter(({ files }) => files.length === 1).length;
  return [
    `## Where is …: ${answered} of ${questions.length} questions have one answer`,
    table(['question', 'files', 'answer'], rows),
  ];
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
