import { expect, it } from 'vitest';
import { createBridgeLog } from '../../../../src/app/requests/bridge-log.ts';

it('createBridgeLog() logs 20 lines of a kind a minute, and then how many there were', () => {
  const lines: string[] = [];
  let nowMs = 0;
  const log = createBridgeLog(
    (line) => lines.push(line),
    () => nowMs,
  );
  for (let i = 0; i < 5000; i++) log({ plane: 'control', type: 'refused', clientId: null });
  log({ plane: 'data', type: 'connected', clientId: 'python' });
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toBe('bridge: data connected python');
  nowMs = 60_000;
  log({ plane: 'control', type: 'refused', clientId: null });
  expect(lines.slice(21)).toEqual([
    'bridge: refused 4980 times more, which were not logged one by one',
    'bridge: control refused',
  ]);
});

it('createBridgeLog() says what became of the clients of an endpoint that was flooded', () => {
  const lines: string[] = [];
  createBridgeLog((line) => lines.push(line))({ plane: 'control', type: 'flooded', clientId: null });
  expect(lines).toEqual([
    'bridge: control flooded by more messages or connections than it takes: all of them were ended, and clients connect again',
  ]);
});
