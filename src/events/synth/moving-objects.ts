// What moves in a made-up recording. An object gives the place and the polarity of an event that its edges cause at a
// moment: the leading edge of something bright turns pixels on, the trailing one turns them off.

/** Where an event is; `p` is 0 or 1. Written into, so that no event costs an object. */
export interface EdgePoint {
  x: number;
  y: number;
  p: number;
}

/** Puts a point on one of its edges, as they are at that moment; it may lie outside the picture. */
export type MovingObject = (seconds: number, random: () => number, point: EdgePoint) => void;

/** Pixels by which an edge is blurred. */
const BLUR = 1.5;

/** The objects of a picture: bars that cross it, discs that bounce between its sides, rods that turn. */
export function createMovingObjects(
  count: number,
  width: number,
  height: number,
  random: () => number,
): MovingObject[] {
  const makers = [createBar, createDisc, createRod];
  return Array.from({ length: count }, (_, i) => makers[i % makers.length]!(width, height, random));
}

/** An upright bar that goes from left to right, or back, and comes again. */
function createBar(width: number, height: number, random: () => number): MovingObject {
  const thickness = 4 + random() * width * 0.05;
  const speed = (random() < 0.5 ? -1 : 1) * width * (0.2 + random());
  const phase = random() * width;
  const top = random() * height * 0.5;
  const tall = height * (0.2 + random() * 0.3);
  return (seconds, next, point) => {
    const isLeading = next() < 0.5;
    const left = wrap(phase + speed * seconds, width + thickness) - thickness;
    const isRight = isLeading === speed > 0;
    point.x = Math.floor(left + (isRight ? thickness : 0) + (next() - 0.5) * BLUR);
    point.y = Math.floor(top + next() * tall);
    point.p = isLeading ? 1 : 0;
  };
}

/** A disc on a Lissajous path. Of its rim, the half that it moves towards turns on. */
function createDisc(width: number, height: number, random: () => number): MovingObject {
  const radius = Math.max(1, Math.min(width, height) * (0.03 + random() * 0.08));
  const [turnsX, turnsY] = [0.3 + random(), 0.3 + random()];
  const [phaseX, phaseY] = [random() * 2 * Math.PI, random() * 2 * Math.PI];
  return (seconds, next, point) => {
    const [atX, atY] = [2 * Math.PI * turnsX * seconds + phaseX, 2 * Math.PI * turnsY * seconds + phaseY];
    const angle = next() * 2 * Math.PI;
    const reach = radius + (next() - 0.5) * BLUR;
    const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
    point.x = Math.floor(width / 2 + (width / 2 - radius) * Math.sin(atX) + reach * dx);
    point.y = Math.floor(height / 2 + (height / 2 - radius) * Math.sin(atY) + reach * dy);
    const speedX = turnsX * width * Math.cos(atX);
    const speedY = turnsY * height * Math.cos(atY);
    point.p = dx * speedX + dy * speedY > 0 ? 1 : 0;
  };
}

/** A rod that turns about its middle. */
function createRod(width: number, height: number, random: () => number): MovingObject {
  const [middleX, middleY] = [width * (0.2 + random() * 0.6), height * (0.2 + random() * 0.6)];
  const half = Math.min(width, height) * (0.1 + random() * 0.2);
  const turns = (random() < 0.5 ? -1 : 1) * (0.5 + random() * 3);
  return (seconds, next, point) => {
    const angle = 2 * Math.PI * turns * seconds;
    const along = (next() * 2 - 1) * half;
    const isLeading = next() < 0.5;
    // Which of its long sides leads depends on the half and on the sense of the turn.
    const side = (isLeading === along > 0) === turns > 0 ? 2 : -2;
    const across = side + (next() - 0.5) * BLUR;
    point.x = Math.floor(middleX + along * Math.cos(angle) - across * Math.sin(angle));
    point.y = Math.floor(middleY + along * Math.sin(angle) + across * Math.cos(angle));
    point.p = isLeading ? 1 : 0;
  };
}

const wrap = (value: number, length: number): number => ((value % length) + length) % length;
