import { expect, it } from 'vitest';
import { resolveRange } from '../../../src/client/time-range.ts';
import { toWireNames } from '../../../src/client/wire-names.ts';

it('resolveRange() leaves open ends open', async () => {
  expect(await resolveRange('call', {})).toEqual({});
  expect(await resolveRange('call', { to: 5 })).toEqual({ toMs: 5 });
});

it('resolveRange() counts hours and minutes back from now', async () => {
  const { fromMs, toMs } = await resolveRange('call', { hours: 1, minutes: 30 });
  // A clock that was ahead leaves rows beyond now.
  expect(toMs! - fromMs!).toBe(5_400_001);
  expect(Math.abs(Date.now() - 5_400_000 - fromMs!)).toBeLessThan(60_000);
});

it('resolveRange() takes instants as text, Date and number', async () => {
  const fromMs = Date.UTC(2024, 0, 31, 12);
  for (const from of ['2024-01-31T12:00:00Z', new Date(fromMs), fromMs]) {
    expect(await resolveRange('call', { from, to: fromMs + 1 })).toEqual({ fromMs, toMs: fromMs + 1 });
  }
});

it('resolveRange() names every mistake at once when a range cannot be', async () => {
  await expect(resolveRange('collector.history', { from: 'soon', to: '5', hours: -1 })).rejects.toMatchObject(
    {
      code: 'ERR_CLIENT_OPTIONS',
      message: expect.stringContaining('Cannot call "collector.history"'),
      details: { problems: [/hours/, /together/, /to is "5"/].map((part) => expect.stringMatching(part)) },
    },
  );
  await expect(resolveRange('call', { from: 2, to: 2 })).rejects.toThrow('from is not before to');
});

it('toWireNames() gives the names of the bridge and leaves out what is undefined', () => {
  expect(toWireNames({ sampleIntervalMs: 5, k: 3, path: undefined, isOn: false })).toEqual({
    sample_interval_ms: 5,
    k: 3,
    is_on: false,
  });
});
