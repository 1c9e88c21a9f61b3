import { readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { expect, it, vi } from 'vitest';
import { reportFailure } from '../../../src/app/report-failure.ts';
import { abortOnSignals } from '../../../src/app/terminal.ts';
import { RuvectorError, messageOf } from '../../../src/core/index.ts';

function report(error: unknown): { code: number; said: string } {
  let said = '';
  const write = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((text) => Boolean((said += String(text))));
  try {
    return { code: reportFailure(error, false), said };
  } finally {
    write.mockRestore();
  }
}

const thrownBy = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

it.each([
  [
    'a folder that is a file',
    () => thrownBy(() => readdirSync('/etc/hostname')),
    /ERR_APP_SYSTEM: Cannot scandir "\/etc\/hostname": .*\(ENOTDIR\)/,
  ],
  [
    'a file that is a folder',
    () => thrownBy(() => readFileSync('/')),
    /ERR_APP_SYSTEM: Cannot read: it is a folder/,
  ],
  [
    'a port nobody listens on',
    () => once(connect(1, '127.0.0.1'), 'connect').catch((error: unknown) => error),
    /ERR_APP_SYSTEM: Cannot connect: .*ECONNREFUSED/,
  ],
])('reportFailure() says what the system said of %s, without a stack', async (_, fail, wanted) => {
  const { code, said } = report(await fail());
  expect(said).toMatch(wanted);
  expect(said).not.toMatch(/Unexpected|\n {4}at /);
  expect(code).toBe(1);
});

it('reportFailure() calls a mistake of the program unexpected, with its stack', () => {
  const error = new TypeError('x is undefined');
  expect(report(error)).toEqual({ code: 1, said: `Unexpected error: ${error.stack}\n` });
  expect(report('a text')).toEqual({ code: 1, said: `Unexpected error: ${messageOf('a text')}\n` });
});

it('reportFailure() ends with the number of the signal that stopped a command, whatever was made of it on the way', () => {
  const unaware = new RuvectorError(
    'ERR_EVENTS_CANCELLED',
    'Cannot finish making: it was interrupted; run it again',
  );
  expect(report(unaware).code).toBe(1);
  using stop = abortOnSignals();
  process.emit('SIGINT', 'SIGINT');
  expect(stop.signal.aborted).toBe(true);
  expect(report(unaware).code).toBe(130);
});
