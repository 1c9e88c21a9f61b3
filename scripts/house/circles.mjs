// Import circles: the shortest ones, of which no two share an import. One import too many can close hundreds of
// circles; what is told is about as many as there are imports to cut.

/**
 * @param kinds which imports count
 * @returns each circle as paths, from its alphabetically first module on
 */
export function findCircles(files, kinds) {
  const next = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.filter(({ kind }) => kinds.includes(kind)).map(({ to }) => to),
    ]),
  );
  const circles = [...next.keys()].map((path) => shortestCircle(path, next)).filter((each) => each !== null);
  return withoutSharedImports(circles.toSorted((a, b) => a.length - b.length));
}

function withoutSharedImports(circles) {
  const told = new Set();
  return circles.filter((circle) => {
    const imports = circle.map((path, index) => `${path} ${circle[(index + 1) % circle.length]}`);
    if (imports.some((each) => told.has(each))) return false;
    for (const each of imports) told.add(each);
    return true;
  });
}

function shortestCircle(start, next) {
  const before = new Map([[start, null]]);
  const queue = [start];
  for (const path of queue) {
    for (const to of next.get(path) ?? []) {
      if (to === start) return rotate(wayTo(path, before));
      if (before.has(to)) continue;
      before.set(to, path);
      queue.push(to);
    }
  }
  return null;
}

function wayTo(end, before) {
  const way = [];
  for (let path = end; path !== null; path = before.get(path)) way.unshift(path);
  return way;
}

function rotate(way) {
  const first = way.indexOf(way.toSorted()[0]);
  return [...way.slice(first), ...way.slice(0, first)];
}
