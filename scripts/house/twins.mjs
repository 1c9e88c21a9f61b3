// Names that more than one file declares for others: of src and kernel together, and of the Python package. One name
// means one thing; what a file keeps to itself may be called as it likes there.

/** Twins that may stand, and why. */
const known = {
  main: 'what a program of its own runs, as Python programs call it',
};

/** @returns [{name, language, paths}] without those that may stand */
export function findTwins(files) {
  const shared = files.filter(
    ({ part, isGenerated }) => ['src', 'kernel', 'python'].includes(part) && !isGenerated,
  );
  return ['typescript', 'python'].flatMap((language) => {
    const declared = shared
      .filter((file) => file.language === language)
      .flatMap(({ path, exports }) => [...new Set(exports)].map((name) => ({ name, path })));
    return [...Map.groupBy(declared, ({ name }) => name)]
      .filter(([name, places]) => places.length > 1 && !Object.hasOwn(known, name))
      .map(([name, places]) => ({ name, language, paths: places.map(({ path }) => path) }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  });
}
