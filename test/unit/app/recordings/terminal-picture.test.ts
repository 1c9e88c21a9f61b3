// Events as characters.
import { expect, it } from 'vitest';
import { TerminalPicture } from '../../../../src/app/recordings/terminal-picture.ts';

const eventsAt = (...points: [x: number, y: number, p: number][]) => ({
  t: new BigInt64Array(points.length),
  x: Uint16Array.from(points, ([x]) => x),
  y: Uint16Array.from(points, ([, y]) => y),
  p: Int8Array.from(points, ([, , p]) => p),
  length: points.length,
});

it('TerminalPicture draws on, off and both where they were, and is empty again', () => {
  const picture = new TerminalPicture({ width: 4, height: 4 }, { columns: 4, rows: 2 });
  picture.add(eventsAt([0, 0, 1], [1, 1, -1], [3, 3, 1], [3, 3, 0], [9, 9, 1]));
  expect(picture.drawLetters()).toBe('+-  \n   *');
  expect(picture.drawLetters()).toBe('    \n    ');
});

it('TerminalPicture leaves noise out where a picture is full', () => {
  const picture = new TerminalPicture({ width: 2, height: 2 }, { columns: 2, rows: 1 });
  picture.add(eventsAt([0, 0, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 1, 1]));
  expect(picture.drawLetters()).toBe(' +');
});
