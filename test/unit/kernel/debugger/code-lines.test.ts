// Lines at which a breakpoint can stand.
import { describe, expect, it } from 'vitest';
import { findCodeLine } from '../../../../kernel/debugger/code-lines.ts';

describe('findCodeLine()', () => {
  const code = `// comment
import { a } from 'x';
import type { B } from 'x';

interface C {
  d: number;
}
function f(n: number) {
  // comment

  const twice = n * 2;
  return twice;
}
class P {
  x = 1;
  m() {
    return this.x;
  }
}
const g = (n: number) =>
  n + 1;
let unset: number;
type T = string;
f(2);
// the end`;

  it.each([
    [1, 2],
    [2, 2],
    [3, 11],
    [8, 11],
    [11, 11],
    [12, 12],
    [13, 13],
    [14, 14],
    [15, 15],
    [16, 17],
    [18, 18],
    [20, 20],
    [21, 21],
    [22, 24],
    [24, 24],
    [25, null],
  ])('gives the line that runs when a breakpoint is wanted at %i', (line, expected) => {
    expect(findCodeLine(code, line)).toBe(expected);
  });

  it('leaves a line as it is when the text is not TypeScript', () => {
    expect(findCodeLine('!ls\n%time f()\n1', 1)).toBe(1);
    expect(findCodeLine('%%time\n\nf()', 2)).toBe(3);
  });
});
