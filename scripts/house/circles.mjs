// Import circles: for each module in one, the shortest way back to itself.

/**
 * @param kinds which imports count
 * @returns each circle once, as paths from its alphabetically first module on
 */
export function findCircles(files, kinds) {
  const next = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.filter(({ kind }) => kinds.includes(kind)).map(({ to }) => to),
    ]),
  );
  const circles = new Map();
  for (const path of next.keys()) {
    const circle = shortestCircle(path, next);
    if (circle !== null) circles.set(circle.join(' '), circle);
  }
  return [...circles.values()];
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
