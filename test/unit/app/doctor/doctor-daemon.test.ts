import { describe, expect, it } from 'vitest';
import { describeWriting } from '../../../../src/app/doctor/doctor-daemon.ts';

describe('describeWriting()', () => {
  it.each([
    [null, 'no running host to look at'],
    [{ history: { kinds: {} } }, 'yes'],
    [{ historyHealth: { isWriting: true, problem: null, pendingRows: 2, droppedRows: 0 } }, 'yes'],
    [
      { historyHealth: { isWriting: true, problem: null, pendingRows: 0, droppedRows: 7 } },
      'yes, 7 given up',
    ],
  ])('reads %j as written', (status, wanted) => {
    expect(describeWriting(status)).toBe(wanted);
  });

  it('names the problem, what waits and what was given up', () => {
    const problem = { code: 'ERR_STORE_DISK_FULL', message: 'no space is left' };
    const historyHealth = { isWriting: false, problem, pendingRows: 40, droppedRows: 2 };
    expect(() => describeWriting({ historyHealth })).toThrow(
      'not now: 40 rows wait, 2 given up; no space is left',
    );
    expect(() => describeWriting({ history: { isWriting: false } })).toThrow('it does not say why');
  });
});
