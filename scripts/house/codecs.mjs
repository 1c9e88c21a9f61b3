// Which files are codecs: those that say where each byte of a format lies. Paths of the layout before the rooms
// bridge and stream were parted, and after.

const codecPaths = [
  // A data stream's four formats and what their readers and writers share.
  /^src\/(wire\/)?stream\/(.*\/)?(en|de)code-[\w-]+\.ts$/,
  /^src\/(wire\/)?stream\/(.*\/)?(arrow-message|byte-writer|flatbuffer|frame-decoder|plain-event)\.ts$/,
  /^src\/(wire\/)?stream\/(.*\/)?(protobuf-columns|msgpack-markers|read-arrow-values|read-msgpack-values|zeromq-frames)\.ts$/,
  // The bridge's messages and record batches.
  /^src\/(wire|bridge)\/(.*\/)?(message|(en|de)code-[\w-]+)\.ts$/,
  // The history's files and the tuner's.
  /^src\/store\/((en|de)code-[\w-]+|(wal|segment)-layout)\.ts$/,
  /^src\/store\/apr\/(apr-file|apr-journal)\.ts$/,
  // Parquet footers and Arrow files of exports.
  /^src\/pipeline\/files\/(arrow-message|join-arrow|join-parquet|parquet-footer)\.ts$/,
  // Query DAGs.
  /^src\/dag\/graph\/((en|de)code-dag|dag-bytes)\.ts$/,
  // Models: protobuf in and out, golden rows, requests in shared memory.
  /^src\/models\/(.*\/)?(decode-golden|onnx-model|protobuf|request-ring)\.ts$/,
  /^src\/app\/(.*\/)?encode-onnx\.ts$/,
  /^kernel\/protocol\/codec\.ts$/,
  // The same in Python.
  /^python\/src\/ruvector\/(_bridge\/)?_?protocol\.py$/,
  /^python\/src\/ruvector\/_stream(\/_?|_)(arrow|codecs|columns|decoder|plain|protobuf)\.py$/,
];

/** @returns every codec with its share of comment lines, and the share of them all, and which patterns found no file */
export function measureCodecs(files) {
  const codecs = files
    .filter(({ path, isGenerated }) => !isGenerated && codecPaths.some((pattern) => pattern.test(path)))
    .map(({ path, codeLines, commentLines }) => ({
      path,
      codeLines,
      commentLines,
      share: shareOf(codeLines, commentLines),
    }));
  const sum = (key) => codecs.reduce((total, codec) => total + codec[key], 0);
  return {
    share: shareOf(sum('codeLines'), sum('commentLines')),
    codecs,
    missing: codecPaths.filter((pattern) => !codecs.some(({ path }) => pattern.test(path))).map(String),
  };
}

function shareOf(codeLines, commentLines) {
  return codeLines + commentLines === 0 ? 0 : commentLines / (codeLines + commentLines);
}
